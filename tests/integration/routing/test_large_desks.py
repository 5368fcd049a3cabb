"""A desk of hundreds is not read whole, and yet the same person is chosen."""

import random
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from routing.desk_book import ReadOnlyDesks
from routing.engine import strategies
from routing.engine.facts import Candidate, Situation, Target, TargetKind
from routing.services import preview
from teams.models import Membership, Shift, Team, User
from teams.services import shifts
from tests.factories import make_agent, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SIZE = 150


def crowd(pick: random.Random) -> list[User]:
    people = [
        User(
            email=f"p{number}@example.test",
            name=f"Person {number}",
            presence=pick.choice(["online", "online", "away", "offline"]),
            load=pick.randrange(4),
            capacity=pick.choice([None, 1, 3, 5]),
            is_active=pick.random() < 0.9,
            is_receiving=pick.random() < 0.9,
            last_assigned_at=pick.choice([None, MORNING - timedelta(minutes=pick.randrange(9))]),
        )
        for number in range(SIZE)
    ]
    return User.objects.bulk_create(people)


def opened(team: Team):
    target = Target(TargetKind.TEAM, team.pk)
    return ReadOnlyDesks(at=MORNING).open(target)


def everybody(team: Team) -> tuple[Candidate, ...]:
    here = shifts.user_ids_on_shift(team.pk, at=MORNING)
    members = Membership.objects.filter(team=team).order_by("position").select_related("user")
    return tuple(
        Candidate(
            user.pk,
            user.name,
            user.presence,
            user.load,
            user.capacity,
            is_active=user.is_active,
            is_receiving=user.is_receiving,
            last_assigned_at=user.last_assigned_at,
            is_on_shift=user.pk in here,
        )
        for user in (member.user for member in members)
    )


class TestALargeTeam:
    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("strategy", ["round_robin", "least_busy", "default_user", "shift"])
    def test_has_the_same_person_chosen(self, strategy, seed):
        pick = random.Random(seed)
        people = crowd(pick)
        team = make_team(
            strategy=strategy,
            members=tuple(people),
            cursor_member=pick.choice(people),
            default_user=pick.choice(people),
            capacity=pick.choice([None, 2]),
        )
        self._plan(team, pick)
        situation = Situation(at=MORNING, zone="UTC", channel_id=0, channel_name="")

        short = opened(team)
        whole = replace(short, candidates=everybody(team))

        assert short.is_short
        assert len(short.candidates) <= 20
        choices = [strategies.choose(desk, situation).chosen for desk in (short, whole)]
        chosen = [choice and choice.user_id for choice in choices]
        assert chosen[0] == chosen[1]
        assert strategy == "default_user" or chosen[0]

    def _plan(self, team, pick):
        planned = pick.sample(list(Membership.objects.filter(team=team)), SIZE // 2)
        day = {"kind": "single", "date": date(*MORNING.timetuple()[:3]), "time_zone": "UTC"}
        Shift.objects.bulk_create(
            Shift(membership=member, start=time(0), end=time(23, 59), **day) for member in planned
        )

    def test_says_that_there_are_more(self):
        team = make_team(members=tuple(crowd(random.Random(1))), strategy="least_busy")
        answer = preview.next_person(team, now=MORNING)
        assert answer.steps[0].facts["is_short"]

    def test_says_why_nobody_of_the_first_can_take_it(self):
        people = crowd(random.Random(1))
        User.objects.update(presence="away")
        answer = preview.next_person(make_team(members=tuple(people)), now=MORNING)
        assert [step.code for step in answer.steps] == ["all_away", "queued"]


class TestASmallTeam:
    def test_is_read_whole(self):
        desk = opened(make_team(members=(make_agent(presence="away"),)))
        assert not desk.is_short
        assert len(desk.candidates) == 1
