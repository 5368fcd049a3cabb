"""Every move of the table, in the rows: state, owner, load, deadlines and the event."""

import itertools
from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Assignment, Conversation, Event
from conversations.models.assignment import EndReason
from conversations.services import assignments, lifecycle, replies
from conversations.services.assignments import Ownership
from conversations.services.lifecycle import ConversationMovedError, SnoozeRefusedError
from conversations.states import OPEN, IllegalTransitionError, Status, is_move_allowed
from tests.factories import make_agent, make_channel, make_contact, make_conversation
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
LATER = MORNING + timedelta(hours=1)
TOMORROW = MORNING + timedelta(days=1)

BOT, NEW, IN_PROGRESS = Status.BOT, Status.NEW, Status.IN_PROGRESS
SNOOZED, RESOLVED, CLOSED = Status.SNOOZED, Status.RESOLVED, Status.CLOSED


def snooze(conversation, *, actor, now):
    return lifecycle.snooze(conversation, until=TOMORROW, actor=actor, now=now)


#: What people and jobs can ask for, and where it leads.
VERBS = {
    "resolve": (lifecycle.resolve, RESOLVED, "conversation.resolved"),
    "close": (lifecycle.close, CLOSED, "conversation.closed"),
    "reopen": (lifecycle.reopen, NEW, "conversation.reopened"),
    "snooze": (snooze, SNOOZED, "conversation.snoozed"),
    "hold_by_bot": (lifecycle.hold_by_bot, BOT, "conversation.held_by_bot"),
}


def brought_to(status):
    """Return a conversation in this state, brought there by the verbs; Alice has what is open."""
    alice = make_agent()
    conversation = make_conversation(channel=make_channel(has_survey=True))
    if status in OPEN:
        assignments.give(
            conversation, owner=Ownership("manual", user_id=alice.pk), actor=SYSTEM, now=MORNING
        )
    if status == IN_PROGRESS:
        replies.queue_reply(conversation, author=alice, body="Hi!", actor=SYSTEM, now=MORNING)
    if status == BOT:
        lifecycle.hold_by_bot(conversation, actor=SYSTEM, now=MORNING)
    if status == SNOOZED:
        lifecycle.snooze(conversation, until=TOMORROW, actor=SYSTEM, now=MORNING)
    if status in {RESOLVED, CLOSED}:
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
    if status == CLOSED:
        lifecycle.close(conversation, actor=SYSTEM, now=MORNING)
    conversation.refresh_from_db()
    assert conversation.status == status
    alice.refresh_from_db()
    assert alice.load == (1 if status in OPEN else 0)
    return conversation, alice


def broken():
    return [invariant.__name__ for invariant in INVARIANTS if invariant().exists()]


class TestEveryMove:
    @pytest.mark.parametrize(("verb", "seen"), list(itertools.product(VERBS, Status)))
    def test_is_made_or_refused_as_the_table_says(self, verb, seen):
        run, wanted, event_type = VERBS[verb]
        conversation, alice = brought_to(seen)
        before = Event.objects.count()
        is_reopening_open = wanted == NEW and seen in OPEN

        if not is_move_allowed(seen, wanted) or is_reopening_open:
            with pytest.raises(IllegalTransitionError) as refusal:
                run(conversation, actor=SYSTEM, now=LATER)
            assert (refusal.value.current, refusal.value.wanted) == (seen, wanted)
            assert Event.objects.count() == before
            return

        moved = run(conversation, actor=SYSTEM, now=LATER)

        if seen == BOT and wanted == NEW:
            event_type = "conversation.handed_to_people"
        moved.refresh_from_db()
        assert moved.status == wanted
        event = Event.objects.filter(type=event_type).latest("pk")
        assert (event.data["from"], event.data["to"]) == (seen, wanted)
        alice.refresh_from_db()
        assert alice.load == 0
        assert not Assignment.objects.filter(ended_at=None).exists()
        assert (moved.routing_due_at is not None) == (wanted == NEW)
        assert (moved.snooze_due_at is not None) == (wanted == SNOOZED)
        assert (moved.close_due_at is not None) == (wanted == RESOLVED)
        assert (moved.resolved_at is not None) == (wanted in {RESOLVED, CLOSED})
        assert broken() == []

    @pytest.mark.parametrize("verb", VERBS)
    def test_is_made_once_however_often_it_is_asked_for(self, verb):
        run, _wanted, event_type = VERBS[verb]
        conversation, _alice = brought_to(RESOLVED if verb == "close" else BOT)
        if verb == "hold_by_bot":
            conversation, _alice = brought_to(NEW)
        if verb == "reopen":
            event_type = "conversation.handed_to_people"
        stale = Conversation.objects.get(pk=conversation.pk)
        run(conversation, actor=SYSTEM, now=LATER)

        with pytest.raises(IllegalTransitionError):
            run(stale, actor=SYSTEM, now=LATER)

        assert Event.objects.filter(type=event_type, conversation=conversation).count() == 1


