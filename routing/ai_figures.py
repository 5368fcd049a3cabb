"""How well AI agents do: what they solved, what they gave to people, and what went wrong.

A stretch is the time that an AI agent had a conversation, until it was resolved or a person had it.
Solved: it was resolved, the AI agent had answered, no person had, and the customer did not come
back to it within 72 hours. One that was set aside has not ended and is not counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
)

from conversations.models import Event, Message
from conversations.models.message import AuthorKind
from routing.models import AiAgent, AiRun, AiTurn, RunEnd
from routing.models.ai_agent import MAY_RETURN

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: Whoever comes back within this time was not helped.
COMES_BACK_WITHIN = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a week; `errors` of a day, and `last_error` the code of the latest of them."""

    ended: int
    solved: int
    handed: int
    errors: int
    last_error: str

    @property
    def solved_share(self) -> int | None:
        """In per cent; None where nothing has ended."""
        return round(100 * self.solved / self.ended) if self.ended else None

    @property
    def handed_share(self) -> int | None:
        return round(100 * self.handed / self.ended) if self.ended else None


def load_figures(*, at: datetime, agent: AiAgent | None = None) -> Figures:
    """Return how one AI agent does, or all of them together."""
    whose = Q() if agent is None else Q(ai_agent=agent)
    counts = (
        ended_lately(at=at)
        .filter(whose)
        .order_by()
        .aggregate(
            ended=Count("pk"),
            solved=Count("pk", filter=Q(is_solved=True)),
            handed=Count("pk", filter=~Q(end_reason__in=MAY_RETURN)),
        )
    )
    errors = failed_lately(at=at).filter(whose)
    last = errors.order_by("-pk").values_list("error", flat=True).first()
    return Figures(**counts, errors=errors.count(), last_error=last or "")


def ended_lately(*, at: datetime) -> QuerySet[AiRun]:
    """Return the stretches that ended within a week, each with `is_solved`."""
    ended = AiRun.objects.filter(ended_at__gte=at - WEEK, ended_at__lte=at)
    return ended.exclude(end_reason=RunEnd.SNOOZED).annotate(is_solved=_is_solved())


def solved_lately(*, at: datetime) -> QuerySet[AiRun]:
    return ended_lately(at=at).filter(Q(is_solved=True))


def handed_lately(*, at: datetime) -> QuerySet[AiRun]:
    return ended_lately(at=at).exclude(end_reason__in=MAY_RETURN)


def failed_lately(*, at: datetime) -> QuerySet[AiTurn]:
    """Return the tries of a day that came to nothing."""
    return AiTurn.objects.filter(started_at__gte=at - DAY, started_at__lte=at).exclude(error="")


def _is_solved() -> Q:
    came_back = Event.objects.filter(
        conversation=OuterRef("conversation"),
        type="conversation.reopened",
        occurred_at__gt=OuterRef("started_at"),
        occurred_at__lte=ExpressionWrapper(
            OuterRef("ended_at") + COMES_BACK_WITHIN, output_field=DateTimeField()
        ),
    )
    by_people = Message.objects.filter(
        conversation=OuterRef("conversation"),
        direction="outbound",
        author_kind=AuthorKind.AGENT,
        created_at__gte=OuterRef("started_at"),
        created_at__lte=OuterRef("ended_at"),
    )
    resolved = Q(end_reason=RunEnd.RESOLVED, turns__gt=0)
    return resolved & ~Q(Exists(came_back)) & ~Q(Exists(by_people))
