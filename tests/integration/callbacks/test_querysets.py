"""Who sees which callbacks, and which of them are late."""

from datetime import timedelta

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.services import scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import Wish
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from teams.models import Team, User
from tests import moments
from tests.factories import (
    make_administrator,
    make_agent,
    make_conversation,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
NOW = moments.WEDNESDAY_MORNING


def promise(team: Team, *, by: User | None = None, **wish) -> Callback:
    actor = Actor.person(by.pk, by.name) if by else Actor.system()
    chat = make_conversation(team=team)
    return scheduling.schedule(chat, wish=Wish(**wish), actor=actor, now=NOW)


class TestVisible:
    def test_are_those_of_the_own_teams_and_the_own_ones(self):
        alice = make_agent()
        support, sales = make_team(members=(alice,)), make_team(name="Sales")
        theirs = promise(support)
        promised = promise(sales, by=alice)
        preferred = promise(sales, claim=Claim.PREFERRED, agent=alice)
        offered = promise(sales)
        Callback.objects.filter(pk=offered.pk).update(offered_to=alice)
        promise(sales)

        seen = set(Callback.objects.visible_to(alice))

        assert seen == {theirs, promised, preferred, offered}

    def test_are_all_for_administrators_only(self):
        promise(make_team())

        assert Callback.objects.visible_to(make_administrator()).count() == 1
        assert not Callback.objects.visible_to(make_supervisor()).exists()


class TestLate:
    @pytest.mark.parametrize(("after_s", "is_late"), [(299, False), (300, False), (301, True)])
    def test_is_five_minutes_after_its_time(self, after_s, is_late):
        promise(make_team())
        Callback.objects.update(status=CallbackStatus.DUE)

        late = Callback.objects.late(NOW + timedelta(seconds=after_s))

        assert late.exists() is is_late

    def test_is_what_the_team_says(self):
        team = make_team()
        CallbackSettings.objects.create(team=team, late_after_s=60)
        promise(team)
        Callback.objects.update(status=CallbackStatus.OFFERED)

        assert Callback.objects.late(NOW + timedelta(seconds=61)).exists()

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": "scheduled"},
            {"status": "due", "first_tried_at": NOW},
            {"status": "completed", "look_due_at": None},
        ],
    )
    def test_is_nothing_that_waits_was_tried_or_is_over(self, columns):
        promise(make_team())
        Callback.objects.update(**columns)

        assert not Callback.objects.late(NOW + timedelta(days=1)).exists()
