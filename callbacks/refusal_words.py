"""Why something is not done with a callback, in words."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from callbacks.refusals import CallbackRefusedError, WarnedError
from teams.texts import Text

_HOUR_S = 60 * 60
_DAY_S = 24 * _HOUR_S

SENTENCES: dict[str, Text] = {
    "callback.time_in_past": gettext_lazy("That time has passed."),
    "callback.beyond_max_delay": gettext_lazy("Not more than 30 days ahead."),
    "callback.nonexistent_local_time": gettext_lazy(
        "The clocks are put forward then: this time does not exist there. "
        "Take %(instead)s, for example."
    ),
    "callback.unknown_zone": gettext_lazy("Enter a time zone such as Asia/Tokyo."),
    "callback.invalid_number": gettext_lazy(
        "This is not a telephone number. For example +81312345678."
    ),
    "callback.invalid_caller_id": gettext_lazy(
        "A caller ID is a number with its country, such as +81312345678."
    ),
    "callback.queue_required": gettext_lazy("Choose the team that calls."),
    "callback.queue_inactive": gettext_lazy("The team %(team)s is not active."),
    "callback.queue_choice_disabled": gettext_lazy(
        "Callbacks stay with the team that has the conversation: %(team)s."
    ),
    "callback.owned_not_enabled": gettext_lazy("In the team %(team)s nobody owns callbacks."),
    "callback.invalid_owner": gettext_lazy("Choose an active member of the team."),
    "callback.channel_required": gettext_lazy(
        "Name the channel on which the conversation is opened."
    ),
    "callback.already_scheduled": gettext_lazy(
        "This conversation already has a callback, for %(when)s. Put that one off instead."
    ),
    "callback.not_scheduled_state": gettext_lazy(
        "Its time has come, or it is over: it can no longer be changed like this."
    ),
    "callback.calling": gettext_lazy("Somebody is calling the customer right now."),
    "callback.over": gettext_lazy("This callback is over."),
    "callback.nobody_to_tell": gettext_lazy(
        "There is no conversation in which the customer could be told."
    ),
    "callback.needs_reason": gettext_lazy("Say why it is to be scheduled anyway."),
}
WARNINGS: dict[str, Text] = {
    "quiet_hours": gettext_lazy(
        "The customer's clock shows a time at which the team does not call."
    ),
    "team_closed": gettext_lazy("The team is closed then."),
    "owner_away": gettext_lazy("The owner is off shift then."),
}


def explain(error: CallbackRefusedError) -> str:
    """Return why it was refused, as sentences. Instants are in the time zone of the reader."""
    if isinstance(error, WarnedError):
        sentences = [*(WARNINGS[name] for name in error.warnings), SENTENCES[error.code]]
        return " ".join(str(sentence) for sentence in sentences)
    if error.code == "callback.owned_delay_exceeded":
        return _("You can own callbacks at most %(ahead)s ahead.") % {
            "ahead": in_hours_or_days(error.facts["ahead_s"])
        }
    return str(SENTENCES[error.code]) % _Facts(error.facts)


def in_hours_or_days(seconds: int) -> str:
    """Return a length as people say it: whole days where it is, else hours."""
    if seconds % _DAY_S == 0:
        days = seconds // _DAY_S
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    hours = seconds // _HOUR_S
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


class _Facts(dict[str, Any]):
    def __init__(self, facts: Any) -> None:
        super().__init__(facts)
        due_at = facts.get("due_at")
        if isinstance(due_at, datetime):
            self["when"] = date_format(localtime(due_at), "DATETIME_FORMAT")
