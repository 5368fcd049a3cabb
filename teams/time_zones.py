"""Names of time zones."""

from functools import lru_cache
from zoneinfo import available_timezones

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
