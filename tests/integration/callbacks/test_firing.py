"""The time of a callback has come: opened, decided and offered in one transaction."""

from datetime import timedelta

import pytest

from callbacks.services import firing
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Assignment, Conversation, Event
from conversations.models.assignment import AssignmentKind
from conversations.services import inbox, lifecycle
from conversations.states import Status
from routing.engine.written import Written
from routing.models import Decision
from routing.services import assignment, replays
from teams.models import Presence, Strategy
from tests.calls import fire, make_callback, read, told
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_incoming,
    make_team,
)
from tests.faults.promises import broken_promises
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def give(conversation, user):
    assignment.assign_to(conversation, person=user, actor=SYSTEM, now=MORNING)
    conversation.refresh_from_db()
    return conversation


def codes(conversation):
    last = Decision.objects.filter(conversation=conversation).latest("pk")
    return [step["code"] for step in last.steps]


class TestACallback:
    def test_is_never_early(self):
        callback = make_callback()
        assert not firing.fire_next(now=MORNING - timedelta(microseconds=1))
        assert read(callback).status == CallbackStatus.SCHEDULED
        assert firing.fire_next(now=MORNING)
        assert read(callback).due_since == MORNING

    def test_is_not_early_where_its_mark_is(self):
        callback = make_callback(look_due_at=MORNING - timedelta(hours=1))
        assert not firing.fire_next(now=MORNING - timedelta(seconds=1))
        assert read(callback).status == CallbackStatus.SCHEDULED

    def test_is_offered_once_to_one_of_the_team(self):
        alice = make_agent()
        callback = make_callback(team=make_team(members=(alice,)))
        fire(MORNING)
        fire(MORNING)
        callback = read(callback)
        assert callback.status == CallbackStatus.OFFERED
        assert callback.offered_to == callback.conversation.assignee == alice
        assert callback.look_due_at == MORNING + timedelta(seconds=30)
        assert told(callback) == ["due", "offered"]
        running = Assignment.objects.get(ended_at=None)
        assert (running.kind, running.team) == (AssignmentKind.CALLBACK, callback.team)
        assert not broken_promises()

    def test_that_is_late_after_an_outage_is_offered_all_the_same(self):
        alice = make_agent()
        callback = make_callback(team=make_team(members=(alice,)))
        fire(MORNING + timedelta(days=3))
        assert read(callback).offered_to == alice

    def test_tells_why_and_decides_the_same_again(self):
        alice, sachi = make_agent(), make_agent(name="Sachi")
        callback = make_callback(team=make_team(members=(alice,)), created_by=sachi)
        fire(MORNING)
        decision = Decision.objects.get(conversation=callback.conversation)
        assert [step["code"] for step in decision.steps] == ["due", "round_robin"]
        assert decision.steps[0]["facts"]["actor"] == "Sachi"
        assert replays.find_different(Decision.objects.order_by("pk"))[1] == []


class TestItsConversation:
    def test_is_begun_where_there_is_none(self):
        alice = make_agent()
        callback = make_callback(channel=make_channel(), team=make_team(members=(alice,)))
        fire(MORNING)
        callback = read(callback)
        assert callback.conversation.status == Status.NEW
        assert callback.conversation.identity == callback.identity
        assert callback.conversation.assignee == alice
        assert not broken_promises()

    def test_is_the_customers_live_one_where_there_is_one(self):
        channel, contact = make_channel(), make_contact()
        talk = make_conversation(channel=channel, contact=contact)
        alice = make_agent()
        callback = make_callback(
            channel=channel, identity=contact.identities.get(), team=make_team(members=(alice,))
        )
        fire(MORNING)
        assert read(callback).conversation == talk
        assert Conversation.objects.count() == 1

    @pytest.mark.parametrize("end", ["resolved", "snoozed"])
    def test_is_reopened_where_it_is_over_or_set_aside(self, end):
        talk = make_conversation()
        if end == "resolved":
            lifecycle.resolve(talk, actor=SYSTEM, now=MORNING)
        else:
            lifecycle.snooze(talk, until=None, actor=SYSTEM, now=MORNING)
        alice = make_agent()
        callback = make_callback(conversation=talk, team=make_team(members=(alice,)))
        fire(MORNING)
        talk.refresh_from_db()
        assert (talk.status, talk.assignee) == (Status.NEW, alice)
        reopened = Event.objects.get(type="conversation.reopened")
        assert reopened.data["because"] == "callback_due"
        assert read(callback).status == CallbackStatus.OFFERED

    def test_is_the_newer_one_where_the_customer_wrote_since(self):
        channel = make_channel()
        contact = make_contact()
        old = make_conversation(channel=channel, contact=contact, status=Status.CLOSED)
        callback = make_callback(conversation=old, team=make_team(members=(make_agent(),)))
        new = make_conversation(channel=channel, contact=contact)
        fire(MORNING)
        callback = read(callback)
        assert (callback.conversation, callback.is_from_conversation) == (new, False)
        old.refresh_from_db()
        assert old.status == Status.CLOSED

    def test_is_taken_from_a_bot(self):
        channel = make_channel()
        make_ai_agent(channels=(channel,))
        arrived = make_incoming(channel)
        from_bot = receive(channel, arrived)
        assert from_bot.status == Status.BOT
        alice = make_agent()
        callback = make_callback(conversation=from_bot, team=make_team(members=(alice,)))
        fire(MORNING)
        assert read(callback).conversation.assignee == alice
        assert not broken_promises()


