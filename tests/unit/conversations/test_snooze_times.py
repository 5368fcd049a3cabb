"""The usual times by somebody's own clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from conversations import snooze_times

TOKYO, PARIS = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Paris")


class TestTomorrow:
    def test_is_nine_on_the_next_day_where_the_person_is(self):
        late = datetime(2026, 11, 18, 23, 50, tzinfo=TOKYO)
        assert snooze_times.tomorrow(late) == datetime(2026, 11, 19, 9, tzinfo=TOKYO)

    def test_is_nine_by_the_clock_also_when_it_is_changed_overnight(self):
        saturday = datetime(2026, 3, 28, 20, tzinfo=PARIS)
        assert snooze_times.tomorrow(saturday).isoformat() == "2026-03-29T09:00:00+02:00"


class TestNextMonday:
    @pytest.mark.parametrize(("day", "monday"), [(16, 23), (18, 23), (22, 23)])
    def test_is_never_today(self, day, monday):
        now = datetime(2026, 11, day, 8, tzinfo=TOKYO)
        assert snooze_times.next_monday(now) == datetime(2026, 11, monday, 9, tzinfo=TOKYO)


class TestAnHour:
    def test_is_an_hour_of_time_where_clocks_go_back(self):
        before = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
        elapsed = snooze_times.in_an_hour(before).timestamp() - before.timestamp()
        assert elapsed == 3600
