"""Owners, history and loads are written together or not at all."""

import pytest
from django.db import transaction

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Assignment, Event
from conversations.models.assignment import AssignmentKind, EndReason
from conversations.services import assignments, lifecycle
from conversations.services.assignments import AssignmentLostError, Ownership
from conversations.states import IllegalTransitionError, Status
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def _invariants_hold(db):
    yield
    for invariant in INVARIANTS:
        if invariant.__name__ in {"conversations_that_nobody_will_look_at"}:
            continue  # these tests make conversations without marks
        assert not list(invariant()), invariant.__name__


class TestGive:
    def test_counts_and_remembers(self):
        alice, support = make_agent(capacity=5), make_team()
        conversation = make_conversation()
        owner = Ownership(AssignmentKind.STRATEGY, alice.pk, support.pk, load_limit=5)

        assignment = assignments.give(conversation, owner=owner, actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        alice.refresh_from_db()
        assert (conversation.assignee, conversation.team) == (alice, support)
        assert (alice.load, alice.last_assigned_at) == (1, MORNING)
        stored = Assignment.objects.get(pk=assignment.pk)
        assert (stored.user, stored.kind, stored.ended_at) == (alice, "strategy", None)
        assert Event.objects.get().type == "conversation.assigned"

    def test_to_somebody_who_is_full_changes_nothing(self):
        alice = make_agent(capacity=0)
        conversation = make_conversation()
        owner = Ownership(AssignmentKind.STRATEGY, alice.pk, load_limit=0)

        with pytest.raises(AssignmentLostError), transaction.atomic():
            assignments.give(conversation, owner=owner, actor=SYSTEM, now=MORNING)

        alice.refresh_from_db()
        assert alice.load == 0

    def test_that_somebody_else_won_changes_nothing(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = make_conversation()
        seen_too_early = type(conversation).objects.get(pk=conversation.pk)
        first = Ownership(AssignmentKind.STRATEGY, alice.pk)
        assignments.give(conversation, owner=first, actor=SYSTEM, now=MORNING)

        second = Ownership(AssignmentKind.STRATEGY, bob.pk)
        with pytest.raises(AssignmentLostError), transaction.atomic():
            assignments.give(seen_too_early, owner=second, actor=SYSTEM, now=MORNING)

        bob.refresh_from_db()
        assert bob.load == 0

    def test_to_a_team_waits_there(self):
        support = make_team()
        conversation = make_conversation()
        owner = Ownership(AssignmentKind.RULE, team_id=support.pk, tags=("refund",), priority=3)

        assignments.give(conversation, owner=owner, actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.team) == (None, support)
        assert (conversation.tags, conversation.priority) == (["refund"], 3)


class TestTakeBack:
    def test_frees_the_place_and_marks_the_person(self):
        alice = make_agent()
        conversation = make_conversation()
        owner = Ownership(AssignmentKind.STRATEGY, alice.pk)
        assignments.give(conversation, owner=owner, actor=SYSTEM, now=MORNING)
        conversation.refresh_from_db()

        assignments.take_back(conversation, reason=EndReason.UNASSIGNED, actor=SYSTEM, now=MORNING)

        alice.refresh_from_db()
        assert (alice.load, alice.offer_due_at) == (0, MORNING)
        assert Assignment.objects.get().end_reason == "unassigned"
        assert conversation.assignee is None

    def test_of_nothing_is_nothing(self):
        conversation = make_conversation()

        assignments.take_back(conversation, reason=EndReason.UNASSIGNED, actor=SYSTEM, now=MORNING)

        assert not Event.objects.exists()


class TestResolve:
    def assigned(self, alice, **channel):
        conversation = make_conversation(channel=make_channel(**channel))
        owner = Ownership(AssignmentKind.STRATEGY, alice.pk)
        assignments.give(conversation, owner=owner, actor=SYSTEM, now=MORNING)
        return conversation

    def test_frees_the_person_and_keeps_the_credit(self):
        alice = make_agent()
        conversation = self.assigned(alice)

        conversation = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        alice.refresh_from_db()
        assert alice.load == 0
        assert conversation.assignee == alice
        assert Assignment.objects.get().end_reason == "resolved"

    def test_closes_at_once_without_a_survey(self):
        conversation = self.assigned(make_agent())

        conversation = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        assert conversation.status == Status.CLOSED

    def test_twice_is_refused_naming_both_states(self):
        conversation = self.assigned(make_agent(), has_survey=True)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        with pytest.raises(IllegalTransitionError, match="resolved cannot become resolved"):
            lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

    def test_can_be_undone_by_reopening(self):
        alice = make_agent()
        conversation = self.assigned(alice, has_survey=True)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        conversation = lifecycle.reopen(conversation, actor=SYSTEM, now=MORNING)

        assert conversation.status == Status.NEW
        assert conversation.routing_due_at == MORNING
        assert conversation.assignee is None
