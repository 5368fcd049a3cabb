"""Stored facts name rows by integer keys; outside they are named by public ids."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

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


def with_public_ids(facts: Iterable[Any], *, tables: Tables = PEOPLE_AND_TEAMS) -> list[Any]:
    """Return the facts with public ids, at one query a table. Keys of other tables are left out."""
    values = list(facts)
    wanted: dict[type[Model], set[int]] = {}
    for table, key in _walk(values, tables):
        wanted.setdefault(table, set()).add(key)
    known = {table: _load(table, keys) for table, keys in wanted.items()}
    return [_translate(value, tables, known) for value in values]


def _load(table: type[Model], keys: set[int]) -> dict[int, str]:
    asked = sorted(keys)
    holes = 1 << (len(asked) - 1).bit_length()
    rows = _query(table, holes).rows(*asked, *asked[-1:] * (holes - len(asked)))
    return {pk: str(public_id) for pk, public_id in rows}


@lru_cache(maxsize=64)
def _query(table: type[Model], holes: int) -> Query:
    """Return the query for so many keys: 1, 2, 4, 8 …, so that there are only a few of them."""

    def build(*keys: int) -> QuerySet[Any, Any]:
        rows = table._default_manager.filter(pk__in=keys)
        return rows.order_by().values_list("pk", "public_id")

    return Query(build, *range(1, holes + 1))


def _walk(value: Any, tables: Tables) -> Iterator[tuple[type[Model], int]]:
    if isinstance(value, list):
        for inner in value:
            yield from _walk(inner, tables)
    elif isinstance(value, dict):
        for name, inner in value.items():
            table = _table(name, value, tables)
            if table is not None and _is_key(inner):
                yield table, inner
            yield from _walk(inner, tables)


def _translate(value: Any, tables: Tables, known: dict[type[Model], dict[int, str]]) -> Any:
    if isinstance(value, list):
        return [_translate(inner, tables, known) for inner in value]
    if not isinstance(value, dict):
        return value
    shown = {}
    for name, inner in value.items():
        if not (name.endswith("_id") and _is_key(inner)):
            shown[name] = _translate(inner, tables, known)
            continue
        table = _table(name, value, tables)
        if table is not None:
            shown[name] = known[table].get(inner)
    return shown


def _table(name: str, facts: dict[str, Any], tables: Tables) -> type[Model] | None:
    """Return where the key points to. A desk is a team or a channel: `desk_kind` says which."""
    if name == "desk_id":
        name = f"{facts.get('desk_kind')}_id"
    return tables.get(name)


def _is_key(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
