"""An instant as people write it, on the reader's clock."""

from datetime import datetime

from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime


def written_instant(at: datetime) -> str:
    """Write an instant on the reader's clock: `Wed November 18 18:00`."""
    local = localtime(at)
    day = f"{date_format(local, 'D')} {date_format(local, 'MONTH_DAY_FORMAT')}"
    return f"{day} {time_format(local, 'H:i')}"
