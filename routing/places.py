"""The rows behind the places where conversations go: their names and ids, one query a kind."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Model

from channels.models import Channel
from routing.engine.facts import TargetKind
from routing.engine.tally import Place
from routing.models import AiAgent, Flow
from teams.models import Team, User

TABLES: dict[str, type[Model]] = {
    TargetKind.TEAM: Team,
    TargetKind.PERSON: User,
    TargetKind.AI: AiAgent,
    TargetKind.FLOW: Flow,
    TargetKind.CHANNEL: Channel,
}


class Named(NamedTuple):
    public_id: UUID | None
    name: str


def look_up(places: Iterable[Place]) -> dict[Place, Named]:
    """Return what places are; those that are gone are left out."""
    by_kind: dict[str, set[int]] = {}
    for place in places:
        by_kind.setdefault(place.kind, set()).add(place.id)
    return {
        Place(kind, id): Named(public_id, name)
        for kind, ids in by_kind.items()
        for id, public_id, name in TABLES[kind]
        ._default_manager.filter(pk__in=ids)
        .values_list("pk", "public_id", "name")
    }
