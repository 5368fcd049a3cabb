"""What was set aside comes back: by its time, or because the customer writes."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Assignment, Event
from conversations.services import lifecycle, snoozing
from conversations.states import Status
from routing.models import Decision
from routing.services import assignment
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
TOMORROW = MORNING + timedelta(days=1)


def snoozed_by(person, *, until=TOMORROW, **fields):
    conversation = make_conversation(**fields)
    assignment.assign_to(conversation, person=person, actor=SYSTEM, now=MORNING)
    return lifecycle.snooze(conversation, until=until, actor=SYSTEM, now=MORNING)


class TestWaking:
    def test_waits_for_its_time_to_the_second(self):
        conversation = snoozed_by(make_agent())
        settle(now=TOMORROW - timedelta(seconds=1))
        conversation.refresh_from_db()
        assert conversation.status == Status.SNOOZED

        settle(now=TOMORROW)

        conversation.refresh_from_db()
        assert conversation.status == Status.NEW
        assert conversation.snooze_due_at is None

    def test_gives_it_back_to_the_same_person_even_beyond_their_capacity(self):
        alice = make_agent(capacity=1)
        conversation = snoozed_by(alice)
        assignment.assign_to(make_conversation(), person=alice, actor=SYSTEM, now=MORNING)

        settle(now=TOMORROW)

        conversation.refresh_from_db()
        alice.refresh_from_db()
        assert (conversation.assignee, alice.load) == (alice, 2)
        assert Assignment.objects.latest("pk").kind == "returned"
        assert not any(invariant().exists() for invariant in INVARIANTS)

    def test_is_told_once_and_explained(self):
        conversation = snoozed_by(make_agent())
        settle(now=TOMORROW)
        event = Event.objects.get(type="conversation.reopened", conversation=conversation)
        assert event.data == {"from": "snoozed", "to": "new", "because": "snooze_over"}
        assert event.actor_kind == "system"
        decision = Decision.objects.filter(conversation=conversation).latest("pk")
        assert [step["code"] for step in decision.steps] == ["woke_up", "previous_owner"]

    def test_looks_for_somebody_else_when_the_person_left(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = snoozed_by(alice, channel=make_channel(agents=(bob,)))
        alice.is_active = False
        alice.save(update_fields=["is_active"])

        settle(now=TOMORROW)

        conversation.refresh_from_db()
        assert conversation.assignee == bob

    def test_passes_over_a_mark_on_what_is_not_set_aside(self):
        conversation = make_conversation(snooze_due_at=MORNING)
        assert snoozing.wake_next(now=MORNING)
        assert not snoozing.wake_next(now=MORNING)
        conversation.refresh_from_db()
        assert (conversation.status, conversation.snooze_due_at) == (Status.NEW, None)

    def test_brings_back_its_team(self):
        alice = make_agent()
        team = make_team(members=(alice,))
        conversation = make_conversation()
        assignment.assign_to(conversation, team=team, actor=SYSTEM, now=MORNING)
        lifecycle.snooze(conversation, until=TOMORROW, actor=SYSTEM, now=MORNING)

        settle(now=TOMORROW)

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.team) == (alice, team)
