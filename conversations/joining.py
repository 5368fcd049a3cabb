"""What becomes of a contact's data when another one is joined to it, and back. Pure.

Data is a mapping with `name`, `phone`, `language`, `tags`, `attributes`, `permanent_agent_id`.
"""

from collections.abc import Mapping
from typing import Any

Data = Mapping[str, Any]
#: Field -> (before, after).
Changes = dict[str, tuple[Any, Any]]

#: What the target has stays; what it lacks comes from the source.
SINGLE = ("name", "phone", "language", "permanent_agent_id")
FIELDS = (*SINGLE, "tags", "attributes")


def join(target: Data, source: Data) -> Changes:
    """Return what changes in the target when the source is joined to it."""
    joined: dict[str, Any] = {name: target[name] or source[name] for name in SINGLE}
    joined["tags"] = list(dict.fromkeys([*target["tags"], *source["tags"]]))
    joined["attributes"] = {**source["attributes"], **target["attributes"]}
    return {name: (target[name], joined[name]) for name in FIELDS if joined[name] != target[name]}


def part(now: Data, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the target's fields are when the join is undone.

    What somebody changed since stays: only what the join had brought goes away.
    """
    parted: dict[str, Any] = {}
    for name, (before, after) in changes.items():
        if name == "tags":
            new = set(after) - set(before)
            parted[name] = [tag for tag in now[name] if tag not in new]
        elif name == "attributes":
            brought = {key: value for key, value in after.items() if key not in before}
            parted[name] = {
                key: value
                for key, value in now[name].items()
                if key not in brought or brought[key] != value
            }
        elif now[name] == after:
            parted[name] = before
    return {name: value for name, value in parted.items() if value != now[name]}
