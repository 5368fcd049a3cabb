"""What happened to a promised call, in words. Facts are the codes and instants of the event."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy, gettext_noop

from teams.texts import Text

PUT_OFF_BECAUSE = gettext_noop("The promised call is put off to %(to)s: %(reason)s")
FOR_ANYBODY = gettext_noop("Anybody of the team is to call: %(team)s.")
OWNER_LEFT = gettext_noop("%(person)s left: anybody of the team may call.")
CALLED_WITH_NOTE = gettext_noop("The customer was called: %(outcome)s. %(note)s")
#: A fact whose presence makes another sentence of an event.
_WITH = {
    ("callback.rescheduled", "reason"): PUT_OFF_BECAUSE,
    ("callback.completed", "note"): CALLED_WITH_NOTE,
}
OUTCOMES: dict[str, Text] = {
    "reached": gettext_lazy("reached"),
    "no_answer": gettext_lazy("no answer"),
    "wrong_number": gettext_lazy("wrong number"),
}
REASONS: dict[str, Text] = {
    "ownership_expired": gettext_lazy("its owner did not come in time"),
    "retries_spent": gettext_lazy("nobody answered any of the calls"),
}
_INSTANTS = ("due_at", "from", "to", "next_at")


def choose_sentence(type_: str, data: dict[str, Any]) -> str | None:
    """Return the sentence where the facts ask for another one than usual."""
    if type_ == "callback.transferred" and data.get("user_id") is None:
        return FOR_ANYBODY
    if type_ == "callback.released" and data.get("reason") == "left":
        return OWNER_LEFT
    return next(
        (text for (of, name), text in _WITH.items() if of == type_ and data.get(name)), None
    )


def facts_in_words(data: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a callback's event as they are read: instants on the reader's clock."""
    shown: dict[str, Any] = {
        name: date_format(localtime(datetime.fromisoformat(data[name])), "DATETIME_FORMAT")
        for name in _INSTANTS
        if isinstance(data.get(name), str)
    }
    reason = data.get("reason")
    if reason:
        shown["reason"] = REASONS.get(str(reason), reason)
    if "outcome" in data:
        shown["outcome"] = OUTCOMES.get(str(data["outcome"]), data["outcome"])
    return shown
