"""Whether a calendar is open at an instant, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.console import pill
from teams.hours import Explanation, Hours, Why, explain
from teams.services.hours import written
from teams.texts import Text

_CLOSED: dict[Why, Text] = {
    Why.OUTSIDE_INTERVALS: gettext_lazy("outside the hours of this day"),
    Why.CLOSED_ALL_DAY: gettext_lazy("closed all day"),
    Why.HOLIDAY: gettext_lazy("a holiday"),
    Why.EXCEPTION: gettext_lazy("other hours on this date"),
}


def opening_cell(hours: Hours, *, now: datetime) -> SafeString:
    """Return a label, why it is so, and until when: on the wall of the calendar's own zone."""
    why = explain(hours, at=now)
    label = pill("good", _("Open now")) if why.is_open else pill("quiet", _("Closed now"))
    notes = (reason_of(why), until_of(why, now=now, zone=hours.zone))
    return format_html('{} <span class="sub">{}</span>', label, " · ".join(filter(None, notes)))


def reason_of(why: Explanation) -> str:
    """Return what makes it open or closed: an interval, a name, or the kind of day."""
    if why.label:
        return why.label
    if why.interval is not None:
        return written(why.interval)
    return str(_CLOSED[why.why])


def until_of(why: Explanation, *, now: datetime, zone: str) -> str:
    """Return when that ends, and in which zone; blank if it does not."""
    if why.until is None:
        return ""
    place = ZoneInfo(zone)
    local = why.until.astimezone(place)
    at = time_format(local, "H:i")
    if local.date() != now.astimezone(place).date():
        at = f"{date_format(local, 'D')} {date_format(local, 'MONTH_DAY_FORMAT')} {at}"
    facts = {"time": at, "zone": zone}
    if why.is_open:
        return _("closes %(time)s (%(zone)s)") % facts
    return _("opens %(time)s (%(zone)s)") % facts
