"""An AI agent answers, hands over, and is silent afterwards: each way in which people go on."""

from datetime import timedelta

import pytest
import time_machine

from channels.models import ChannelText
from conversations.actors import Actor
from conversations.models import Conversation, Event, Message
from conversations.services import lifecycle, replies
from conversations.states import Status
from routing.models import AiRun, AiTurn, Decision
from routing.rendering import render_text
from routing.services import ai_agents, assignment, replays
from tests.doors import customer_writes
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_rule,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
ENTRIES = (
    ("What are your opening hours?", "We are open 9 to 18.", "open"),
    ("How do I return something?", "Within 30 days.", "return"),
)


@pytest.fixture(autouse=True)
def _clock_stands(db, language_en):
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def alice():
    return make_agent(capacity=5)


@pytest.fixture
def channel(alice):
    return make_channel(provider="simulator", agents=(alice,))


@pytest.fixture
def fay(channel):
    return make_ai_agent(channels=(channel,), entries=ENTRIES, handover_words=["human", "担当者"])


def writes(channel, text, **more):
    assert customer_writes(channel, text, **more).status_code == 200
    settle(now=MORNING)
    return Conversation.objects.order_by("-pk").first()


def said():
    texts = Message.objects.filter(direction="outbound").order_by("pk")
    return list(texts.values_list("body", flat=True))


def run():
    return AiRun.objects.order_by("-pk").first()


def why(conversation):
    return render_text(Decision.objects.filter(conversation=conversation).last())


class TestAnsweringAlone:
    def test_holds_the_conversation_and_is_nobodys_load(self, channel, fay, alice):
        conversation = writes(channel, "When are you open?")
        assert conversation.status == Status.BOT
        assert (conversation.assignee, conversation.team) == (None, None)
        assert conversation.waiting_since is None
        assert said() == ["We are open 9 to 18."]
        alice.refresh_from_db()
        assert alice.load == 0
        message = Message.objects.get(direction="outbound")
        assert (message.author_kind, message.author_name) == ("ai", "Fay")
        assert message.delivery_status == "sent"

    def test_is_explained_and_can_be_decided_again(self, channel, fay):
        conversation = writes(channel, "When are you open?")
        assert why(conversation).startswith("Why Fay?")
        assert "AI agent Fay answers." in why(conversation)
        assert not replays.differs(Decision.objects.get())

    def test_goes_on_as_long_as_the_customer_asks(self, channel, fay):
        writes(channel, "open?")
        conversation = writes(channel, "Can I return it?")
        assert said() == ["We are open 9 to 18.", "Within 30 days."]
        assert conversation.status == Status.BOT
        assert run().turns == 2
        assert AiTurn.objects.filter(outcome="replied").count() == 2

    def test_answers_together_what_came_together(self, channel, fay):
        customer_writes(channel, "Hello")
        customer_writes(channel, "are you open?")
        settle(now=MORNING)
        assert said() == ["We are open 9 to 18."]

    def test_answers_after_a_greeting(self, channel, fay):
        channel.has_greeting = True
        channel.save(update_fields=["has_greeting"])
        ChannelText.objects.create(channel=channel, kind="greeting", language="en", text="Welcome!")
        writes(channel, "open?")
        assert said() == ["Welcome!", "We are open 9 to 18."]

    def test_ends_when_somebody_resolves_it_and_may_begin_again(self, channel, fay):
        channel.reopen_window_s, channel.has_survey = 3600, True
        channel.save(update_fields=["reopen_window_s", "has_survey"])
        conversation = writes(channel, "open?")
        lifecycle.resolve(conversation, actor=Actor.system(), now=MORNING)
        settle(now=MORNING)
        assert run().end_reason == "resolved"
        conversation = writes(channel, "And can I return it?")
        assert conversation.status == Status.BOT
        assert said()[-1] == "Within 30 days."
        assert AiRun.objects.count() == 2


