"""Stored facts name rows by integer keys; outside they are named by public ids."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Model, QuerySet

from teams.models import Team, User
from teams.queries import Query

#: The key in the facts -> the table that it points into.
Tables = Mapping[str, type[Model]]
PEOPLE_AND_TEAMS: Tables = {
    "user_id": User,
    "agent_id": User,
    "holder_id": User,
    "chosen_id": User,
    "cursor_user_id": User,
    "default_user_id": User,
    "asked_by_id": User,
    "team_id": Team,
}


class _Slot(NamedTuple):
    """A place in the facts that a public id goes into."""

    facts: dict[str, Any]
    name: str
    table: type[Model]
    key: int


def with_public_ids(
    facts: Iterable[Any], *, tables: Tables = PEOPLE_AND_TEAMS, known: Iterable[Model] = ()
) -> list[Any]:
    """Return the facts with public ids, at one query a table. Keys of other tables are left out.

    `known` are rows that need not be looked up.
    """
    slots: list[_Slot] = []
    shown = [_copy(value, tables, slots) for value in facts]
    ids = {(type(row), row.pk): str(row.public_id) for row in known}  # type: ignore[attr-defined]
    for table in {slot.table for slot in slots}:
        wanted = {slot.key for slot in slots if slot.table is table}
        ids |= _load(table, [key for key in sorted(wanted) if (table, key) not in ids])
    for slot in slots:
        slot.facts[slot.name] = ids.get((slot.table, slot.key))
    return shown


def _load(table: type[Model], keys: list[int]) -> dict[tuple[type[Model], int], str]:
    if not keys:
        return {}
    holes = 1 << (len(keys) - 1).bit_length()
    rows = _query(table, holes).rows(*keys, *keys[-1:] * (holes - len(keys)))
    return {(table, pk): str(public_id) for pk, public_id in rows}


@lru_cache(maxsize=64)
def _query(table: type[Model], holes: int) -> Query:
    """Return the query for so many keys: 1, 2, 4, 8 …, so that there are only a few of them."""

    def build(*keys: int) -> QuerySet[Any, Any]:
        rows = table._default_manager.filter(pk__in=keys)
        return rows.order_by().values_list("pk", "public_id")

    return Query(build, *range(1, holes + 1))


def _copy(value: Any, tables: Tables, slots: list[_Slot]) -> Any:
    """Return a copy that has a slot in place of each key of the tables."""
    if isinstance(value, list):
        return [_copy(inner, tables, slots) for inner in value]
    if not isinstance(value, dict):
        return value
    shown: dict[str, Any] = {}
    for name, inner in value.items():
        if not (name.endswith("_id") and _is_key(inner)):
            shown[name] = _copy(inner, tables, slots)
            continue
        table = _table(name, value, tables)
        if table is not None:
            shown[name] = None
            slots.append(_Slot(shown, name, table, inner))
    return shown


def _table(name: str, facts: dict[str, Any], tables: Tables) -> type[Model] | None:
    """Return where the key points to. A desk is a team or a channel: `desk_kind` says which."""
    if name == "desk_id":
        name = f"{facts.get('desk_kind')}_id"
    return tables.get(name)


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
