"""A flow talks with a customer and says who goes on: each step, each way out, each take-over."""

from datetime import timedelta

import pytest
import time_machine

from channels.models import ChannelText
from conversations.actors import Actor
from conversations.models import Contact, Conversation, Event, Message
from conversations.services import lifecycle, replies
from conversations.states import Status
from routing.demo import menu_flow
from routing.models import AiRun, Decision, FlowRun, RunProblem, RunStatus
from routing.rendering import render_text
from routing.services import ai_agents, assignment, flow_runs, flows, replays
from tests.doors import customer_writes
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_flow,
    make_rule,
    make_supervisor,
    make_team,
    make_template,
)
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HI = {"name": "Hi", "kind": "message", "text": "Hello {{contact_name}}!"}
ASK = {
    "name": "Ask",
    "kind": "question",
    "text": "Which order?",
    "answer_as": "order",
    "accepts": "number",
    "attempts": 2,
    "timeout_s": 3600,
}


@pytest.fixture(autouse=True)
def _clock_stands(db, language_en):
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def alice():
    return make_agent(capacity=5)


@pytest.fixture
def bob():
    return make_agent(name="Bob", capacity=5)


@pytest.fixture
def channel(alice):
    return make_channel(provider="simulator", agents=(alice,))


@pytest.fixture
def support(bob):
    return make_team(members=(bob,))


def writes(channel, text, now=MORNING, **more):
    assert customer_writes(channel, text, **more).status_code == 200
    settle(now=now)
    return Conversation.objects.order_by("-pk").first()


def said():
    texts = Message.objects.filter(direction="outbound").order_by("pk")
    return list(texts.values_list("body", flat=True))


def run():
    return FlowRun.objects.order_by("-pk").first()


def log():
    return [(step.step, step.outcome) for step in run().log.order_by("position")]


def why(conversation):
    return render_text(Decision.objects.filter(conversation=conversation).last())


def to_team(team, **more):
    return {"name": "Support", "kind": "team", "team": str(team.public_id), **more}


class TestAFlow:
    def test_answers_hands_to_a_team_and_says_why(self, channel, support, bob):
        make_flow(steps=[HI, to_team(support)])
        conversation = writes(channel, "Good day", name="Dora")
        assert said() == ["Hello Dora!"]
        assert (conversation.status, conversation.team, conversation.assignee) == (
            Status.NEW,
            support,
            bob,
        )
        assert conversation.waiting_since == MORNING
        message = Message.objects.get(direction="outbound")
        assert (message.author_kind, message.author_name) == ("flow", "Welcome")
        assert (run().status, run().problem) == (RunStatus.COMPLETED, "")
        assert why(conversation).splitlines()[:5] == [
            "Why Bob?",
            "  • “Hi”: a message was sent.",
            "  • “Support”: Support is to have it.",
            "  • Flow “Welcome” was over.",
            "  ✓ First in turn of Support: Bob.",
        ]
        started = Decision.objects.filter(conversation=conversation).first()
        assert "Why Welcome?" in render_text(started)
        assert "starts with any message" in render_text(started)

    def test_can_be_decided_again(self, channel, support):
        make_flow(steps=[HI, to_team(support)])
        writes(channel, "Good day")
        assert Decision.objects.count() == 2
        assert not any(replays.differs(decision) for decision in Decision.objects.all())

    def test_closes_what_it_gives_to_nobody(self, channel):
        channel.has_survey = True
        channel.save(update_fields=["has_survey"])
        make_flow(steps=[HI])
        conversation = writes(channel, "Good day")
        assert conversation.status == Status.CLOSED
        assert said() == ["Hello Dora!"]  # and no survey
        assert run().status == RunStatus.COMPLETED

    def test_starts_again_with_the_next_message(self, channel):
        make_flow(steps=[HI])
        first = writes(channel, "Good day")
        assert writes(channel, "And again") != first
        assert FlowRun.objects.count() == 2

    def test_comes_after_a_greeting(self, channel):
        channel.has_greeting = True
        channel.save(update_fields=["has_greeting"])
        ChannelText.objects.create(channel=channel, kind="greeting", language="en", text="Welcome!")
        make_flow(steps=[{"name": "Hi", "kind": "message", "text": "What can I do?"}])
        writes(channel, "Good day")
        assert said() == ["Welcome!", "What can I do?"]

    def test_leaves_a_customer_who_wrote_more_to_people(self, channel, alice):
        make_flow(steps=[HI])
        customer_writes(channel, "Good day")
        customer_writes(channel, "and one more thing")
        settle(now=MORNING)
        conversation = Conversation.objects.get()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)


