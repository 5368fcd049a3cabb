"""Plans as they are kept, and what happens when somebody's shift begins."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from teams.models import Membership, Shift, Team, User
from teams.services import shifts
from teams.shifts import ShiftSpec, is_on_shift, off, single, weekly
from tests.factories import make_agent, make_team

pytestmark = pytest.mark.django_db

WEDNESDAY = 2
TODAY = date(2026, 11, 18)


def member(user: User, team: Team) -> Membership:
    return Membership.objects.get(user=user, team=team)


def morning(zone: str = "UTC") -> ShiftSpec:
    return weekly(WEDNESDAY, time(8), time(12), zone=zone)


class TestSetShifts:
    def test_puts_somebody_on_shift_at_once(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))

        shifts.set_shifts(member(alice, team), shifts=[morning()], now=now)

        alice.refresh_from_db()
        assert shifts.user_ids_on_shift(team.pk, at=now) == {alice.pk}
        assert alice.offer_due_at == now

    def test_notes_when_the_next_one_begins(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))

        shifts.set_shifts(member(alice, team), shifts=[morning()], now=now)

        assert member(alice, team).starts_due_at == now.replace(hour=8) + timedelta(days=7)

    def test_replaces_what_was_planned(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        shifts.set_shifts(member(alice, team), shifts=[morning()], now=now)

        shifts.set_shifts(member(alice, team), shifts=[], now=now)

        assert not Shift.objects.exists()
        assert member(alice, team).starts_due_at is None
        assert not shifts.user_ids_on_shift(team.pk, at=now)

    @pytest.mark.parametrize(
        "wrong",
        [
            weekly(WEDNESDAY, time(8), time(12), zone="Mars/Olympus"),
            ShiftSpec(morning().kind, "UTC", time(8), time(12)),
            single(date(1812, 6, 24), time(8), time(12), zone="UTC"),
            off(date(2026, 12, 2), date(2026, 12, 1), zone="UTC"),
        ],
    )
    def test_refuses_what_can_never_be(self, now: datetime, wrong: ShiftSpec) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))

        with pytest.raises(ValidationError):
            shifts.set_shifts(member(alice, team), shifts=[wrong], now=now)


class TestUserIdsOnShift:
    def test_asks_once_however_many_there_are(self, now: datetime) -> None:
        people = tuple(make_agent(name=f"Alice {n}") for n in range(5))
        team = make_team(members=people)
        for person in people:
            shifts.set_shifts(member(person, team), shifts=[morning()], now=now)

        with CaptureQueriesContext(connection) as queries:
            found = shifts.user_ids_on_shift(team.pk, at=now)

        assert (len(queries), found) == (1, {person.pk for person in people})

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
    def test_reads_the_wall_of_each_plan(self, zone: str) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        night = single(TODAY, time(22), time(6), zone=zone)
        at = datetime.fromisoformat("2026-11-18T22:00").replace(tzinfo=ZoneInfo(zone))
        shifts.set_shifts(member(alice, team), shifts=[night], now=at)

        for hours, is_on in ((-0.5, False), (0, True), (7.9, True), (8, False)):
            found = shifts.user_ids_on_shift(team.pk, at=at + timedelta(hours=hours))
            assert bool(found) is is_on

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Etc/GMT+12"])
    def test_reads_every_row_that_matters(self, zone: str) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        plan = [
            weekly(WEDNESDAY, time(12), time(11, 45), zone=zone),
            single(date(2026, 11, 20), time(23, 45), time(23, 30), zone=zone),
            off(date(2026, 11, 25), date(2026, 11, 25), zone=zone),
        ]
        start = datetime.fromisoformat("2026-11-17T00:00Z")
        shifts.set_shifts(member(alice, team), shifts=plan, now=start)

        for hour in range(24 * 10):
            at = start + timedelta(hours=hour)
            found = shifts.user_ids_on_shift(team.pk, at=at)
            assert bool(found) is is_on_shift(plan, at=at), at

    def test_knows_days_off(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        holidays = off(date(2026, 11, 1), date(2026, 11, 30), zone="UTC")
        shifts.set_shifts(member(alice, team), shifts=[morning(), holidays], now=now)

        assert not shifts.user_ids_on_shift(team.pk, at=now)
        assert member(alice, team).starts_due_at == datetime.fromisoformat("2026-12-02T08:00Z")

    def test_looks_at_this_team_only(self, now: datetime) -> None:
        alice = make_agent()
        team, other = make_team(members=(alice,)), make_team(members=(alice,))
        shifts.set_shifts(member(alice, team), shifts=[morning()], now=now)

        assert not shifts.user_ids_on_shift(other.pk, at=now)


class TestStartNextShift:
    def test_marks_whose_shift_begins_and_looks_ahead(self, now: datetime) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        before = now.replace(hour=7)
        shifts.set_shifts(member(alice, team), shifts=[morning()], now=before)
        shifts.set_shifts(
            member(bob, team),
            shifts=[weekly(WEDNESDAY, time(13), time(17), zone="UTC")],
            now=before,
        )
        start = now.replace(hour=8)

        assert not shifts.start_next_shift(now=start - timedelta(seconds=1))
        assert shifts.start_next_shift(now=start)
        assert not shifts.start_next_shift(now=start)

        alice.refresh_from_db()
        bob.refresh_from_db()
        assert (alice.offer_due_at, bob.offer_due_at) == (start, None)
        assert member(alice, team).starts_due_at == start + timedelta(days=7)

    def test_rests_once_a_single_shift_has_begun(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        plan = [single(TODAY, time(10), time(12), zone="UTC")]
        shifts.set_shifts(member(alice, team), shifts=plan, now=now)

        assert shifts.start_next_shift(now=now + timedelta(hours=1))

        assert member(alice, team).starts_due_at is None


class TestTheTable:
    @pytest.mark.parametrize(
        "columns",
        [
            {"kind": "weekly", "start": time(8), "end": time(9)},
            {"kind": "weekly", "weekday": 7, "start": time(8), "end": time(9)},
            {"kind": "weekly", "weekday": 1},
            {"kind": "single", "start": time(8), "end": time(9)},
            {"kind": "single", "date": TODAY, "weekday": 1, "start": time(8), "end": time(9)},
            {"kind": "off"},
            {"kind": "off", "valid_from": TODAY, "valid_until": TODAY - timedelta(days=1)},
        ],
    )
    def test_refuses_a_row_that_does_not_say_when(self, columns: dict[str, object]) -> None:
        alice = make_agent()
        membership = member(alice, make_team(members=(alice,)))

        with pytest.raises(IntegrityError), transaction.atomic():
            Shift.objects.create(membership=membership, **columns)
