"""How flows do: how many ran, how they ended, how long they took, and where they stand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q

from routing.models import Flow, FlowRun
from routing.models.flow import RunStatus

#: Figures are about so long before now.
RECENTLY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the runs that began within the last seven days; `live` and `stuck_at` are of now.

    `average` is from start to end of those that were completed. `stuck_at` is the step at which
    most are standing, and how many.
    """

    started: int = 0
    completed: int = 0
    expired: int = 0
    failed: int = 0
    canceled: int = 0
    average: timedelta | None = None
    live: int = 0
    stuck_at: tuple[str, int] | None = field(default=None)

    @property
    def ended(self) -> int:
        return self.completed + self.expired + self.failed + self.canceled


def load(flow: Flow, *, now: datetime) -> Figures:
    return load_all([flow.pk], now=now).get(flow.pk, Figures())


def load_all(flow_ids: Iterable[int], *, now: datetime) -> dict[int, Figures]:
    """Return the figures of these flows, in two queries."""
    wanted = list(flow_ids)
    recent = FlowRun.objects.filter(flow__in=wanted, started_at__gte=now - RECENTLY)
    ends = ("completed", "expired", "failed", "canceled")
    is_completed = Q(status=RunStatus.COMPLETED)
    rows: Iterable[Any] = (
        recent.order_by()
        .values("flow")
        .annotate(
            started=Count("pk"),
            average=Avg(F("ended_at") - F("started_at"), filter=is_completed),
            **{name: Count("pk", filter=Q(status=name)) for name in ends},
        )
    )
    counted = {row.pop("flow"): dict(row) for row in rows}
    stands = _stands(wanted)
    return {
        flow_id: Figures(
            **counted.get(flow_id, {}),
            live=sum(count for _step, count in stands.get(flow_id, ())),
            stuck_at=max(stands.get(flow_id, ()), key=lambda stand: stand[1], default=None),
        )
        for flow_id in wanted
    }


def _stands(flow_ids: list[int]) -> dict[int, list[tuple[str, int]]]:
    live = FlowRun.objects.filter(flow__in=flow_ids, ended_at=None).order_by()
    found: dict[int, list[tuple[str, int]]] = {}
    for flow_id, step, count in live.values_list("flow", "step").annotate(count=Count("pk")):
        found.setdefault(flow_id, []).append((step, count))
    return found
