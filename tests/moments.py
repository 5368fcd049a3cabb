"""Instants that tests speak of by name. All are aware, and none is today."""

from datetime import UTC, datetime

WEDNESDAY_MORNING = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
WEDNESDAY_NIGHT = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
SATURDAY_NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# The last second of a year in UTC is already the next year in Tokyo.
NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
# 02:30 happens twice in Paris on 25 October 2026; this is an hour before the first.
BEFORE_CLOCKS_GO_BACK = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
# 02:30 does not happen in Paris on 29 March 2026; this is half an hour before the gap.
BEFORE_CLOCKS_GO_FORWARD = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
