"""What all doors do on which providers knock: refusing, reading, and answering in a few words."""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from channels.models import Channel, Provider
from channels.providers import adapter_for
from channels.providers.base import InboundRequest, SignatureRefusedError
from channels.services import refusals
from teams.problems import problem_response

logger = logging.getLogger(__name__)

MAX_FIELDS = 1000
FORM_TYPE = "application/x-www-form-urlencoded"
_CHARSETS = {"", "utf-8", "utf8", "us-ascii"}


def refuse(request: HttpRequest, *, provider: str) -> HttpResponse | None:
    """Refuse what no provider sends, before anything is parsed or looked up."""
    if request.method != "POST":
        return only_post()
    if provider not in Provider:
        return not_found()
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


def read(request: HttpRequest) -> InboundRequest:
    """Return the request as the provider signed it: over our configured public address."""
    return InboundRequest(
        url=f"{settings.PUBLIC_BASE_URL}{request.get_full_path()}",
        content_type=request.content_type or "",
        body=request.body,
        headers=dict(request.headers),
        query=request.META.get("QUERY_STRING", ""),
    )


def forbidden(channel: Channel, error: SignatureRefusedError, request: HttpRequest) -> HttpResponse:
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
            request=read(request),
            code=error.code,
            seen_url=request.build_absolute_uri(request.get_full_path()),
            now=timezone.now(),
        )
    except DatabaseError:
        logger.exception("A refusal on channel %s could not be counted.", channel.public_id)


def unreadable(channel: Channel) -> HttpResponse:
    """Answer for a channel whose secret cannot be read: a person has to enter it anew."""
    logger.error("The secret of channel %s cannot be read.", channel.public_id)
    response = problem_response(
        status=503,
        code="key_missing",
        title="The secret of this channel cannot be read; the request could not be checked.",
    )
    response["Retry-After"] = "300"
    return response


def only_post() -> HttpResponse:
    response = problem_response(
        status=405, code="method_not_allowed", title="Only POST is accepted here."
    )
    response["Allow"] = "POST"
    return response


def not_found() -> HttpResponse:
    return problem_response(status=404, code="not_found", title="There is nothing at this address.")


def _too_large(code: str, title: str) -> HttpResponse:
    return problem_response(status=413, code=code, title=title)


def try_again() -> HttpResponse:
    response = problem_response(
        status=503, code="try_again", title="Nothing was stored. Please send it again."
    )
    response["Retry-After"] = "1"
    return response
