"""The doors on which Twilio knocks about a call of ours: what became of it, and what to do next."""

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from callbacks.models import CallAttempt
from callbacks.services import call_answers
from channels import webhooks as doors
from channels.providers import adapter_for, config_of, voice_for
from channels.providers.base import NotSupportedError, SignatureRefusedError
from channels.providers.voice import CallUpdate, Script
from channels.secrets import SecretUnreadableError

logger = logging.getLogger(__name__)

#: What is only told, and what is asked.
_REPORTS: dict[str, Callable[..., None]] = {
    "status": call_answers.report,
    "second-status": call_answers.report_second,
}
_QUESTIONS: dict[str, Callable[..., Script]] = {
    "accepted": call_answers.accept,
    "answered": call_answers.answer,
    "screen": call_answers.screen,
    "screened": call_answers.let_through,
    "connected": call_answers.end_connection,
}


@csrf_exempt
def voice(request: HttpRequest, token: str, step: str) -> HttpResponse:
    """Take what Twilio says about one call. The token names the call, the step what it is about.

    200, for a question with what is to be done on the line; 403 for a signature that is not the
    account's; 503 if nothing could be stored, so that it comes again.
    """
    refusal = None if request.method == "POST" else doors.only_post()
    attempt = None if refusal else _find(token, step=step)
    if attempt is None:
        return refusal or doors.not_found()
    refusal = doors.refuse(request, provider=attempt.channel.provider)
    if refusal is not None:
        return refusal
    inbound = doors.read(request)
    try:
        telephone = voice_for(attempt.channel.provider)
        adapter_for(attempt.channel.provider).verify(inbound, config_of(attempt.channel))
        update = telephone.parse_call(inbound)
        if update is None or step in _REPORTS:
            return _take(attempt, step=step, update=update)
        script = _QUESTIONS[step](attempt, update=update, now=timezone.now())
    except SignatureRefusedError as error:
        return doors.forbidden(attempt.channel, error, request)
    except SecretUnreadableError:
        return doors.unreadable(attempt.channel)
    except NotSupportedError:
        return doors.not_found()
    except DatabaseError:
        logger.exception("What was said about call %s could not be stored.", attempt.public_id)
        return doors.try_again()
    content_type, body = telephone.render(script)
    return HttpResponse(body, content_type=content_type)


def _find(token: str, *, step: str) -> CallAttempt | None:
    if step not in _REPORTS and step not in _QUESTIONS:
        return None
    return CallAttempt.objects.select_related("channel").filter(token=token).first()


def _take(attempt: CallAttempt, *, step: str, update: CallUpdate | None) -> HttpResponse:
    if update is not None:
        _REPORTS[step](attempt, update=update, now=timezone.now())
    return HttpResponse(status=204)
