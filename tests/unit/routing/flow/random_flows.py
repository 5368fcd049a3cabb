"""Random drafts of flows, right ones and wrong ones."""

from typing import Any

from hypothesis import strategies as some

NAMES = ["ask", "Ask ", "check", "thanks", "later", "to Support", "終わり", ""]
KINDS = [
    "message",
    "question",
    "condition",
    "update_contact",
    "team",
    "person",
    "delay",
    "ai_agent",
    "go_to",
    "end",
]
TEAM, GONE, RETIRED = "team-1", "team-2", "team-3"

names = some.sampled_from(NAMES)
#: Mostly the next in order, or a step by name, sometimes one that is not there.
ways = some.none() | some.sampled_from([*NAMES, "nowhere"])
texts = some.fixed_dictionaries(
    {"": some.sampled_from(["Hello", ""])}, optional={"ja": some.sampled_from(["やあ", ""])}
)
conditions = some.sampled_from(
    [
        {"field": "message.text", "operator": "contains", "value": "refund"},
        {"field": "message.text", "operator": "gt", "value": "refund"},
        {"field": "time.of_day", "operator": "gt", "value": "noon"},
    ]
)
paths = some.fixed_dictionaries(
    {
        "name": some.sampled_from(["yes", "Yes", "no", ""]),
        "conditions": some.lists(conditions, max_size=2),
        "next": ways,
    }
)
OWN: dict[str, dict[str, Any]] = {
    "message": {"text": texts, "wait": some.booleans(), "on_timeout": ways},
    "question": {"text": texts, "on_failed": ways, "on_timeout": ways},
    "condition": {"paths": some.lists(paths, max_size=3), "otherwise": ways},
    "team": {"team": some.sampled_from([TEAM, GONE, RETIRED, ""])},
    "person": {"person": some.just("person-1")},
    "ai_agent": {"ai_agent": some.just("ai-1")},
}


def steps_of_kind(kind: str) -> some.SearchStrategy[dict[str, Any]]:
    ahead = {} if kind in ("condition", "end") else {"next": ways}
    keys = {"name": names, "kind": some.just(kind), **ahead, **OWN.get(kind, {})}
    return some.fixed_dictionaries(keys)


def drafts() -> some.SearchStrategy[dict[str, Any]]:
    steps = some.one_of(*map(steps_of_kind, KINDS))
    return some.lists(steps, max_size=7).map(lambda found: {"steps": found})