class TestAsking:
    def test_keeps_the_answer_and_uses_it(self, channel, support):
        note = {"name": "Note", "kind": "update_contact", "attributes": {"last_order": "{{order}}"}}
        thanks = {"name": "Thanks", "kind": "message", "text": "Order {{order}}, thank you."}
        make_flow(steps=[ASK, note, thanks, to_team(support)])
        conversation = writes(channel, "Hi")
        assert (conversation.status, conversation.waiting_since) == (Status.BOT, None)
        assert (run().status, run().step) == (RunStatus.WAITING, "Ask")
        conversation = writes(channel, "１２３")
        assert said() == ["Which order?", "Order 123, thank you."]
        assert Contact.objects.get().attributes == {"last_order": "123"}
        assert conversation.status == Status.NEW

    def test_asks_again_and_in_the_end_lets_people_do_it(self, channel, alice):
        make_flow(steps=[ASK])
        writes(channel, "Hi")
        writes(channel, "the blue one")
        assert said() == ["Which order?"] * 2
        conversation = writes(channel, "blue!")
        assert (run().status, run().problem) == (RunStatus.FAILED, RunProblem.ATTEMPTS)
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert "Flow “Welcome” could not go on." in why(conversation)

    def test_goes_on_elsewhere_where_the_flow_says_so(self, channel, support):
        ask = {**ASK, "attempts": 1, "on_failed": "Support"}
        make_flow(steps=[ask, {"name": "Over", "kind": "end"}, to_team(support)])
        writes(channel, "Hi")
        conversation = writes(channel, "the blue one")
        assert (run().status, conversation.team) == (RunStatus.COMPLETED, support)

    def test_waits_for_as_long_as_it_says(self, channel):
        make_flow(steps=[ASK])
        conversation = writes(channel, "Hi")
        settle(now=MORNING + timedelta(seconds=3599))
        assert run().status == RunStatus.WAITING
        settle(now=MORNING + timedelta(seconds=3600))
        conversation.refresh_from_db()
        assert (run().status, conversation.status) == (RunStatus.EXPIRED, Status.CLOSED)

    def test_goes_on_elsewhere_when_the_time_is_over(self, channel, support):
        make_flow(steps=[{**ASK, "on_timeout": "Support"}, to_team(support)])
        conversation = writes(channel, "Hi")
        settle(now=MORNING + timedelta(hours=1))
        conversation.refresh_from_db()
        assert (run().status, conversation.team) == (RunStatus.COMPLETED, support)

    def test_speaks_the_customers_language(self, channel):
        make_flow(steps=[{**ASK, "text": {"": "Which order?", "ja": "ご注文番号は?"}}])
        writes(channel, "Hi")
        Contact.objects.update(language="ja")
        writes(channel, "x")
        assert said() == ["Which order?", "ご注文番号は?"]

    def test_reads_what_came_together_one_by_one(self, channel, support):
        again = {**ASK, "name": "And", "text": "And which item?", "answer_as": "item"}
        make_flow(steps=[ASK, again, to_team(support)])
        writes(channel, "Hi")
        customer_writes(channel, "12")
        customer_writes(channel, "34")
        settle(now=MORNING)
        assert run().answers == {"order": "12", "item": "34"}


class TestBranching:
    STEPS = (
        {
            "name": "Refund?",
            "kind": "condition",
            "paths": [
                {
                    "name": "Yes",
                    "conditions": [
                        {"field": "message.text", "operator": "contains", "value": "refund"},
                        {"field": "contact.is_new", "operator": "equals", "value": "yes"},
                    ],
                    "next": "Sorry",
                }
            ],
            "otherwise": "Hi",
        },
        {"name": "Sorry", "kind": "message", "text": "Sorry!", "next": "Over"},
        {"name": "Hi", "kind": "message", "text": "Hi!"},
        {"name": "Over", "kind": "end"},
    )

    def test_takes_the_path_whose_conditions_all_hold(self, channel):
        make_flow(steps=list(self.STEPS))
        writes(channel, "I want a refund")
        assert said() == ["Sorry!"]
        assert log() == [("Refund?", "path"), ("Sorry", "sent"), ("Over", "reached")]

    def test_takes_the_other_way(self, channel):
        make_flow(steps=list(self.STEPS))
        writes(channel, "I want a refund")
        writes(channel, "I want another refund")  # not new any more
        assert said() == ["Sorry!", "Hi!"]


