"""What a row of an import may not do, and what rows may not do together. Pure."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from teams.csv_columns import OWNER, Column, Directory
from teams.csv_sheet import Fault

AGENT = 1
#: How a new team chooses unless its row says otherwise.
CIRCLE = "round_robin"
#: Where somebody else of the team can be chosen when nobody answers.
REASSIGNING = frozenset({"round_robin", "least_busy", "shift"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row is about, and the values that it asks for."""

    line: int
    key: str
    values: Mapping[str, Any]


def check_team(
    key: str,
    *,
    current: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    directory: Directory,
) -> Iterator[Fault]:
    """Yield why a team may not become so."""
    if current is None and not after.get("name"):
        yield Fault("required", column="name")
    whole = {**(current or {}), **after}
    is_person_at_stake = after.keys() & {"strategy", "default_user"}
    needs_person = whole.get("strategy") == "default_user" and not whole.get("default_user")
    if is_person_at_stake and needs_person:
        yield Fault("default_user_missing", column="default_user")
    is_timer_at_stake = after.keys() & {"strategy", "is_reassigning"}
    has_timer = whole.get("is_reassigning", False)
    if is_timer_at_stake and has_timer and whole.get("strategy", CIRCLE) not in REASSIGNING:
        yield Fault("nobody_to_reassign_to", column="is_reassigning")


def check_person(
    key: str,
    *,
    current: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    directory: Directory,
) -> Iterator[Fault]:
    """Yield why a person may not become so, or not by whoever imports."""
    if current is None:
        if not after.get("name"):
            yield Fault("required", column="name")
        yield from _check_role(after.get("role", AGENT), directory)
        return
    faults: list[Fault] = []
    if "role" in after:
        faults += _check_new_role(key, current["role"], after["role"], directory)
    if after.get("is_active") is False:
        faults += _check_leaving(key, current["role"], directory)
    if after and not faults and current["role"] > directory.editor_role:
        faults.append(Fault("above_you"))
    yield from faults


def find_clashes(
    claims: Sequence[Claim],
    *,
    key_column: str,
    columns: Sequence[Column],
    directory: Directory,
) -> dict[int, list[Fault]]:
    """Return the faults of rows that name the same thing twice, or give one value to two things.

    Values are compared in the state that the whole file leads to: two people may swap their codes.
    """
    found: dict[int, list[Fault]] = {}
    for index, fault in _repeated_keys(claims, key_column, directory):
        found.setdefault(index, []).append(fault)
    for column in columns:
        if column.is_unique:
            for index, fault in _repeated_values(claims, column.name, directory):
                found.setdefault(index, []).append(fault)
    return found


def _check_new_role(key: str, before: int, after: int, directory: Directory) -> Iterator[Fault]:
    if before == OWNER:
        yield Fault("owner_keeps_role", column="role")
    elif key == directory.editor_key:
        yield Fault("oneself", column="role")
    else:
        yield from _check_role(after, directory)


def _check_role(role: int, directory: Directory) -> Iterator[Fault]:
    if role == OWNER:
        yield Fault("one_owner", column="role")
    elif role > directory.editor_role:
        yield Fault("role_above_yours", column="role")


def _check_leaving(key: str, role: int, directory: Directory) -> Iterator[Fault]:
    if role == OWNER:
        yield Fault("owner_stays", column="is_active")
    elif key == directory.editor_key:
        yield Fault("oneself", column="is_active")
    elif directory.loads.get(key):
        facts = {"count": directory.loads[key]}
        yield Fault("has_open_work", column="is_active", facts=facts)


def _repeated_keys(
    claims: Sequence[Claim], column: str, directory: Directory
) -> Iterator[tuple[int, Fault]]:
    places: dict[str, list[int]] = {}
    for index, claim in enumerate(claims):
        if claim.key:
            places.setdefault(_identity(claim.key, directory), []).append(index)
    for indexes in places.values():
        yield from _name_each_other(claims, indexes, code="repeated_row", column=column)


def _identity(key: str, directory: Directory) -> str:
    """Return what two rows share if they mean the same thing: new keys only look different."""
    return key if key in directory.rows else unicodedata.normalize("NFKC", key).casefold()


def _repeated_values(
    claims: Sequence[Claim], column: str, directory: Directory
) -> Iterator[tuple[int, Fault]]:
    moving = {claim.key for claim in claims if column in claim.values}
    kept = {row[column]: key for key, row in directory.rows.items() if key not in moving}
    places: dict[Any, list[int]] = {}
    for index, claim in enumerate(claims):
        value = claim.values.get(column)
        if value is None:
            continue
        places.setdefault(value, []).append(index)
        if value in kept:
            yield index, Fault("taken", claim.line, column, {"other": kept[value]})
    for indexes in places.values():
        yield from _name_each_other(claims, indexes, code="repeated_value", column=column)


def _name_each_other(
    claims: Sequence[Claim], indexes: Sequence[int], *, code: str, column: str
) -> Iterator[tuple[int, Fault]]:
    if len(indexes) == 1:
        return
    for index in indexes:
        other = indexes[0] if index != indexes[0] else indexes[1]
        yield index, Fault(code, claims[index].line, column, {"line": claims[other].line})
