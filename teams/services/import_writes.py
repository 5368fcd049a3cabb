"""Writing the rows of a plan, many at a time: as often as one by one for ten thousand of them."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Model, QuerySet

from teams.csv_plan import Change, PlannedRow, RowKind
from teams.directory_rows import FIELD_OF
from teams.models import Team, User
from teams.services import memberships

#: Lets one person leave. What that takes is known above: contacts and conversations are not ours.
Leave = Callable[[User], object]

BATCH = 500
#: Columns whose values no two people share. A code may move from one person to another.
UNIQUE = ("user_code", "external_id")
#: With these a person may become able to take what waits.
ROOM = frozenset({"capacity", "is_active", "is_receiving"})


def lock_teams(codes: Iterable[str]) -> None:
    """Hold these teams until the transaction ends. Teams are locked before people."""
    _lock(Team.objects.filter(code__in=set(codes)))


def lock_people(emails: Iterable[str]) -> None:
    _lock(User.objects.filter(email__in=set(emails)))


def write_teams(rows: Sequence[PlannedRow]) -> None:
    """Create and change the teams of a plan."""
    named = {row.value("default_user") for row in rows} - {None}
    people = dict(User.objects.filter(email__in=named).values_list("email", "pk"))

    def build(row: PlannedRow) -> Team:
        fields = {one.column: one.value for one in row.changes}
        if "default_user" in fields:
            fields["default_user_id"] = people.get(fields.pop("default_user"))
        return Team(code=row.key, **fields)

    new = [build(row) for row in rows if row.kind == RowKind.NEW]
    Team.objects.bulk_create(sorted(new, key=lambda team: team.code), batch_size=BATCH)
    for columns, alike in _alike(rows):
        _overwrite([build(row) for row in alike], key="code", fields=columns)


def write_people(rows: Sequence[PlannedRow], *, leave: Leave, now: datetime) -> None:
    """Create and change the people of a plan, put them into their teams, and let some leave."""
    new = [_build_person(row) for row in rows if row.kind == RowKind.NEW]
    _free_unique_values(rows)
    User.objects.bulk_create(sorted(new, key=lambda user: user.email), batch_size=BATCH)
    for columns, alike in _alike(rows, apart=_is_more_than_a_value):
        fields = [FIELD_OF.get(name, name) for name in columns]
        _overwrite([_build_person(row) for row in alike], key="email", fields=fields)
    keys = dict(User.objects.filter(email__in=_keys(rows)).values_list("email", "pk"))
    _put_into_teams(rows, keys, now=now)
    with_room = [keys[row.key] for row in rows if {one.column for one in row.changes} & ROOM]
    User.objects.filter(pk__in=with_room, is_active=True).update(offer_due_at=now)
    for user in User.objects.filter(email__in=_leavers(rows)).order_by("pk"):
        leave(user)


def _build_person(row: PlannedRow) -> User:
    fields = {
        FIELD_OF.get(one.column, one.column): one.value
        for one in row.changes
        if one.column != "team_codes"
    }
    is_new = row.kind == RowKind.NEW
    # Nobody signs in with it. What is only overwritten keeps the password that it has.
    password = UNUSABLE_PASSWORD_PREFIX + (secrets.token_urlsafe(30) if is_new else "")
    return User(email=row.key, password=password, **fields)


def _free_unique_values(rows: Sequence[PlannedRow]) -> None:
    """Take codes away from whoever gets another one, so that two people can swap theirs."""
    for column in UNIQUE:
        moving = [row.key for row in rows if row.value(column, ...) is not ...]
        User.objects.filter(email__in=moving).update(**{FIELD_OF.get(column, column): None})


def _put_into_teams(rows: Sequence[PlannedRow], keys: Mapping[str, int], *, now: datetime) -> None:
    codes = {row.key: row.value("team_codes") for row in rows}
    teams = dict(Team.objects.values_list("code", "pk"))
    wanted = {
        keys[key]: frozenset(teams[code] for code in theirs)
        for key, theirs in codes.items()
        if theirs is not None
    }
    if wanted:
        memberships.replace_teams(wanted, now=now)


def _alike(
    rows: Sequence[PlannedRow], *, apart: Callable[[Change], bool] = lambda change: False
) -> list[tuple[list[str], list[PlannedRow]]]:
    """Return the changed rows by the columns that they change: each kind is one statement."""
    groups: dict[tuple[str, ...], list[PlannedRow]] = {}
    for row in rows:
        columns = tuple(one.column for one in row.changes if not apart(one))
        if row.kind == RowKind.CHANGED and columns:
            groups.setdefault(columns, []).append(row)
    return [(list(columns), alike) for columns, alike in groups.items()]


def _is_more_than_a_value(change: Change) -> bool:
    return change.column == "team_codes" or _is_leaving(change)


def _is_leaving(change: Change) -> bool:
    return change.column == "is_active" and change.value is False


def _overwrite(rows: Sequence[Model], *, key: str, fields: Sequence[str]) -> None:
    """Write these columns of rows that exist, found by their key, and no others."""
    kind = type(rows[0])
    kind._default_manager.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=[key], update_fields=fields
    )


def _leavers(rows: Sequence[PlannedRow]) -> list[str]:
    changed = (row for row in rows if row.kind == RowKind.CHANGED)
    return [row.key for row in changed if any(map(_is_leaving, row.changes))]


def _keys(rows: Sequence[PlannedRow]) -> list[str]:
    return [row.key for row in rows if row.changes]


def _lock(rows: QuerySet[Any]) -> None:
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