class TestWhoIsAsked:
    def test_rules_come_first(self, channel, fay):
        bob = make_agent(name="Bob")
        make_rule(person=bob, conditions=(("message.text", "contains", "open"),))
        assert writes(channel, "open?").assignee == bob

    def test_a_rule_may_name_an_ai_agent(self, channel):
        fay = make_ai_agent(entries=ENTRIES)
        make_rule(ai_agent=fay, add_tags=["hours"], set_priority=3)
        conversation = writes(channel, "open?")
        assert (conversation.status, conversation.tags) == (Status.BOT, ["hours"])
        assert conversation.priority == 3
        assert said() == ["We are open 9 to 18."]
        assert not replays.differs(Decision.objects.get())

    def test_a_rule_whose_ai_agent_is_stopped_is_passed_over(self, channel, alice):
        make_rule(ai_agent=make_ai_agent(is_running=False))
        conversation = writes(channel, "open?")
        assert conversation.assignee == alice
        assert "AI agent Fay is stopped." in why(conversation)
        assert "Rule “Refunds” was passed over, because Fay could not take it." in why(conversation)

    def test_of_several_the_first_that_runs(self, channel, fay):
        make_ai_agent(name="Second", channels=(channel,), entries=[("x", "Second here.", "open")])
        writes(channel, "open?")
        ai_agents.stop(fay, now=MORNING)
        conversation = writes(channel, "open?", address="+819000000002")
        assert said() == ["We are open 9 to 18.", "Second here."]
        assert "AI agent Fay is stopped." in why(conversation)

    def test_nobody_where_the_budget_is_gone(self, channel, alice):
        make_ai_agent(channels=(channel,), entries=ENTRIES, messages_per_hour=1)
        writes(channel, "open?")
        conversation = writes(channel, "open?", address="+819000000002")
        assert conversation.assignee == alice
        assert "written as many messages as it may in an hour" in why(conversation)
        assert not any(replays.differs(decision) for decision in Decision.objects.all())

    def test_the_permanent_agent_before_all(self, channel, fay, alice):
        conversation = writes(channel, "open?")
        assignment.pin(
            conversation.contact,
            person=alice,
            conversation=conversation,
            actor=Actor.system(),
            now=MORNING,
        )
        settle(now=MORNING)
        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.status) == (alice, Status.NEW)
        assert run().end_reason == "taken"


class TestHandingOver:
    def handed(self, conversation, alice, reason):
        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert conversation.waiting_since == MORNING
        assert run().end_reason == reason
        note = Message.objects.get(direction="note")
        assert "Handed over by AI agent Fay." in note.body
        decision = Decision.objects.filter(conversation=conversation).last()
        assert decision.trigger == "handover"
        assert not replays.differs(decision)
        assert Event.objects.filter(type="ai.ended", data__reason=reason).count() == 1
        alice.refresh_from_db()
        assert alice.load == 1
        return note

    def test_what_it_does_not_know(self, channel, fay, alice):
        note = self.handed(writes(channel, "My kettle exploded"), alice, "no_answer")
        assert "The customer wrote last: My kettle exploded" in note.body
        assert said() == []

    @pytest.mark.parametrize("text", ["HUMAN please", "担当者と話したい"])
    def test_for_the_customers_words(self, channel, fay, alice, text):
        conversation = writes(channel, text)
        self.handed(conversation, alice, "words")
        assert "The customer asked AI agent Fay for a person." in why(conversation)

    def test_after_so_many_answers(self, channel, fay, alice):
        fay.max_turns = 1
        fay.save(update_fields=["max_turns"])
        writes(channel, "open?")
        self.handed(writes(channel, "open?"), alice, "turns")

    def test_when_the_budget_is_gone(self, channel, fay, alice):
        writes(channel, "open?")
        fay.messages_per_hour = 1
        fay.save(update_fields=["messages_per_hour"])
        self.handed(writes(channel, "open?"), alice, "budget")

    def test_when_it_is_stopped(self, channel, fay, alice):
        customer_writes(channel, "open?")
        ai_agents.stop(fay, now=MORNING)
        settle(now=MORNING)
        self.handed(Conversation.objects.get(), alice, "off")
        assert said() == []

    def test_tells_the_customer_where_a_text_is_set(self, channel, fay, alice):
        fay.handover_text = "A colleague goes on."
        fay.save(update_fields=["handover_text"])
        self.handed(writes(channel, "My kettle exploded"), alice, "no_answer")
        assert said() == ["A colleague goes on."]

    def test_to_a_customer_who_wants_no_messages(self, channel, fay, alice):
        fay.handover_text = "A colleague goes on."
        fay.save(update_fields=["handover_text"])
        writes(channel, "open?")
        conversation = Conversation.objects.get()
        conversation.identity.opted_out_at = MORNING
        conversation.identity.save(update_fields=["opted_out_at"])
        self.handed(writes(channel, "open?"), alice, "unsendable")
        assert said() == ["We are open 9 to 18."]

    def test_waits_in_the_channels_queue_where_nobody_is_there(self, channel, fay, alice):
        alice.presence = "offline"
        alice.save(update_fields=["presence"])
        conversation = writes(channel, "HUMAN")
        assert (conversation.status, conversation.assignee) == (Status.NEW, None)
        assert conversation.placing_due_at is not None

    def test_asks_no_rule_again(self, channel, fay, alice):
        make_rule(team=make_team(members=(make_agent(name="Bob"),)), ai_agent=None)
        rule = make_rule(ai_agent=fay, position=0)
        conversation = writes(channel, "HUMAN")
        assert conversation.assignee == alice
        assert rule.name not in why(conversation)


