"""The rules of a zone change: what is promised keeps the time on the customer's wall."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from callbacks.models import Callback
from callbacks.services import recomputing
from callbacks.slots import Slot
from callbacks.states import CallbackStatus
from callbacks.zone_rules import RELEASE
from conversations.models import Event
from tests.factories import make_callback, make_channel
from tests.moments import WEDNESDAY_MORNING as NOW
from tests.settle import settle

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
OLDER, NEWER = "2000a", "2999z"
IN_BERLIN = Slot(
    date(2026, 12, 1), time(15), "Europe/Berlin", datetime(2026, 12, 1, 14, tzinfo=UTC)
)


def promised(slot: Slot, *, wrong_by: timedelta = timedelta(0), **fields) -> Callback:
    """Make a callback whose instant older rules put so much later than these."""
    fields = {"zone_rules": OLDER, **fields}
    at = slot.at + wrong_by
    return make_callback(
        slot=Slot(slot.day, slot.clock, slot.zone, at, is_ambiguous=False), **fields
    )


def recompute_all() -> None:
    while recomputing.recompute_next(now=NOW):
        pass


def recomputed_events() -> list[dict]:
    return list(Event.objects.filter(type="callback.recomputed").values_list("data", flat=True))


class TestRulesThatChanged:
    def test_move_the_instant_and_keep_the_wall(self) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR)
        recompute_all()
        callback.refresh_from_db()
        assert (callback.due_at, callback.look_due_at) == (IN_BERLIN.at, IN_BERLIN.at)
        assert (callback.wall_date, callback.wall_clock) == (IN_BERLIN.day, IN_BERLIN.clock)
        assert callback.zone_rules == RELEASE

    def test_are_told_as_an_event(self) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR)
        recompute_all()
        assert recomputed_events() == [
            {
                "callback": str(callback.public_id),
                "from": (IN_BERLIN.at + HOUR).isoformat(),
                "to": IN_BERLIN.at.isoformat(),
                "zone_rules": RELEASE,
            }
        ]

    def test_are_told_of_the_contact_where_there_is_no_conversation(self) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR, channel=make_channel())
        recompute_all()
        event = Event.objects.get(type="callback.recomputed")
        assert event.contact_id == callback.identity.contact_id

    def test_are_looked_at_once(self) -> None:
        promised(IN_BERLIN, wrong_by=HOUR)
        recompute_all()
        assert not recomputing.recompute_next(now=NOW)
        assert len(recomputed_events()) == 1

    def test_are_found_by_the_sweep(self) -> None:
        promised(IN_BERLIN, wrong_by=HOUR)
        assert settle(now=NOW)["recompute_callbacks"] > 0
        assert len(recomputed_events()) == 1

    def test_reach_every_callback_however_many_there_are(self) -> None:
        for _ in range(recomputing.BATCH + 5):
            promised(IN_BERLIN, wrong_by=HOUR)
        recompute_all()
        assert set(Callback.objects.values_list("due_at", flat=True)) == {IN_BERLIN.at}
        assert len(recomputed_events()) == recomputing.BATCH + 5


class TestRulesThatStayed:
    def test_change_nothing_that_anybody_sees(self) -> None:
        callback = promised(IN_BERLIN)
        recompute_all()
        callback.refresh_from_db()
        assert (callback.due_at, callback.version) == (IN_BERLIN.at, 1)
        assert callback.zone_rules == RELEASE
        assert not recomputed_events()

    def test_leave_the_second_of_two_hours_where_it_was_meant(self) -> None:
        second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        callback = promised(Slot(date(2026, 10, 25), time(2, 30), "Europe/Berlin", second))
        recompute_all()
        callback.refresh_from_db()
        assert callback.due_at == second
        assert not recomputed_events()


class TestTimeThatChanged:
    def test_to_one_that_the_clocks_jump_over_becomes_what_they_show_then(self) -> None:
        before = datetime(2027, 3, 28, 2, 30, tzinfo=UTC)  # there was no summer time
        callback = promised(Slot(date(2027, 3, 28), time(2, 30), "Europe/Berlin", before))
        recompute_all()
        callback.refresh_from_db()
        assert callback.due_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
        assert (callback.wall_date, callback.wall_clock) == (date(2027, 3, 28), time(3, 30))

    def test_to_one_that_is_shown_twice_becomes_the_earlier(self) -> None:
        before = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
        callback = promised(Slot(date(2026, 10, 25), time(2, 30), "Europe/Berlin", before))
        recompute_all()
        callback.refresh_from_db()
        assert callback.due_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_in_a_zone_that_is_gone_keeps_its_instant(self) -> None:
        callback = promised(Slot(IN_BERLIN.day, IN_BERLIN.clock, "US/Pacific-New", IN_BERLIN.at))
        recompute_all()
        callback.refresh_from_db()
        assert (callback.due_at, callback.zone_rules) == (IN_BERLIN.at, RELEASE)
        assert not recomputed_events()


class TestCallback:
    @pytest.mark.parametrize("status", [s for s in CallbackStatus if s != "scheduled"])
    def test_whose_time_has_come_is_left_alone(self, status: CallbackStatus) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR, status=status)
        recompute_all()
        callback.refresh_from_db()
        assert (callback.due_at, callback.zone_rules) == (IN_BERLIN.at + HOUR, OLDER)

    def test_worked_out_by_newer_rules_than_these_is_left_to_them(self) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR, zone_rules=NEWER)
        recompute_all()
        callback.refresh_from_db()
        assert (callback.due_at, callback.zone_rules) == (IN_BERLIN.at + HOUR, NEWER)

    def test_of_unknown_rules_is_worked_out_by_these(self) -> None:
        callback = promised(IN_BERLIN, wrong_by=HOUR, zone_rules="")
        recompute_all()
        callback.refresh_from_db()
        assert callback.due_at == IN_BERLIN.at
