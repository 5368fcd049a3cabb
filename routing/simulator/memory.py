"""What the simulator remembers of one person's visit, in the session: it is nobody else's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from routing.simulator.phone import Delivery
from routing.simulator.requests import SignedRequest, as_curl

_KEY = "simulator"
#: Messages with which something is to go wrong; older ones are long settled.
_PLANS_KEPT = 20

FORBIDDEN = 403
#: So long the page says how the last thing went. Then it is no news any more.
NEWS_FOR = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class LastRequest:
    """The last request that was posted, and what the door said to it."""

    request: SignedRequest
    statuses: tuple[int, ...]
    stored: int

    @property
    def is_taken(self) -> bool:
        return all(200 <= status < 300 for status in self.statuses)  # noqa: PLR2004 - HTTP's

    @property
    def curl(self) -> str:
        return as_curl(self.request)

    @property
    def sentence(self) -> str:
        """Say what happened at the door, and what follows from it."""
        if self.statuses[-1] == FORBIDDEN:
            return _("Refused: the signature is not the provider's. Nothing is stored.")
        if not self.is_taken:
            return _("Not taken. A provider would send it again.")
        if not self.stored:
            return _("Taken, but not understood: it is kept in quarantine.")
        if len(self.statuses) > self.stored:
            return _("Taken twice, stored once: the duplicate is ignored.")
        return _("Taken and stored.")


def remember_delivery(
    session: SessionBase, delivery: Delivery, *, seat: str, now: datetime
) -> None:
    """Keep the request until the next one. `seat` says whose phone it came from."""
    request = delivery.request
    _change(
        session,
        notice="",
        told_at=now.timestamp(),
        last={
            "seat": seat,
            "url": request.url,
            "body": request.body.decode(),
            "headers": request.headers,
            "statuses": [answer.status for answer in delivery.answers],
            "stored": delivery.stored,
        },
    )


def last_request(session: SessionBase, *, seat: str) -> LastRequest | None:
    """Return the last request, if it came from this phone."""
    last = _read(session).get("last")
    if not last or last["seat"] != seat:
        return None
    request = SignedRequest(last["url"], last["body"].encode(), last["headers"])
    return LastRequest(request, tuple(last["statuses"]), last["stored"])


def is_news(session: SessionBase, *, now: datetime) -> bool:
    """Say whether how the last thing went is still worth saying."""
    told_at = float(_read(session).get("told_at", 0.0))
    return now.timestamp() - told_at < NEWS_FOR.total_seconds()


def remember_notice(session: SessionBase, notice: str, *, now: datetime) -> None:
    """Say something on the page for a while."""
    _change(session, notice=notice, told_at=now.timestamp())


def forget_news(session: SessionBase) -> None:
    """Something else was done since: how the last request went is over."""
    _change(session, notice="", told_at=0.0)


def notice(session: SessionBase, *, now: datetime) -> str:
    return str(_read(session).get("notice", "")) if is_news(session, now=now) else ""


def remember_plan(session: SessionBase, *, message_id: str, plan: str) -> None:
    """Let something go wrong with the reports on one message when the phone would have taken it."""
    kept = list(plans(session).items())[-_PLANS_KEPT:]
    _change(session, plans={**dict(kept), message_id: plan})


def plans(session: SessionBase) -> Mapping[str, str]:
    return dict(_read(session).get("plans", {}))


def _read(session: SessionBase) -> dict[str, Any]:
    return dict(session.get(_KEY, {}))


def _change(session: SessionBase, **changes: Any) -> None:
    session[_KEY] = {**_read(session), **changes}
