"""How long something took, as people say it: two units at most, in the reader's language."""

from datetime import timedelta

from django.utils.translation import gettext as _

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


def in_words(duration: timedelta) -> str:
    """Return "40 s", "3 min", "2 h 5 min" or "1 d 4 h"; what is left over is cut off."""
    seconds = max(0, int(duration.total_seconds()))
    days, hours = seconds // DAY_S, seconds % DAY_S // HOUR_S
    minutes = seconds % HOUR_S // MINUTE_S
    if days:
        text = _("%(d)d d %(h)d h") if hours else _("%(d)d d")
    elif hours:
        text = _("%(h)d h %(m)d min") if minutes else _("%(h)d h")
    elif minutes:
        text = _("%(m)d min")
    else:
        text = _("%(s)d s")
    return text % {"d": days, "h": hours, "m": minutes, "s": seconds}