class TestSnoozing:
    def test_frees_the_place_of_its_person_and_leaves_the_name_to_be_seen(self):
        conversation, alice = brought_to(IN_PROGRESS)
        snoozed = lifecycle.snooze(conversation, until=TOMORROW, actor=SYSTEM, now=LATER)
        alice.refresh_from_db()
        assert (alice.load, alice.offer_due_at) == (0, LATER)
        assert (snoozed.assignee, snoozed.snooze_due_at) == (alice, TOMORROW)
        assert Assignment.objects.get().end_reason == EndReason.SNOOZED

    def test_until_the_customer_writes_has_no_end_of_its_own(self):
        conversation, _alice = brought_to(NEW)
        snoozed = lifecycle.snooze(conversation, until=None, actor=SYSTEM, now=LATER)
        assert (snoozed.status, snoozed.snooze_due_at) == (SNOOZED, None)
        assert Event.objects.latest("pk").data["until"] is None

    @pytest.mark.parametrize(
        "until", [LATER, MORNING, LATER + lifecycle.SNOOZE_MAX + timedelta(seconds=1)]
    )
    def test_refuses_what_is_past_or_far_away(self, until):
        conversation, _alice = brought_to(NEW)
        with pytest.raises(SnoozeRefusedError):
            lifecycle.snooze(conversation, until=until, actor=SYSTEM, now=LATER)
        conversation.refresh_from_db()
        assert conversation.status == NEW

    def test_keeps_since_when_the_customer_waits(self):
        conversation, _alice = brought_to(NEW)
        lifecycle.snooze(conversation, until=TOMORROW, actor=SYSTEM, now=LATER)
        reopened = lifecycle.reopen(conversation, actor=SYSTEM, now=LATER)
        assert reopened.waiting_since == MORNING


class TestABot:
    def test_gets_what_nobody_had_yet(self):
        conversation = make_conversation(routing_due_at=MORNING)
        held = lifecycle.hold_by_bot(
            conversation, actor=SYSTEM, now=MORNING, event_data={"name": "Robo"}
        )
        assert (held.status, held.routing_due_at) == (BOT, None)
        assert Event.objects.latest("pk").data == {"from": NEW, "to": BOT, "name": "Robo"}

    def test_takes_it_from_its_person(self):
        conversation, _alice = brought_to(IN_PROGRESS)
        held = lifecycle.hold_by_bot(conversation, actor=SYSTEM, now=LATER)
        assert (held.assignee, held.team) == (None, None)
        assert Assignment.objects.get().end_reason == EndReason.BOT

    def test_hands_over_to_people_who_are_looked_for_at_once(self):
        conversation, _alice = brought_to(BOT)
        handed = lifecycle.hand_to_people(
            conversation, actor=SYSTEM, now=LATER, event_data={"reason": "asked_for"}
        )
        assert (handed.status, handed.routing_due_at, handed.waiting_since) == (NEW, LATER, LATER)
        event = Event.objects.latest("pk")
        assert event.type == "conversation.handed_to_people"
        assert event.data == {"from": BOT, "to": NEW, "reason": "asked_for"}

    @pytest.mark.parametrize("seen", sorted(set(Status) - {BOT}))
    def test_hands_over_only_what_it_has(self, seen):
        conversation, _alice = brought_to(seen)
        with pytest.raises(IllegalTransitionError):
            lifecycle.hand_to_people(conversation, actor=SYSTEM, now=LATER)

    @pytest.mark.parametrize("verb", [lifecycle.reopen, lifecycle.hold_by_bot])
    def test_or_a_person_cannot_revive_one_beside_a_newer_one(self, verb):
        channel, dora = make_channel(has_survey=True), make_contact()
        old = make_conversation(channel=channel, contact=dora)
        lifecycle.resolve(old, actor=SYSTEM, now=MORNING)
        make_conversation(channel=channel, contact=dora)
        with pytest.raises(ConversationMovedError):
            verb(old, actor=SYSTEM, now=LATER)