class TestTags:
    def start(self, channel, steps):
        Contact.objects.all().delete()
        make_flow(steps=[{**ASK, "accepts": "any"}, *steps])
        conversation = writes(channel, "Hi")
        Conversation.objects.update(tags=["old", "VIP"])
        Contact.objects.update(tags=["buyer"])
        return writes(channel, "go") or conversation

    def test_replace_those_that_are_there(self, channel, support):
        step = to_team(support, conversation_tags=["refund"], contact_tags=[])
        conversation = self.start(channel, [step])
        assert conversation.tags == ["refund"]
        assert Contact.objects.get().tags == ["buyer"]  # an empty list leaves them

    def test_are_added_once_whatever_their_letters(self, channel, support):
        step = to_team(
            support, conversation_tags=["vip", "refund"], contact_tags=["new"], tags_mode="add"
        )
        conversation = self.start(channel, [step])
        assert conversation.tags == ["old", "VIP", "refund"]
        assert Contact.objects.get().tags == ["buyer", "new"]

    def test_add_up_while_the_last_team_gets_it(self, channel, support, bob):
        sales = make_team(name="Sales", members=(bob,))
        steps = [
            to_team(support, conversation_tags=["a"], tags_mode="add"),
            {**to_team(sales, conversation_tags=["b"], tags_mode="add"), "name": "Sales"},
        ]
        conversation = self.start(channel, steps)
        assert conversation.tags == ["old", "VIP", "a", "b"]
        assert conversation.team == sales


class TestWaiting:
    def test_goes_on_after_a_delay_whatever_the_customer_writes(self, channel):
        delay = {"name": "Wait", "kind": "delay", "seconds": 600}
        make_flow(steps=[delay, HI])
        writes(channel, "Good day")
        assert writes(channel, "Hello?").waiting_since is None
        assert said() == []
        settle(now=MORNING + timedelta(seconds=600))
        assert said() == ["Hello Dora!"]

    def test_understands_the_number_of_a_button(self, channel, support):
        menu = {
            "name": "Menu",
            "kind": "message",
            "text": "What is it about?",
            "buttons": ["Refund", "Other"],
            "wait": True,
        }
        which = {
            "name": "Which",
            "kind": "condition",
            "paths": [
                {
                    "name": "Refund",
                    "conditions": [
                        {"field": "message.text", "operator": "equals", "value": "refund"}
                    ],
                    "next": "Support",
                }
            ],
            "otherwise": "Over",
        }
        make_flow(steps=[menu, which, {"name": "Over", "kind": "end"}, to_team(support)])
        writes(channel, "Hi")
        assert said() == ["What is it about?\n1. Refund\n2. Other"]
        assert writes(channel, "1").team == support


