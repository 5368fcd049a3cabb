"""How a callback looks in lists and on its page: small pieces, each safe to print."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from callbacks.models import Callback
from callbacks.querysets import USUAL_LATE_AFTER_S
from callbacks.states import LIVE, PENDING, CallbackStatus
from conversations.phones import mask_phone
from teams.admin.console import person_chip, pill
from teams.durations import in_words
from teams.instants import written_instant
from teams.texts import Text

STATUS_TONES = {
    CallbackStatus.SCHEDULED: "info",
    CallbackStatus.DUE: "warn",
    CallbackStatus.OFFERED: "warn",
    CallbackStatus.CALLING: "info",
    CallbackStatus.COMPLETED: "good",
    CallbackStatus.MISSED: "bad",
    CallbackStatus.CANCELLED: "quiet",
}
#: Nearer than that, the time until a call is said beside the time of day.
SOON = timedelta(hours=12)
NOTE_LENGTH = 80


def status_pill(callback: Callback) -> SafeString:
    return pill(STATUS_TONES[CallbackStatus(callback.status)], callback.get_status_display())


def state(callback: Callback) -> SafeString:
    """The state, and below it what it waits for or how it ended."""
    return format_html("{}{}", status_pill(callback), _below(explain_state(callback)))


def explain_state(callback: Callback) -> Text:
    """Say in a few words what the callback waits for, or how it ended; blank for neither."""
    status = CallbackStatus(callback.status)
    if status == CallbackStatus.OFFERED and callback.offered_to is not None:
        return _("to %(person)s") % {"person": callback.offered_to.name}
    if status == CallbackStatus.CALLING and callback.offered_to is not None:
        return callback.offered_to.name
    if status == CallbackStatus.DUE and callback.attempt_count and callback.look_due_at:
        return _("next try at %(time)s") % {"time": _clock(callback.look_due_at)}
    if status == CallbackStatus.DUE and callback.owner is not None and callback.owner_until:
        facts = {"person": callback.owner.name, "until": written_instant(callback.owner_until)}
        return _("waits for %(person)s until %(until)s") % facts
    if status == CallbackStatus.DUE:
        return _("waits for somebody of the team")
    if callback.outcome:
        return callback.get_outcome_display()
    if status == CallbackStatus.MISSED:
        return callback.get_end_reason_display()
    return callback.end_note


def when(callback: Callback, *, now: datetime) -> SafeString:
    """The time on the reader's clock, and below it how near it is, and the customer's own time."""
    parts = [part for part in (nearness(callback, now=now), there(callback)) if part]
    return format_html(
        '<time datetime="{}">{}</time><span class="sub">{}</span>',
        localtime(callback.due_at).isoformat(),
        written_instant(callback.due_at),
        format_html_join(" · ", "{}", ((part,) for part in parts)),
    )


def nearness(callback: Callback, *, now: datetime) -> SafeString:
    """Say in how long a call is due, or since when it waits; marked once it is late."""
    ahead = callback.due_at - now
    if callback.status not in PENDING or callback.status == CallbackStatus.CALLING:
        return SafeString()
    if ahead > timedelta():
        text = _("in %(time)s") % {"time": in_words(ahead)}
        return format_html('<span class="near">{}</span>', text) if ahead <= SOON else SafeString()
    since = {"time": in_words(-ahead)}
    if is_late(callback, now=now):
        return format_html('<span class="near overdue">{}</span>', _("late %(time)s") % since)
    return format_html('<span class="near">{}</span>', _("since %(time)s") % since)


def is_late(callback: Callback, *, now: datetime) -> bool:
    """Say whether nobody has tried for longer after its time than the team calls late."""
    settings = getattr(callback.team, "callback_settings", None)
    after_s = settings.late_after_s if settings is not None else USUAL_LATE_AFTER_S
    is_untried = callback.status in LIVE and callback.first_tried_at is None
    return is_untried and now - callback.due_at > timedelta(seconds=after_s)


def there(callback: Callback) -> str:
    """Write the time on the customer's clock, and where that is: `10:30 Europe/Paris`."""
    here, at = localtime(callback.due_at), callback.due_at.astimezone(ZoneInfo(callback.zone))
    clock = time_format(at, "H:i")
    is_same_day = at.date() == here.date()
    written = clock if is_same_day else f"{date_format(at, 'D')} {clock}"
    return f"{written} {callback.zone}"


def customer(callback: Callback) -> SafeString:
    """Whom to call, and below it the masked number: the whole one is on the callback's page."""
    return format_html("{}{}", name_of(callback), _below(mask_phone(callback.number)))


def name_of(callback: Callback) -> str:
    """Return whom to ask for: the name that was given, else the contact's, else the number."""
    contact = callback.identity.contact
    return callback.name or contact.name or mask_phone(callback.number)


def who(callback: Callback) -> SafeString:
    """Who is to call: its owner, somebody who is preferred, or anybody of the team."""
    if callback.owner is not None:
        return format_html("{}{}", person_chip(callback.owner.name), _below(_("owns it")))
    if callback.preferred_agent is not None:
        chip = person_chip(callback.preferred_agent.name)
        return format_html("{}{}", chip, _below(_("if possible")))
    return format_html('<span class="quiet">{}</span>', _("any agent"))


def note(callback: Callback) -> str:
    text = callback.note
    return text if len(text) <= NOTE_LENGTH else f"{text[: NOTE_LENGTH - 1]}…"


def _below(text: Text) -> SafeString:
    return format_html('<span class="sub">{}</span>', text) if text else SafeString()


def _clock(at: datetime) -> str:
    return time_format(localtime(at), "H:i")
