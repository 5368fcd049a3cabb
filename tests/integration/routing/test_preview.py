"""What the engine would answer now, without changing anything."""

import pytest

from conversations.models import Conversation, Event
from conversations.states import Status
from routing.models import Decision
from routing.rendering import render_answer
from routing.services import preview
from teams.models import Team, User
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def everything():
    models = (Conversation, Event, Decision, Team, User)
    return [list(model.objects.order_by("pk").values()) for model in models]


class TestNextPerson:
    def test_is_who_the_strategy_would_choose(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), cursor_member=alice)
        before = everything()
        assert preview.next_person(team, now=MORNING).user_id == bob.pk
        assert everything() == before

    def test_is_nobody_with_the_reasons(self):
        team = make_team(name="Support", members=(make_agent(presence="away"),))
        rendered = render_answer(preview.next_person(team, now=MORNING))
        assert [step.text for step in rendered.steps] == [
            "Nobody of Support is online.",
            "It waits in the queue of Support.",
        ]


class TestWhyWaiting:
    def test_is_answered_as_things_are_now(self):
        alice = make_agent(presence="offline")
        team = make_team(name="Support", members=(alice,))
        conversation = make_conversation(channel=make_channel(), team=team)
        first = render_answer(preview.why_waiting(conversation, now=MORNING)).steps[0].text
        User.objects.filter(pk=alice.pk).update(presence="online", capacity=0)
        second = render_answer(preview.why_waiting(conversation, now=MORNING)).steps[0].text
        assert (first, second) == (
            "Nobody of Support is online.",
            "Everybody of Support who is online is at capacity.",
        )

    def test_names_who_is_about_to_get_it(self):
        alice = make_agent()
        conversation = make_conversation(channel=make_channel(), team=make_team(members=(alice,)))
        assert preview.why_waiting(conversation, now=MORNING).user_id == alice.pk

    @pytest.mark.parametrize("fields", [{"status": Status.RESOLVED}, {"assignee": True}])
    def test_is_not_asked_of_what_does_not_wait(self, fields):
        if "assignee" in fields:
            fields = {"assignee": make_agent()}
        conversation = make_conversation(channel=make_channel(), **fields)
        assert preview.why_waiting(conversation, now=MORNING) is None
