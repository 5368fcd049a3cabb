"""Names of time zones."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

#: Some machines have these, and each means something else by them.
_NOT_PLACES = frozenset({"Factory", "localtime"})


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the IANA names that may be chosen. Listing them reads the disk, so it is done once."""
    return frozenset(available_timezones()) - _NOT_PLACES


def validate_time_zone(name: str) -> None:
    """Refuse what is no IANA name of a time zone."""
    if name not in time_zones():
        raise ValidationError(_("Enter a time zone such as Asia/Tokyo."), code="unknown_zone")


def written_offset(zone: str, *, at: datetime) -> str:
    """Return how far a zone's clocks are from UTC at an instant: `UTC+09:00`."""
    minutes = (at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def zone_choices(*, now: datetime) -> list[tuple[str, str]]:
    """Return every zone, with the offset that it has in this hour."""
    return _choices(now.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1)
def _choices(hour: datetime) -> list[tuple[str, str]]:
    return [(z, f"{z} ({written_offset(z, at=hour)})") for z in sorted(time_zones())]
