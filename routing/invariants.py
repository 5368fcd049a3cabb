"""What must be true of decisions at all times, as queries for whatever breaks it."""

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from channels.models import ChannelMember, Distribution
from conversations.models import Assignment, Conversation
from conversations.models.assignment import AssignmentKind
from conversations.states import OPEN, Status
from routing.engine.facts import Outcome
from routing.models import AiRun, AiTurn, Decision, FlowRun, FlowRunStep
from teams.models import Strategy, User

#: Assignments that look at capacity; the others may exceed it, and say so.
_BOUND = [
    AssignmentKind.RULE,
    AssignmentKind.STRATEGY,
    AssignmentKind.REASSIGN,
    AssignmentKind.CALLBACK,
]


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
    """What is with a bot is held by an AI agent or a flow, which comes back to it."""
    held = AiRun.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    flows = FlowRun.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    return Conversation.objects.filter(~Exists(held), ~Exists(flows), status=Status.BOT)


def flows_in_conversations_of_others() -> QuerySet[FlowRun]:
    """A flow goes on where a bot has the conversation; elsewhere its end is due."""
    live = FlowRun.objects.filter(ended_at=None).exclude(conversation__status=Status.BOT)
    return live.filter(conversation__bot_left_at=None)


def conversations_of_two_bots() -> QuerySet[FlowRun]:
    """Where a flow goes on, no AI agent answers."""
    answering = AiRun.objects.filter(conversation=OuterRef("conversation"), ended_at=None)
    return FlowRun.objects.filter(Exists(answering), ended_at=None)


def runs_whose_steps_do_not_add_up() -> QuerySet[FlowRun]:
    """Each step of a run is written down once, in their order and without a gap."""
    log = FlowRunStep.objects.filter(run=OuterRef("pk")).order_by().values("run")
    counted = log.annotate(n=Count("pk")).values("n")
    last = log.annotate(last=Max("position")).values("last")
    return FlowRun.objects.annotate(
        logged=Coalesce(Subquery(counted), 0), last=Coalesce(Subquery(last), 0)
    ).exclude(logged=F("step_count"), last=F("step_count"))


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
    flows_in_conversations_of_others,
    conversations_of_two_bots,
    runs_whose_steps_do_not_add_up,
    customers_answered_twice,
    automatic_assignments_without_a_decision,
    decisions_that_assigned_nothing,
    people_over_capacity_by_automation,
    open_work_of_people_who_left,
]
