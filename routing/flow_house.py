"""What the steps of flows name: whether it is there, and may be used now."""

from collections.abc import Iterable
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from channels.models import Template
from channels.models.template import TemplateStatus
from routing.engine.flow import graph
from routing.engine.flow.problems import TARGETS, House
from routing.models import AiAgent
from teams.models import Team, User

#: By the key of a step that names one.
MODELS: dict[str, type[Any]] = {
    "team": Team,
    "person": User,
    "ai_agent": AiAgent,
    "template": Template,
}


def load_house(*documents: Any) -> House:
    """Return what the steps of these documents name, in at most four queries."""
    named = named_by(*documents)
    usable = {key: _usable(key, named[key]) for key in MODELS}
    return House(usable["team"], usable["person"], usable["ai_agent"], usable["template"])


def named_by(*documents: Any) -> dict[str, set[str]]:
    """Return the public ids that the steps of these documents name, by key."""
    named: dict[str, set[str]] = {key: set() for key in MODELS}
    for step in chain.from_iterable(map(graph.steps_of, documents)):
        key = TARGETS.get(graph.kind_of(step))
        if key and (public_id := graph.text_at(step, key)):
            named[key].add(public_id)
    return named


def titles_of(*documents: Any) -> dict[str, str]:
    """Return the names of whatever the steps of these documents name, by public id."""
    titles: dict[str, str] = {}
    named = named_by(*documents)
    for key, model in MODELS.items():
        wanted = [each for each in named[key] if is_id(each)]
        if wanted:
            rows = model._default_manager.filter(public_id__in=wanted)
            titles |= {str(row.public_id): str(row) for row in rows}
    return titles


def offered(key: str) -> QuerySet[Any]:
    """Return the rows that a step may name, by name."""
    rows: QuerySet[Any] = MODELS[key]._default_manager.order_by("name", "pk")
    if key == "template":
        return rows.filter(status=TemplateStatus.APPROVED, removed_at=None)
    return rows if key == "ai_agent" else rows.filter(is_active=True)


def _usable(key: str, public_ids: Iterable[str]) -> dict[str, bool]:
    wanted = [each for each in public_ids if is_id(each)]
    if not wanted:
        return {}
    rows = MODELS[key]._default_manager.filter(public_id__in=wanted)
    return {str(row.public_id): _is_usable(row) for row in rows}


def _is_usable(row: Any) -> bool:
    if isinstance(row, Template):
        return row.status == TemplateStatus.APPROVED and row.removed_at is None
    return bool(row.is_running if isinstance(row, AiAgent) else row.is_active)


def is_id(text: str) -> bool:
    """Say whether a text is written as our public ids are."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
