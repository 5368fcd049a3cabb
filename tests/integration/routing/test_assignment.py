"""Decisions are made under the right lock, applied, and stored so that they can be made again."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.invariants import INVARIANTS as CONVERSATION_INVARIANTS
from conversations.models import Assignment, Conversation, Event
from conversations.services import events, lifecycle, replies
from conversations.states import Status
from routing import loaders
from routing.engine import serial
from routing.engine.facts import Trigger
from routing.engine.replay import replay
from routing.invariants import INVARIANTS as ROUTING_INVARIANTS
from routing.models import Decision
from routing.rendering import render_steps
from routing.services import assignment, reassignment, waiting
from routing.services.assignment import AssignmentRefusedError
from teams.models import Strategy
from teams.services import memberships, presence
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_rule,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    for invariant in [*CONVERSATION_INVARIANTS, *ROUTING_INVARIANTS]:
        if invariant.__name__ == "conversations_with_gaps":
            continue  # these conversations have no messages
        assert not list(invariant()), invariant.__name__
    for decision in Decision.objects.all():
        rules = loaders.load_rules(decision.rule_set_version)
        facts = serial.facts_from_json(decision.facts)
        again = replay(facts, trigger=Trigger(decision.trigger), rules=rules)
        assert serial.answer_to_json(again) == decision.answer
        assert serial.steps_to_json(again.steps) == decision.steps


def due(channel, **fields):
    return make_conversation(channel=channel, routing_due_at=MORNING, **fields)


def routed(channel, **fields):
    conversation = due(channel, **fields)
    assert assignment.route_next(now=MORNING)
    conversation.refresh_from_db()
    return conversation


class TestRouting:
    def test_gives_it_to_the_team_of_the_first_rule_that_matches(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        support = make_team(members=(alice, bob))
        make_rule(team=support, add_tags=["refund"], set_priority=2)

        conversation = routed(make_channel())

        assert (conversation.team, conversation.assignee) == (support, alice)
        assert (conversation.tags, conversation.priority) == (["refund"], 2)
        decision = Decision.objects.get()
        assert decision.assignment.kind == "rule"
        assert [step["code"] for step in decision.steps] == ["received", "matched", "round_robin"]

    def test_makes_the_person_of_a_rule_the_permanent_agent(self):
        alice = make_agent()
        make_rule(person=alice, pins_contact=True)
        channel, contact = make_channel(), make_contact()

        conversation = routed(channel, contact=contact)

        contact.refresh_from_db()
        assert (conversation.assignee, contact.permanent_agent) == (alice, alice)
        event = Event.objects.get(type="contact.permanent_agent_set")
        assert (event.conversation, event.actor_kind) == (conversation, "system")
        alice.presence, alice.capacity = "offline", 0
        alice.save(update_fields=["presence", "capacity"])
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        assert routed(channel, contact=contact).assignee == alice

    def test_goes_round(self):
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        make_rule(team=make_team(members=(alice, bob, chen)))
        channel = make_channel()

        got = [routed(channel).assignee for _ in range(6)]

        assert got == [alice, bob, chen, alice, bob, chen]

    def test_goes_on_after_a_member_who_left(self):
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        team = make_team(members=(alice, bob, chen))
        make_rule(team=team)
        channel = make_channel()
        routed(channel)
        routed(channel)

        memberships.leave(team, user=bob, now=MORNING)

        assert routed(channel).assignee == chen

    def test_skips_a_rule_whose_team_can_take_nobody(self):
        away = make_agent(presence="away")
        bob = make_agent(name="Bob")
        make_rule(name="First", team=make_team(members=(away,)))
        make_rule(name="Second", team=make_team(name="Sales", members=(bob,)))

        conversation = routed(make_channel())

        assert conversation.assignee == bob
        codes = [step["code"] for step in Decision.objects.get().steps]
        assert codes == ["received", "matched", "all_away", "skipped", "matched", "round_robin"]

    def test_falls_to_the_channels_agents_by_load(self):
        busy, free = make_agent(load=0), make_agent(name="Bob")
        channel = make_channel(agents=(busy, free))

        first, second = routed(channel), routed(channel)

        assert {first.assignee, second.assignee} == {busy, free}

    def test_waits_where_nobody_can_take_it(self):
        support = make_team(members=(make_agent(presence="offline"),))
        make_rule(team=support)

        conversation = routed(make_channel())

        assert (conversation.assignee, conversation.team) == (None, support)
        assert Decision.objects.get().outcome == "waiting"

    def test_gives_the_permanent_agent_even_when_offline_and_full(self):
        alice = make_agent(presence="offline", capacity=0)
        contact = make_contact(permanent_agent=alice)
        make_rule(team=make_team(members=(make_agent(name="Bob"),)))

        conversation = routed(make_channel(), contact=contact)

        assert conversation.assignee == alice
        assert Assignment.objects.get().kind == "permanent"

    def test_gives_a_reopened_one_back_to_who_had_it(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        make_rule(team=make_team(members=(alice, bob)))
        conversation = routed(make_channel(has_survey=True))
        conversation = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        lifecycle.reopen(conversation, actor=SYSTEM, now=MORNING)

        assignment.route_next(now=MORNING)

        conversation.refresh_from_db()
        assert conversation.assignee == alice
        alice.refresh_from_db()
        assert alice.load == 1

    def test_a_reopening_by_hand_is_explained_as_such(self):
        alice, erin = make_agent(capacity=0), make_agent(name="Erin")
        conversation = routed(make_channel(has_survey=True))
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)
        conversation = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        lifecycle.reopen(conversation, actor=Actor.person(erin.pk, "Erin"), now=MORNING)

        assignment.route_next(now=MORNING)

        decision = Decision.objects.latest("pk")
        assert (decision.trigger, decision.assignment.kind) == ("reopened", "returned")
        texts = [step.text for step in render_steps(decision.steps)]
        assert texts[0] == "Erin reopened it."

    def test_taking_one_of_a_foreign_team_leaves_it_with_the_team(self):
        erin, team = make_agent(name="Erin"), make_team(is_active=False)
        conversation = make_conversation(channel=make_channel(), team=team)

        actor = Actor.person(erin.pk, "Erin")
        decision = assignment.claim(conversation, user=erin, actor=actor, now=MORNING)

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.team) == (erin, team)
        assert decision.assignment.kind == "claim"

    def test_answering_one_that_was_set_aside_opens_it(self):
        alice = make_agent()
        now = {"last_inbound_at": MORNING, "status": Status.SNOOZED}
        conversation = make_conversation(channel=make_channel(), **now)

        replies.queue_reply(conversation, author=alice, body="Hello", actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.IN_PROGRESS, alice)

    def test_a_message_after_a_reopening_by_hand_is_the_reason(self):
        channel, contact = make_channel(has_survey=True), make_contact()
        conversation = routed(channel, contact=contact)
        conversation = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        conversation = lifecycle.reopen(conversation, actor=SYSTEM, now=MORNING)
        wrote = {"conversation": conversation, "actor": Actor.contact(), "now": MORNING}
        events.record("message.received", **wrote)

        assignment.route_next(now=MORNING)

        assert Decision.objects.latest("pk").trigger == "inbound"

    def test_never_exceeds_capacity(self):
        alice = make_agent(capacity=2)
        make_rule(team=make_team(members=(alice,)))
        channel = make_channel()

        got = [routed(channel).assignee for _ in range(4)]

        assert got == [alice, alice, None, None]


def waiting_with(team, **fields):
    conversation = make_conversation(waiting_since=MORNING, **fields)
    assignment.assign_to(conversation, team=team, actor=SYSTEM, now=MORNING)
    return conversation


class TestWaiting:
    def test_is_placed_when_somebody_comes_online(self):
        alice = make_agent(presence="offline")
        make_rule(team=make_team(members=(alice,)))
        conversation = routed(make_channel())

        presence.set_presence(alice, presence="online", now=MORNING)
        while waiting.place_next(now=MORNING):
            pass

        conversation.refresh_from_db()
        assert conversation.assignee == alice

    def test_is_placed_by_priority_then_age_when_somebody_gets_free(self):
        alice = make_agent(capacity=1)
        make_rule(team=make_team(members=(alice,)))
        channel = make_channel(has_survey=True)
        first = routed(channel)
        older = routed(channel)
        urgent = routed(channel)
        Conversation.objects.filter(pk=urgent.pk).update(priority=5)

        lifecycle.resolve(first, actor=SYSTEM, now=MORNING)
        while waiting.place_next(now=MORNING):
            pass

        older.refresh_from_db()
        urgent.refresh_from_db()
        assert (urgent.assignee, older.assignee) == (alice, None)

    def test_is_found_by_the_sweep_without_any_mark(self):
        alice = make_agent(presence="offline")
        make_rule(team=make_team(members=(alice,)))
        conversation = routed(make_channel())
        type(alice).objects.filter(pk=alice.pk).update(presence="online")

        while waiting.place_next(now=MORNING + timedelta(seconds=61)):
            pass

        conversation.refresh_from_db()
        assert conversation.assignee == alice

    def test_does_not_stand_behind_what_nobody_can_take(self):
        alice, bob = make_agent(capacity=1, presence="offline"), make_agent(is_active=False)
        fixed = make_team(strategy=Strategy.DEFAULT_USER, default_user=bob, members=(alice, bob))
        by_hand = make_team(strategy=Strategy.MANUAL, members=(alice,))
        channel = make_channel()
        for team in (fixed, by_hand):
            waiting_with(team, channel=channel, priority=5)
        last = waiting_with(make_team(members=(alice,)), channel=channel)

        presence.set_presence(alice, presence="online", now=MORNING)
        while waiting.place_next(now=MORNING):
            pass

        last.refresh_from_db()
        assert last.assignee == alice

    def test_is_placed_with_a_full_person_whose_channel_ignores_capacity(self):
        alice = make_agent(capacity=0, presence="offline")
        channel = make_channel(distribution="sequential", agents=(alice,))
        conversation = routed(channel)

        presence.set_presence(alice, presence="online", now=MORNING)
        while waiting.place_next(now=MORNING):
            pass

        conversation.refresh_from_db()
        assert conversation.assignee == alice

    def test_is_looked_at_less_often_the_longer_it_waits(self):
        make_rule(team=make_team(members=(make_agent(presence="offline"),)))
        conversation = routed(make_channel(), waiting_since=MORNING)

        pauses = []
        for waited in (timedelta(0), timedelta(minutes=20), timedelta(days=1)):
            now = MORNING + waited
            Conversation.objects.update(placing_due_at=now)
            waiting.place_next(now=now)
            conversation.refresh_from_db()
            pauses.append(conversation.placing_due_at - now)

        assert pauses == [timedelta(minutes=minutes) for minutes in (1, 5, 15)]

    def test_writes_no_decision_while_nothing_changes(self):
        make_rule(team=make_team(members=(make_agent(presence="offline"),)))
        routed(make_channel())

        for minute in range(1, 5):
            while waiting.place_next(now=MORNING + timedelta(minutes=2 * minute)):
                pass

        assert Decision.objects.count() == 1


class TestReassignment:
    def team(self, *members):
        return make_team(members=members, is_reassigning=True, reassign_after_s=600)

    def test_moves_on_when_nobody_answers(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        make_rule(team=self.team(alice, bob))
        conversation = routed(make_channel())
        assert conversation.reply_due_at == MORNING + timedelta(minutes=10)

        assert reassignment.reassign_next(now=MORNING + timedelta(minutes=10))

        conversation.refresh_from_db()
        alice.refresh_from_db()
        bob.refresh_from_db()
        assert conversation.assignee == bob
        assert (alice.load, bob.load) == (0, 1)
        assert conversation.reply_due_at == MORNING + timedelta(minutes=20)
        kinds = list(Assignment.objects.values_list("kind", "end_reason"))
        assert kinds == [("rule", "lapsed"), ("reassign", "")]

    def test_is_ended_by_an_answer_of_the_assignee(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        make_rule(team=self.team(alice, bob))
        conversation = routed(make_channel())

        replies.queue_reply(conversation, author=alice, body="Hello", actor=SYSTEM, now=MORNING)

        assert not reassignment.reassign_next(now=MORNING + timedelta(hours=1))
        conversation.refresh_from_db()
        assert conversation.status == Status.IN_PROGRESS
        # The message of this answer is the only one.
        assert conversation.message_count == 1

    def test_keeps_it_with_the_only_member_and_says_so(self):
        alice = make_agent()
        make_rule(team=self.team(alice))
        conversation = routed(make_channel())

        reassignment.reassign_next(now=MORNING + timedelta(minutes=10))

        conversation.refresh_from_db()
        assert conversation.assignee == alice
        assert Decision.objects.last().outcome == "kept"
        assert Decision.objects.last().steps[-1]["code"] == "kept"

    def test_says_only_once_that_it_is_kept(self):
        make_rule(team=self.team(make_agent()))
        routed(make_channel())

        for minute in (10, 20, 30):
            assert reassignment.reassign_next(now=MORNING + timedelta(minutes=minute))

        assert Decision.objects.filter(outcome="kept").count() == 1


class TestAssigningByHand:
    def test_to_a_team_lets_its_strategy_pick(self):
        alice, bob = make_agent(load=0), make_agent(name="Bob")
        sales = make_team(members=(alice, bob), strategy=Strategy.LEAST_BUSY)
        conversation = due(make_channel())

        decision = assignment.assign_to(conversation, team=sales, actor=SYSTEM, now=MORNING)

        assert decision.answer["user_id"] == alice.pk
        assert Assignment.objects.get().kind == "manual"

    def test_to_a_person_may_exceed_capacity(self):
        alice = make_agent(presence="offline", capacity=0)
        conversation = due(make_channel())

        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        assert conversation.assignee == alice

    def test_again_to_the_same_person_is_no_change(self):
        alice = make_agent()
        conversation = due(make_channel())
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        again = assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        assert again is None
        alice.refresh_from_db()
        assert alice.load == 1

    def test_from_one_person_to_another_moves_the_load(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = due(make_channel())
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        assignment.assign_to(conversation, person=bob, actor=SYSTEM, now=MORNING)

        alice.refresh_from_db()
        bob.refresh_from_db()
        assert (alice.load, bob.load) == (0, 1)

    def test_of_a_resolved_one_is_refused(self):
        alice = make_agent()
        conversation = due(make_channel(has_survey=True))
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        with pytest.raises(AssignmentRefusedError, match=r"conversation\.resolved"):
            assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

    def test_to_a_manual_team_waits_there_and_only_there(self):
        team = make_team(members=(make_agent(),), strategy=Strategy.MANUAL)
        channel = make_channel(agents=(make_agent(name="Bob"),))
        conversation = due(channel)

        assignment.assign_to(conversation, team=team, actor=SYSTEM, now=MORNING)
        while waiting.place_next(now=MORNING + timedelta(minutes=2)):
            pass

        conversation.refresh_from_db()
        assert (conversation.team, conversation.assignee) == (team, None)

    def test_and_taking_back_leaves_nobody(self):
        alice = make_agent()
        conversation = due(make_channel())
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        assignment.unassign(conversation, actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        assert conversation.assignee is None

    def test_and_taking_back_is_offered_again_after_a_minute_even_when_answered_before(self):
        alice = make_agent()
        conversation = due(make_channel(agents=(alice,)), status=Status.IN_PROGRESS)
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)
        assignment.unassign(conversation, actor=SYSTEM, now=MORNING)

        while waiting.place_next(now=MORNING + timedelta(seconds=59)):
            pass
        conversation.refresh_from_db()
        assert conversation.assignee is None
        while waiting.place_next(now=MORNING + timedelta(seconds=60)):
            pass

        conversation.refresh_from_db()
        assert conversation.assignee == alice


class TestAColleaguesAnswer:
    def test_does_not_stop_the_assignees_timer(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        make_rule(team=make_team(members=(alice, bob), is_reassigning=True))
        conversation = routed(make_channel())

        replies.queue_reply(
            conversation, author=make_agent(name="Sachi"), body="Hi", actor=SYSTEM, now=MORNING
        )

        conversation.refresh_from_db()
        assert conversation.waiting_since is None
        assert conversation.reply_due_at is not None
