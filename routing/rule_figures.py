"""How often rules decide, and how often a person had to correct them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from conversations.models import Assignment
from conversations.models.assignment import AssignmentKind
from routing.models import Decision, Rule

PERIOD = timedelta(days=7)
#: How people and other systems give a conversation to a team.
_BY_HAND = (AssignmentKind.MANUAL, AssignmentKind.TRANSFER)


def with_figures(rules: QuerySet[Rule], *, now: datetime) -> QuerySet[Rule]:
    """Return rules with `hits` and `moved` of the last seven days, and `last_hit_at`; one query.

    A hit is a decision that the rule made. It was moved if somebody gave the conversation to
    another team afterwards, by hand.
    """
    of_rule = Decision.objects.filter(rule_id=OuterRef("pk")).order_by()
    recent = of_rule.filter(decided_at__gt=now - PERIOD, decided_at__lte=now)
    newest = of_rule.order_by("-decided_at").values("decided_at")[:1]
    return rules.annotate(
        hits=_count(recent),
        moved=_count(recent.filter(Exists(_moved_by_hand()))),
        last_hit_at=Subquery(newest),
    )


def wrong_share(rule: Any) -> float | None:
    """Return which share of a rule's hits was moved, 0 to 1; None without hits.

    `rule` is one of `with_figures`.
    """
    return rule.moved / rule.hits if rule.hits else None


def _moved_by_hand() -> QuerySet[Assignment]:
    """Return what gave the conversation of the outer decision to another team later, by hand."""
    later = Assignment.objects.filter(
        conversation=OuterRef("conversation"),
        started_at__gt=OuterRef("decided_at"),
        kind__in=_BY_HAND,
        actor__isnull=False,
        team__isnull=False,
    )
    given = Assignment.objects.filter(pk=OuterRef(OuterRef("assignment"))).values("team")
    return later.annotate(given=Coalesce(Subquery(given), Value(0))).filter(~Q(team=F("given")))


def _count(decisions: QuerySet[Decision]) -> Coalesce:
    number = decisions.values("rule_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(number), 0)
