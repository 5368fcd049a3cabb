"""The two doors that providers knock on: a message, and a word about one of ours."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from channels.models import Channel, Provider
from channels.providers import adapter_for, config_of
from channels.providers.base import InboundRequest, NotSupportedError, SignatureRefusedError
from channels.providers.simulator import PLAYED_AT
from channels.secrets import SecretUnreadableError
from channels.services import refusals
from conversations.services import reports
from conversations.services.inbox import InboxContentionError
from routing import loaders
from routing.services import intake, quarantine
from teams.problems import problem_response

logger = logging.getLogger(__name__)

MAX_FIELDS = 1000
FORM_TYPE = "application/x-www-form-urlencoded"
_CHARSETS = {"", "utf-8", "utf8", "us-ascii"}


@csrf_exempt
def inbound(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Take customers' messages: stored and decided before the answer, each exactly once.

    Some providers ask first, by GET, whether the address is ours.

    200 for stored, duplicate and quarantined; 403 for a signature that is not the provider's;
    503 if nothing could be stored, so that the provider tries again, and if nobody can check the
    signature because the channel's secret cannot be read: then the request is kept.
    """
    refusal = None if request.method == "GET" else _refuse(request, provider=provider)
    channel = None if refusal else loaders.find_channel(provider=provider, token=token)
    if channel is None:
        return refusal or _not_found()
    if request.method == "GET":
        return _answer_challenge(channel, request)
    try:
        receipt = intake.receive(channel, request=_read(request), now=_arrival(channel, request))
    except SignatureRefusedError as error:
        return _forbidden(channel, error, request)
    except (DatabaseError, InboxContentionError):
        logger.exception("A message on channel %s could not be stored.", channel.public_id)
        return _try_again()
    if receipt.reason == quarantine.KEY_MISSING:
        return _unreadable(channel)
    content_type, body = adapter_for(channel.provider).door_answer
    return HttpResponse(body, content_type=content_type)


def _answer_challenge(channel: Channel, request: HttpRequest) -> HttpResponse:
    adapter = adapter_for(channel.provider)
    try:
        answer = adapter.answer_challenge(_read(request), config_of(channel))
    except NotSupportedError:
        return _only_post()
    except SignatureRefusedError as error:
        return _forbidden(channel, error, request)
    except SecretUnreadableError:
        return _unreadable(channel)
    return HttpResponse(answer, content_type="text/plain")


@csrf_exempt
def status(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Take a provider's word about one of our messages. Unknown words and messages are kept."""
    refusal = _refuse(request, provider=provider)
    channel = None if refusal else loaders.find_channel(provider=provider, token=token)
    if channel is None:
        return refusal or _not_found()
    adapter = adapter_for(channel.provider)
    inbound_request = _read(request)
    try:
        config = config_of(channel)
        adapter.verify(inbound_request, config)
        now = timezone.now()
        for update in adapter.parse_status(inbound_request, config):
            reports.record_report(channel, update=update, now=now)
    except SignatureRefusedError as error:
        return _forbidden(channel, error, request)
    except SecretUnreadableError:
        return _unreadable(channel)
    except DatabaseError:
        logger.exception("A report on channel %s could not be stored.", channel.public_id)
        return _try_again()
    return HttpResponse(status=200)


def _refuse(request: HttpRequest, *, provider: str) -> HttpResponse | None:
    """Refuse what no provider sends, before anything is parsed or looked up."""
    if request.method != "POST":
        return _only_post()
    if provider not in Provider:
        return _not_found()
    if (request.content_params or {}).get("charset", "").lower() not in _CHARSETS:
        return problem_response(
            status=400, code="unsupported_charset", title="The body must be UTF-8."
        )
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    most = adapter_for(provider).max_body_bytes
    if length > most:
        return _too_large("body_too_large", f"The body is larger than {most // 1024} KiB.")
    if request.content_type == FORM_TYPE and request.body.count(b"&") >= MAX_FIELDS:
        return _too_large("too_many_fields", "The body has more than 1,000 fields.")
    return None


def _arrival(channel: Channel, request: HttpRequest) -> datetime:
    """Return when the message counts from: now, unless it was played at the simulated phone."""
    now = timezone.now()
    if channel.provider != Provider.SIMULATOR or settings.ENVIRONMENT == "production":
        return now
    try:
        played = parse_datetime(request.POST.get(PLAYED_AT, ""))
    except ValueError:
        return now
    return played if played is not None and played.tzinfo and played < now else now


def _read(request: HttpRequest) -> InboundRequest:
    """Return the request as the provider signed it: over our configured public address."""
    return InboundRequest(
        url=f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}",
        content_type=request.content_type or "",
        body=request.body,
        headers=dict(request.headers),
        query=request.META.get("QUERY_STRING", ""),
    )


def _forbidden(
    channel: Channel, error: SignatureRefusedError, request: HttpRequest
) -> HttpResponse:
    logger.warning("Refused a request on channel %s: %s.", channel.public_id, error.code)
    _note_refusal(channel, error, request)
    if error.code == "signature_missing":
        return problem_response(
            status=403, code=error.code, title="The provider's signature is missing."
        )
    return HttpResponse(status=403)


def _note_refusal(channel: Channel, error: SignatureRefusedError, request: HttpRequest) -> None:
    """Count it, for whoever wonders why nothing arrives; the answer does not depend on that."""
    try:
        refusals.note(
            channel,
            request=_read(request),
            code=error.code,
            seen_url=request.build_absolute_uri(request.get_full_path()),
            now=timezone.now(),
        )
    except DatabaseError:
        logger.exception("A refusal on channel %s could not be counted.", channel.public_id)


def _unreadable(channel: Channel) -> HttpResponse:
    """Answer for a channel whose secret cannot be read: a person has to enter it anew."""
    logger.error("The secret of channel %s cannot be read.", channel.public_id)
    response = problem_response(
        status=503,
        code=quarantine.KEY_MISSING,
        title="The secret of this channel cannot be read; the request could not be checked.",
    )
    response["Retry-After"] = "300"
    return response


def _only_post() -> HttpResponse:
    response = problem_response(
        status=405, code="method_not_allowed", title="Only POST is accepted here."
    )
    response["Allow"] = "POST"
    return response


def _not_found() -> HttpResponse:
    return problem_response(status=404, code="not_found", title="There is nothing at this address.")


def _too_large(code: str, title: str) -> HttpResponse:
    return problem_response(status=413, code=code, title=title)


def _try_again() -> HttpResponse:
    response = problem_response(
        status=503, code="try_again", title="Nothing was stored. Please send it again."
    )
    response["Retry-After"] = "1"
    return response