class TestHandingOn:
    def test_waits_in_the_teams_queue_where_nobody_is_there(self, channel):
        empty = make_team(name="Empty")
        make_flow(steps=[to_team(empty)])
        conversation = writes(channel, "Hi")
        assert (conversation.status, conversation.team, conversation.assignee) == (
            Status.NEW,
            empty,
            None,
        )
        assert (run().status, run().problem) == (RunStatus.COMPLETED, RunProblem.NOBODY_THERE)

    def test_goes_to_the_channel_where_its_team_is_gone(self, channel, support, alice):
        make_flow(steps=[to_team(support)])
        support.is_active = False
        support.save(update_fields=["is_active"])
        conversation = writes(channel, "Hi")
        assert (conversation.assignee, run().problem) == (alice, RunProblem.TARGET_GONE)

    def test_goes_to_a_person(self, channel, bob):
        step = {"name": "Bob", "kind": "person", "person": str(bob.public_id)}
        make_flow(steps=[step])
        assert writes(channel, "Hi").assignee == bob

    def test_goes_to_an_ai_agent_as_the_end(self, channel):
        fay = make_ai_agent(entries=(("Open?", "9 to 18.", "open"),))
        step = {"name": "Fay", "kind": "ai_agent", "ai_agent": str(fay.public_id)}
        make_flow(steps=[HI, step, to_team(make_team())])
        conversation = writes(channel, "When are you open?")
        assert conversation.status == Status.BOT
        assert (run().status, AiRun.objects.get().ended_at) == (RunStatus.COMPLETED, None)
        assert said()[-1] == "9 to 18."

    def test_goes_on_where_the_ai_agent_is_stopped(self, channel, support, alice):
        fay = make_ai_agent()
        step = {"name": "Fay", "kind": "ai_agent", "ai_agent": str(fay.public_id)}
        make_flow(name="Both", steps=[step, to_team(support)], trigger="equals", words=("hi",))
        make_flow(steps=[step])
        ai_agents.stop(fay, now=MORNING)
        assert writes(channel, "Hi").team == support
        other = writes(channel, "Hello", address="+819011112222")
        assert (other.assignee, run().problem) == (alice, RunProblem.AI_UNABLE)

    def test_is_started_by_a_rule(self, channel, support):
        flow = make_flow(steps=[HI, to_team(support)], trigger="none")
        make_rule(flow=flow, conditions=(("message.text", "contains", "refund"),))
        conversation = writes(channel, "refund")
        assert conversation.team == support
        first = Decision.objects.filter(conversation=conversation).first()
        assert first.answer["via"] == "rule"
        assert Event.objects.get(type="flow.started").data["decision"] == str(first.public_id)


class TestWhichFlow:
    def test_exact_words_come_before_parts_and_those_before_any(self, channel):
        for name, trigger, words in (
            ("Any", "any_message", ()),
            ("Part", "contains", ("refund",)),
            ("Exact", "equals", ("refund",)),
        ):
            make_flow(name=name, steps=[HI], trigger=trigger, words=words)
        for text, name in (("Refund", "Exact"), ("a REFUND please", "Part"), ("Hello", "Any")):
            writes(channel, text, address=f"+8190{len(text):08d}")
            assert run().flow.name == name

    def test_none_that_is_off_or_of_another_channel(self, channel, alice):
        flow = make_flow(steps=[HI], channels=(make_channel(),))
        assert writes(channel, "Hi").assignee == alice
        flows.save_draft(flow, head=flows.Head("Welcome", "any_message"), author=None, now=MORNING)
        flows.publish(flow, author=None, now=MORNING)
        flows.switch_off(flow, now=MORNING)
        writes(channel, "Hi", address="+819011112222")
        assert not FlowRun.objects.exists()


class TestTakingOver:
    @pytest.fixture
    def conversation(self, channel):
        make_flow(steps=[ASK, HI])
        return writes(channel, "Hi")

    def is_silent(self, channel):
        before = len(said())
        settle(now=MORNING + DAY)
        customer_writes(channel, "12")
        settle(now=MORNING + DAY)
        return len(said()) == before

    def test_by_answering(self, channel, conversation, alice):
        actor = Actor.person(alice.pk, alice.name)
        replies.queue_reply(conversation, author=alice, body="Me!", actor=actor, now=MORNING)
        settle(now=MORNING)
        assert (run().status, run().problem) == (RunStatus.CANCELED, RunProblem.TAKEN)
        assert self.is_silent(channel)

    def test_by_assigning(self, channel, conversation, bob):
        actor = Actor.person(bob.pk, bob.name)
        assignment.assign_to(conversation, person=bob, actor=actor, now=MORNING)
        assert (run().status, run().problem) == (RunStatus.CANCELED, RunProblem.TAKEN)
        assert Event.objects.get(type="flow.canceled").actor_label == "Bob"
        assert self.is_silent(channel)

    def test_by_taking(self, channel, conversation, bob):
        actor = Actor.person(bob.pk, bob.name)
        assignment.claim(conversation, user=bob, actor=actor, now=MORNING)
        assert run().problem == RunProblem.TAKEN

    @pytest.mark.parametrize(
        ("verb", "problem"),
        [("resolve", RunProblem.RESOLVED), ("reopen", RunProblem.TAKEN)],
    )
    def test_by_ending_it(self, conversation, verb, problem):
        getattr(lifecycle, verb)(conversation, actor=Actor.system(), now=MORNING)
        settle(now=MORNING)
        assert (run().status, run().problem) == (RunStatus.CANCELED, problem)

    def test_by_setting_it_aside_after_which_no_flow_starts_in_it(self, channel, conversation):
        lifecycle.snooze(conversation, until=None, actor=Actor.system(), now=MORNING)
        settle(now=MORNING)
        assert run().problem == RunProblem.SNOOZED
        writes(channel, "12")
        assert FlowRun.objects.count() == 1
        conversation.refresh_from_db()
        assert conversation.status == Status.NEW

    def test_by_stopping_it(self, conversation, alice):
        sachi = make_supervisor()
        actor = Actor.person(sachi.pk, sachi.name)
        assert flow_runs.stop(run(), actor=actor, now=MORNING)
        assert not flow_runs.stop(run(), actor=actor, now=MORNING)
        conversation.refresh_from_db()
        assert (conversation.assignee, run().problem) == (alice, RunProblem.STOPPED)

    def test_is_not_undone_by_switching_the_flow_off(self, channel, conversation):
        flows.switch_off(run().flow, now=MORNING)
        writes(channel, "12")
        assert run().status == RunStatus.COMPLETED


