"""Writing down what was turned away at a channel's door, so that somebody can see why."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.db.models import F

from channels.models import Channel, RefusedRequest
from channels.models.refusal import WRONG_ADDRESS
from channels.providers import adapter_for, config_of
from channels.providers.base import InboundRequest, SignatureRefusedError
from channels.secrets import SecretUnreadableError

#: So many kinds are kept for each channel; the oldest makes room.
MOST_KINDS = 10
#: A kind that was quiet for so long starts anew.
QUIET = timedelta(hours=24)
_MAX_URL_CHARS = 300


def note(
    channel: Channel, *, request: InboundRequest, code: str, seen_url: str, now: datetime
) -> RefusedRequest:
    """Count a refused request. `seen_url` is what was called, as far as this server can tell.

    Where the token did sign the request, for another address than ours, that address is noted:
    then nothing is wrong with the token.
    """
    signed_url = _signed_url(channel, request, seen_url) if code == "signature_invalid" else ""
    if signed_url:
        code, seen_url = WRONG_ADDRESS, signed_url
    return _count(channel, code=code, url=_short(seen_url), now=now)


@transaction.atomic
def _count(channel: Channel, *, code: str, url: str, now: datetime) -> RefusedRequest:
    row, is_new = RefusedRequest.objects.select_for_update().get_or_create(
        channel=channel, code=code, url=url, defaults={"first_at": now, "last_at": now}
    )
    if is_new:
        _make_room(channel)
        return row
    rows = RefusedRequest.objects.filter(pk=row.pk)
    if now - row.last_at > QUIET:
        rows.update(count=1, first_at=now, last_at=now)
    else:
        rows.update(count=F("count") + 1, last_at=now)
    row.refresh_from_db()
    return row


def _make_room(channel: Channel) -> None:
    kept = RefusedRequest.objects.filter(channel=channel).order_by("-last_at", "-pk")
    surplus = list(kept.values_list("pk", flat=True)[MOST_KINDS : MOST_KINDS + 50])
    RefusedRequest.objects.filter(pk__in=surplus).delete()


def _signed_url(channel: Channel, request: InboundRequest, seen_url: str) -> str:
    """Return the address for which the channel's token did sign the request; blank if there is
    none that we can guess."""
    try:
        config = config_of(channel)
    except SecretUnreadableError:
        return ""
    adapter = adapter_for(channel.provider)
    for url in _guesses(seen_url):
        try:
            adapter.verify(replace(request, url=url), config)
        except SignatureRefusedError:
            continue
        return url
    return ""


def _guesses(seen_url: str) -> tuple[str, str]:
    """Return the address as it was seen, with either scheme: a proxy may not have said which."""
    parts = urlsplit(seen_url)
    schemes = ("https", "http")
    first, second = (urlunsplit(parts._replace(scheme=scheme)) for scheme in schemes)
    return first, second


def _short(url: str) -> str:
    """Return the address without its query: that may hold what customers wrote."""
    return url.partition("?")[0][:_MAX_URL_CHARS]
