"""What can go wrong on the simulated phone and at its provider, in words for whoever plays it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.simulator.parcels import KINDS
from routing.simulator.phone import Letter
from teams.texts import Text

Choice = tuple[str, Text]

#: What the customer sends.
WHAT: tuple[Choice, ...] = (
    ("text", gettext_lazy("a text")),
    ("photo", gettext_lazy("a photo")),
    ("album", gettext_lazy("three photos at once")),
    ("voice", gettext_lazy("a voice message")),
    ("document", gettext_lazy("a document")),
    ("location", gettext_lazy("a place")),
    ("button", gettext_lazy("a press of a button")),
    ("gone", gettext_lazy("a photo that the provider has lost")),
    ("too_large", gettext_lazy("a photo that is too large")),
)
#: How the request arrives.
HOW: tuple[Choice, ...] = (
    ("", gettext_lazy("once")),
    ("twice", gettext_lazy("twice, the very same request")),
    ("forged", gettext_lazy("with a broken signature")),
)
#: As of when; nobody but the simulator can choose that.
WHEN: tuple[Choice, ...] = (
    ("", gettext_lazy("now")),
    ("hour", gettext_lazy("an hour ago")),
    ("night", gettext_lazy("last night at three")),
    ("days", gettext_lazy("two days ago")),
)
#: What the provider does with our message.
SENDS: dict[str, Text] = {
    "limit": gettext_lazy("is put off: too many messages (20429)"),
    "invalid": gettext_lazy("is refused: no such number (21211)"),
    "blocked": gettext_lazy("is refused: the customer has opted out (21610)"),
    "broken": gettext_lazy("is in doubt: the provider has a failure (500)"),
    "timeout": gettext_lazy("is in doubt: no answer, and not taken"),
    "lost_answer": gettext_lazy("is in doubt: taken, but the answer is lost"),
}
#: What the provider says about it later.
REPORTS: dict[str, Text] = {
    "63016": gettext_lazy("fails later: outside the 24 hours (63016)"),
    "63024": gettext_lazy("fails later: no such recipient (63024)"),
    "30008": gettext_lazy("fails later: unknown error (30008)"),
    "late": gettext_lazy("arrives, and is reported a minute late"),
    "reversed": gettext_lazy("arrives, and is reported in reverse order"),
    "repeated": gettext_lazy("arrives, and is reported several times"),
    "silent": gettext_lazy("arrives, and is never reported"),
    "forged": gettext_lazy("arrives, and the report has a broken signature"),
}
_NIGHT = time(3, 0)


class TroubleRefusedError(Exception):
    """What was chosen cannot be played. The text says why."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """All that can be chosen on the page."""

    what: tuple[Choice, ...]
    how: tuple[Choice, ...]
    when: tuple[Choice, ...]
    sends: tuple[Choice, ...]
    reports: tuple[Choice, ...]


def choices() -> Troubles:
    when = WHEN if may_play_time() else ()
    return Troubles(WHAT, HOW, when, tuple(SENDS.items()), tuple(REPORTS.items()))


def may_play_time() -> bool:
    """Say whether a message may count from another instant: never beside real customers."""
    return bool(settings.ENVIRONMENT != "production")


def read_letter(chosen: Mapping[str, str], *, now: datetime, latest: datetime | None) -> Letter:
    """Return what is to be sent. `latest`: when the conversation was last written in.

    Raises `TroubleRefusedError`.
    """
    what, how = chosen.get("what", "") or "text", chosen.get("how", "")
    when = chosen.get("when", "")
    if what not in KINDS or how not in dict(HOW) or when not in dict(WHEN):
        raise TroubleRefusedError(_("This cannot be sent from here."))
    if not when:
        return Letter(what, how)
    if not may_play_time():
        raise TroubleRefusedError(_("In production every message counts from when it arrives."))
    at = _instant(when, now=now)
    if latest is not None and at <= latest:
        raise TroubleRefusedError(
            _("Something was written here after that. Take a new person, or a later time.")
        )
    return Letter(what, how, at)


def _instant(when: str, *, now: datetime) -> datetime:
    if when == "hour":
        return now - timedelta(hours=1)
    if when == "days":
        return now - timedelta(days=2)
    local = localtime(now)
    night = datetime.combine(local.date(), _NIGHT, tzinfo=local.tzinfo)
    return night if night <= now else night - timedelta(days=1)
