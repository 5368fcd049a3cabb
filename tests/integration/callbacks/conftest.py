"""What callbacks meet in a house."""

from datetime import time

import pytest

from teams.models import BusinessHours, HoursInterval

WEDNESDAY = 2


@pytest.fixture
def closed_on_wednesdays(db: None) -> BusinessHours:
    """Tokyo's office: open all day, but never on Wednesdays."""
    calendar = BusinessHours.objects.create(code="tokyo", name="Tokyo", time_zone="Asia/Tokyo")
    for weekday in range(7):
        if weekday != WEDNESDAY:
            HoursInterval.objects.create(
                hours=calendar, weekday=weekday, start=time(0), end=time(0)
            )
    return calendar
