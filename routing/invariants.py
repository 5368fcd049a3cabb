"""What must be true of decisions at all times, as queries for whatever breaks it."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from channels.models import ChannelMember, Distribution
from conversations.models import Assignment, Conversation
from conversations.models.assignment import AssignmentKind
from conversations.states import OPEN, Status
from routing.engine.facts import Outcome
from routing.models import AiRun, AiTurn, Decision
from teams.models import Strategy, User

#: Assignments that look at capacity; the others may exceed it, and say so.
_BOUND = [AssignmentKind.RULE, AssignmentKind.STRATEGY, AssignmentKind.REASSIGN]


def automatic_assignments_without_a_decision() -> QuerySet[Assignment]:
    """What a decision assigned can be explained; taking one by answering is no decision."""
    return Assignment.objects.filter(decision__isnull=True).exclude(kind=AssignmentKind.CLAIM)


def decisions_that_assigned_nothing() -> QuerySet[Decision]:
    """A decision that says "assigned" has the assignment that it made."""
    return Decision.objects.filter(outcome=Outcome.ASSIGNED, assignment=None)


def people_over_capacity_by_automation() -> QuerySet[User]:
    """Nobody has more than their capacity unless a person or a rule that ignores it gave it."""
    given = (
        Assignment.objects.filter(user=OuterRef("pk"), ended_at=None)
        .exclude(kind__in=_BOUND)
        .values("user")
    )
    sequential = ChannelMember.objects.filter(
        user=OuterRef("pk"), channel__distribution=Distribution.SEQUENTIAL
    ).values("user")
    over: QuerySet[User] = User.objects.filter(capacity__isnull=False, load__gt=F("capacity"))
    return (
        over.annotate(excused=Coalesce(Subquery(given[:1]), Subquery(sequential[:1])))
        .filter(Q(excused=None))
        .exclude(teams__strategy=Strategy.DEFAULT_USER, teams__default_user=F("pk"))
    )


def open_work_of_people_who_left() -> QuerySet[Conversation]:
    """Whoever leaves hands over first: no customer waits for somebody who is not there."""
    rows: QuerySet[Conversation] = Conversation.objects.filter(status__in=OPEN)
    return rows.filter(assignee__is_active=False)


def conversations_that_no_bot_has() -> QuerySet[Conversation]:
    """What is with a bot is held by an AI agent, which comes back to it."""
    held = AiRun.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    return Conversation.objects.filter(~Exists(held), status=Status.BOT)


def customers_answered_twice() -> QuerySet[AiTurn]:
    """An AI agent's answers in one conversation each answer something that was not answered yet."""
    earlier = AiTurn.objects.filter(
        run__conversation=OuterRef("run__conversation"),
        last_sequence=OuterRef("last_sequence"),
        message__isnull=False,
        pk__lt=OuterRef("pk"),
    )
    return AiTurn.objects.filter(Exists(earlier), message__isnull=False)


INVARIANTS = [
    conversations_that_no_bot_has,
    customers_answered_twice,
    automatic_assignments_without_a_decision,
    decisions_that_assigned_nothing,
    people_over_capacity_by_automation,
    open_work_of_people_who_left,
]