class TestVersions:
    def test_finish_what_they_began(self, channel):
        flow = make_flow(steps=[ASK, {**HI, "text": "Old {{order}}"}])
        writes(channel, "Hi")
        new = {"steps": [{**HI, "text": "New"}]}
        flows.save_draft(flow, document=new, author=None, now=MORNING)
        flows.publish(flow, author=None, now=MORNING)
        assert flows.number_running(flow) == {1: 1}
        writes(channel, "12")
        assert said()[-1] == "Old 12"
        writes(channel, "Hi again")
        assert said()[-1] == "New"


class TestSending:
    def test_fails_by_name_where_only_a_template_may_go(self, channel, alice):
        delay = {"name": "Wait", "kind": "delay", "seconds": 90_000}
        make_flow(steps=[delay, HI])
        conversation = writes(channel, "Hi")
        settle(now=MORNING + timedelta(seconds=90_000))
        conversation.refresh_from_db()
        assert said() == []
        assert run().problem == RunProblem.TEMPLATE_REQUIRED
        assert conversation.assignee == alice

    def test_sends_a_template_by_then(self, channel):
        delay = {"name": "Wait", "kind": "delay", "seconds": 90_000}
        template = make_template(channel=channel)
        step = {**HI, "template": str(template.public_id), "values": {"1": "{{contact_name}}"}}
        make_flow(steps=[delay, step])
        writes(channel, "Hi", name="Dora")
        settle(now=MORNING + timedelta(seconds=90_000))
        assert said() == ["Hi Dora, your order is on its way."]
        assert run().status == RunStatus.COMPLETED

    def test_writes_to_nobody_who_wants_no_messages(self, channel):
        make_flow(steps=[ASK, HI])
        writes(channel, "Hi")
        Conversation.objects.get().identity.__class__.objects.update(opted_out_at=MORNING)
        writes(channel, "12")
        assert said() == ["Which order?"]
        assert run().problem == RunProblem.OPTED_OUT

    def test_fails_where_the_channel_is_off(self, channel):
        make_flow(steps=[ASK, HI])
        writes(channel, "Hi")
        type(channel).objects.update(is_active=False)
        Conversation.objects.update(message_count=2)
        FlowRun.objects.update(due_at=MORNING, step="")
        FlowRun.objects.update(status=RunStatus.RUNNING)
        settle(now=MORNING)
        assert run().problem == RunProblem.CHANNEL_INACTIVE


class TestTheFlowOfTheDemo:
    def test_leads_to_a_team_by_a_number(self, channel):
        teams = {code: make_team(name=code, code=code) for code in ("sales", "support", "success")}
        menu_flow.draw(teams, now=MORNING)
        writes(channel, "MENU")
        writes(channel, "3")
        conversation = writes(channel, "4711")
        assert (conversation.team, conversation.tags) == (teams["success"], ["delivery"])
        assert Contact.objects.get().attributes == {"last_order": "4711"}
