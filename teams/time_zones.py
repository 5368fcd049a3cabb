"""Names of time zones."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Refuse what is no IANA name of a time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Enter a time zone such as Asia/Tokyo."), code="unknown_zone")
