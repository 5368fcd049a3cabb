"""A person gives a conversation to an AI agent: explained, exact, and only to one that can."""

import pytest
from django.core.management import call_command

from conversations.actors import Actor
from conversations.models import Conversation, Event, Message
from conversations.states import Status
from routing.models import AiAgent, AiRun, Decision
from routing.rendering import render_decision
from routing.services import ai_agents, assignment, giving_to_ai
from routing.services.ai_answers import answer_next
from routing.services.assignment import AssignmentRefusedError
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_conversation,
    make_message,
    make_rule,
    make_supervisor,
    publish_all,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_agent(capacity=5)


@pytest.fixture
def channel(alice):
    return make_channel(agents=(alice,))


@pytest.fixture
def fay(channel):
    return make_ai_agent(
        name="Fay", channels=(channel,), entries=(("Open?", "We are open.", "open"),)
    )


@pytest.fixture
def conversation(channel, alice):
    made = make_conversation(channel=channel, waiting_since=MORNING)
    make_message(conversation=made, body="Are you open?")
    assignment.assign_to(made, person=alice, actor=Actor.system(), now=MORNING)
    made.refresh_from_db()
    return made


def given(conversation, agent, *, reason=""):
    sachi = make_supervisor()
    actor = Actor.person(sachi.pk, sachi.name)
    return giving_to_ai.give_to_ai(
        conversation, agent=agent, actor=actor, reason=reason, now=MORNING
    )


def refused(conversation, agent):
    before = Conversation.objects.values().get(pk=conversation.pk)
    with pytest.raises(AssignmentRefusedError) as error:
        given(conversation, agent)
    assert Conversation.objects.values().get(pk=conversation.pk) == before
    assert not AiRun.objects.filter(conversation=conversation, ended_at=None).exists()
    return error.value.code


class TestGivingToAnAiAgent:
    def test_takes_it_from_its_person_and_has_the_customer_answered(self, conversation, fay, alice):
        given(conversation, fay)

        conversation.refresh_from_db()
        alice.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.BOT, None)
        assert alice.load == 0
        assert AiRun.objects.get().ai_agent == fay
        assert answer_next(now=MORNING)
        assert Message.objects.get(direction="outbound").body == "We are open."

    def test_is_explained_with_who_did_it_and_why(self, conversation, fay):
        decision = given(conversation, fay, reason="Opening hours.")

        said = render_decision(decision)
        assert said.heading == "Why Fay?"
        assert [step.text for step in said.steps] == [
            "Assigned by Sachi.",
            "AI agent Fay answers.",
        ]
        assert "Reason: Opening hours." in [line.text for line in said.steps[0].details]
        event = Event.objects.get(type="conversation.held_by_bot")
        assert event.actor_label == "Sachi"
        assert event.data["decision"] == str(decision.public_id)

    def test_is_decided_again_alike(self, conversation, fay):
        given(conversation, fay)
        call_command("replay_decisions")  # fails where one differs

    def test_works_where_people_have_had_it_since_an_ai_agent(self, conversation, fay, alice):
        given(conversation, fay)
        assignment.assign_to(conversation, person=alice, actor=Actor.system(), now=MORNING)
        given(conversation, fay)
        conversation.refresh_from_db()
        assert conversation.status == Status.BOT
        assert AiRun.objects.filter(ended_at=None).count() == 1

    def test_is_refused_where_it_does_not_serve_the_channel(self, conversation, fay):
        gus = make_ai_agent(name="Gus", channels=(make_channel(phone_number="+815000000009"),))
        assert refused(conversation, gus) == "ai_agent.not_serving"

    def test_works_where_only_a_rule_of_the_channel_names_it(self, conversation, fay):
        gus = make_ai_agent(name="Gus")
        elsewhere = make_channel(phone_number="+815000000009")
        make_rule(ai_agent=gus).channels.add(elsewhere)
        publish_all()
        assert refused(conversation, gus) == "ai_agent.not_serving"
        make_rule(ai_agent=gus)
        given(conversation, gus)
        assert AiRun.objects.get().ai_agent == gus

    def test_is_refused_while_it_is_stopped(self, conversation, fay):
        ai_agents.stop(fay, now=MORNING)
        assert giving_to_ai.obstacle(conversation, agent=fay, now=MORNING)
        assert refused(conversation, fay) == "ai_agent.not_running"

    def test_is_refused_where_nothing_is_left_of_its_budget(self, conversation, fay):
        AiAgent.objects.filter(pk=fay.pk).update(messages_per_hour=0)
        assert refused(conversation, fay) == "ai_agent.budget_spent"

    @pytest.mark.parametrize("status", [Status.BOT, Status.SNOOZED, Status.RESOLVED, Status.CLOSED])
    def test_is_refused_where_it_is_not_open(self, channel, fay, status):
        conversation = make_conversation(channel=channel, status=status)
        assert refused(conversation, fay) == "conversation.resolved"
        assert not Decision.objects.exists()