def receive(channel, incoming):
    inbox.record_inbound(incoming, then=lambda arrival: None)
    talk = Conversation.objects.select_related("channel", "contact").get(channel=channel)
    assignment.route(talk, message=Written("Hello"), now=MORNING)
    talk.refresh_from_db()
    return talk


class TestWhoCalls:
    def test_is_the_permanent_agent_first_of_all(self):
        alice, bob = make_agent(presence=Presence.OFFLINE), make_agent(name="Bob")
        talk = make_conversation(contact=make_contact(permanent_agent=alice))
        callback = make_callback(conversation=talk, team=make_team(members=(bob,)))
        fire(MORNING)
        assert read(callback).offered_to == alice
        assert codes(talk) == ["due", "permanent_agent"]

    def test_is_who_has_it_already_if_of_the_team(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        talk = give(make_conversation(), bob)
        callback = make_callback(conversation=talk, team=team, preferred_agent=alice)
        fire(MORNING)
        assert read(callback).offered_to == bob
        assert codes(talk) == ["due", "has_it"]
        assert Assignment.objects.get().user == bob

    def test_is_not_who_has_it_in_another_team(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        talk = give(make_conversation(), bob)
        callback = make_callback(conversation=talk, team=make_team(members=(alice,)))
        fire(MORNING)
        assert read(callback).offered_to == read(callback).conversation.assignee == alice
        assert not broken_promises()

    def test_is_who_was_promised_if_they_can(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        callback = make_callback(team=team, preferred_agent=bob)
        fire(MORNING)
        callback = read(callback)
        assert (callback.offered_to, callback.conversation.team) == (bob, team)
        assert codes(callback.conversation) == ["due", "preferred", "direct"]
        assert not broken_promises()

    @pytest.mark.parametrize(
        "fields", [{"presence": Presence.AWAY}, {"capacity": 0}], ids=["away", "full"]
    )
    def test_is_at_once_somebody_else_where_they_cannot(self, fields):
        alice, bob = make_agent(), make_agent(name="Bob", **fields)
        callback = make_callback(team=make_team(members=(alice, bob)), preferred_agent=bob)
        fire(MORNING)
        assert read(callback).offered_to == alice
        assert codes(callback.conversation)[:3] == ["due", "preferred", "person_unable"]
        assert replays.find_different(Decision.objects.order_by("pk"))[1] == []

    def test_is_nobody_beyond_capacity(self):
        alice = make_agent(capacity=1)
        team = make_team(members=(alice,))
        callbacks = [make_callback(team=team) for _ in range(2)]
        fire(MORNING)
        assert sorted(read(each).status for each in callbacks) == ["due", "offered"]
        assert not broken_promises()


class TestAQueue:
    def test_keeps_it_until_somebody_comes(self):
        alice = make_agent(presence=Presence.OFFLINE)
        callback = make_callback(team=make_team(members=(alice,)))
        fire(MORNING)
        waiting = read(callback)
        assert (waiting.status, waiting.look_due_at) == (CallbackStatus.DUE, None)
        assert waiting.conversation.team == callback.team
        alice.presence, alice.offer_due_at = Presence.ONLINE, MORNING
        alice.save(update_fields=["presence", "offer_due_at"])
        settle(now=MORNING + timedelta(minutes=20))
        assert read(callback).offered_to == alice
        assert told(callback) == ["due", "offered"]
        assert not broken_promises()

    def test_by_hand_offers_it_to_whoever_takes_it(self):
        alice = make_agent()
        team = make_team(members=(alice,), strategy=Strategy.MANUAL)
        callback = make_callback(team=team)
        fire(MORNING)
        assert read(callback).status == CallbackStatus.DUE
        assignment.claim(callback.conversation, user=alice, actor=SYSTEM, now=MORNING)
        fire(MORNING)
        assert read(callback).offered_to == alice

    def test_that_somebody_ends_is_opened_again(self):
        callback = make_callback(team=make_team(strategy=Strategy.MANUAL))
        fire(MORNING)
        lifecycle.resolve(callback.conversation, actor=SYSTEM, now=MORNING)
        fire(MORNING)
        callback = read(callback)
        assert (callback.status, callback.conversation.status) == (CallbackStatus.DUE, Status.NEW)
        assert not broken_promises()


class TestATeamThatIsSwitchedOff:
    def test_leaves_it_to_the_usual_rules(self):
        alice = make_agent()
        channel = make_channel(agents=(alice,))
        callback = make_callback(channel=channel, team=make_team(is_active=False))
        settle(now=MORNING)
        assert read(callback).offered_to == alice