class TestSilenceAfterwards:
    def test_in_a_conversation_that_people_have(self, channel, fay):
        writes(channel, "HUMAN")
        writes(channel, "open?")
        assert said() == []

    def test_also_when_it_is_reopened(self, channel, fay, alice):
        channel.has_survey = True
        channel.save(update_fields=["has_survey"])
        conversation = writes(channel, "HUMAN")
        lifecycle.resolve(conversation, actor=Actor.system(), now=MORNING)
        alice.is_active = False
        alice.save(update_fields=["is_active"])
        conversation = writes(channel, "open?")
        assert conversation.status == Status.NEW
        assert said()[1:] == []
        assert "AI agent Fay stays silent" in why(conversation)

    def test_not_in_the_customers_next_conversation(self, channel, fay):
        conversation = writes(channel, "HUMAN")
        lifecycle.resolve(conversation, actor=Actor.system(), now=MORNING)
        assert writes(channel, "open?").status == Status.BOT

    def test_from_the_moment_that_a_person_answers(self, channel, fay):
        sachi = make_supervisor()
        conversation = writes(channel, "open?")
        replies.queue_reply(
            conversation,
            author=sachi,
            body="I am here.",
            actor=Actor.person(sachi.pk, "Sachi"),
            now=MORNING,
        )
        conversation = writes(channel, "open?")
        assert said() == ["We are open 9 to 18.", "I am here."]
        assert (conversation.status, conversation.assignee) == (Status.IN_PROGRESS, sachi)
        assert run().end_reason == "taken"

    def test_from_the_moment_that_a_person_takes_it(self, channel, fay, alice):
        conversation = writes(channel, "open?")
        actor = Actor.person(alice.pk, "Alice")
        assignment.claim(conversation, user=alice, actor=actor, now=MORNING)
        conversation = writes(channel, "open?")
        assert said() == ["We are open 9 to 18."]
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        alice.refresh_from_db()
        assert alice.load == 1

    def test_after_somebody_opened_it_by_hand(self, channel, fay, alice):
        conversation = writes(channel, "open?")
        lifecycle.reopen(conversation, actor=Actor.system(), now=MORNING)
        settle(now=MORNING + timedelta(minutes=1))
        conversation.refresh_from_db()
        assert conversation.assignee == alice
        assert Decision.objects.last().trigger == "handover"
        assert run().end_reason == "taken"
