"""The two doors that providers knock on: a message, and a word about one of ours."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from channels import webhooks as doors
from channels.models import Channel, Provider
from channels.providers import adapter_for, config_of
from channels.providers.base import NotSupportedError, SignatureRefusedError
from channels.providers.simulator import PLAYED_AT
from channels.secrets import SecretUnreadableError
from conversations.services import reports
from conversations.services.inbox import InboxContentionError
from routing import loaders
from routing.services import intake, quarantine

logger = logging.getLogger(__name__)


@csrf_exempt
def inbound(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Take customers' messages: stored and decided before the answer, each exactly once.

    Some providers ask first, by GET, whether the address is ours.

    200 for stored, duplicate and quarantined; 403 for a signature that is not the provider's;
    503 if nothing could be stored, so that the provider tries again, and if nobody can check the
    signature because the channel's secret cannot be read: then the request is kept.
    """
    refusal = None if request.method == "GET" else doors.refuse(request, provider=provider)
    channel = None if refusal else loaders.find_channel(provider=provider, token=token)
    if channel is None:
        return refusal or doors.not_found()
    if request.method == "GET":
        return _answer_challenge(channel, request)
    try:
        receipt = intake.receive(
            channel, request=doors.read(request), now=_arrival(channel, request)
        )
    except SignatureRefusedError as error:
        return doors.forbidden(channel, error, request)
    except (DatabaseError, InboxContentionError):
        logger.exception("A message on channel %s could not be stored.", channel.public_id)
        return doors.try_again()
    if receipt.reason == quarantine.KEY_MISSING:
        return doors.unreadable(channel)
    content_type, body = adapter_for(channel.provider).door_answer
    return HttpResponse(body, content_type=content_type)


def _answer_challenge(channel: Channel, request: HttpRequest) -> HttpResponse:
    adapter = adapter_for(channel.provider)
    try:
        answer = adapter.answer_challenge(doors.read(request), config_of(channel))
    except NotSupportedError:
        return doors.only_post()
    except SignatureRefusedError as error:
        return doors.forbidden(channel, error, request)
    except SecretUnreadableError:
        return doors.unreadable(channel)
    return HttpResponse(answer, content_type="text/plain")


@csrf_exempt
def status(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Take a provider's word about one of our messages. Unknown words and messages are kept."""
    refusal = doors.refuse(request, provider=provider)
    channel = None if refusal else loaders.find_channel(provider=provider, token=token)
    if channel is None:
        return refusal or doors.not_found()
    adapter = adapter_for(channel.provider)
    inbound_request = doors.read(request)
    try:
        config = config_of(channel)
        adapter.verify(inbound_request, config)
        now = timezone.now()
        for update in adapter.parse_status(inbound_request, config):
            reports.record_report(channel, update=update, now=now)
    except SignatureRefusedError as error:
        return doors.forbidden(channel, error, request)
    except SecretUnreadableError:
        return doors.unreadable(channel)
    except DatabaseError:
        logger.exception("A report on channel %s could not be stored.", channel.public_id)
        return doors.try_again()
    return HttpResponse(status=200)


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
