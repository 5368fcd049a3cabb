"""The outline of a flow has each step once, and ends."""

from typing import Any

from hypothesis import given, settings

from routing.engine.flow import outline
from routing.engine.flow.outline import Line
from tests.unit.routing.flow.random_flows import drafts


def written(lines: tuple[Line, ...], depth: int = 0) -> list[str]:
    rows = []
    for line in lines:
        place = "end" if line.place is None else f"{line.place + 1} {line.name}"
        rows.append("  " * depth + place + (" again" if line.is_again else line.wanted and "?"))
        for branch in line.branches:
            rows.append("  " * depth + f"- {branch.label or branch.key}")
            rows.extend(written(branch.lines, depth + 1))
    return rows


def places(lines: tuple[Line, ...]) -> list[int]:
    found = []
    for line in lines:
        if line.place is not None and not line.is_again:
            found.append(line.place)
        for branch in line.branches:
            found.extend(places(branch.lines))
    return found


class TestDraw:
    def test_shows_where_a_condition_leads(self) -> None:
        steps = [
            {
                "name": "Is it a refund?",
                "kind": "condition",
                "paths": [{"name": "yes", "conditions": [], "next": None}],
                "otherwise": "To Support",
            },
            {"name": "Ask", "kind": "question", "on_timeout": "gone"},
            {"name": "To Support", "kind": "team"},
            {"name": "never", "kind": "end"},
        ]
        drawn = outline.draw({"steps": steps})
        assert written(drawn.lines) == [
            "1 Is it a refund?",
            "- yes",
            "  2 Ask",
            "  - on_timeout",
            "    end?",
            "  3 To Support",
            "  4 never",
            "- otherwise",
            "  3 To Support again",
        ]
        assert drawn.unreached == ()

    def test_of_nothing_is_empty(self) -> None:
        assert outline.draw({}) == outline.draw({"steps": []})

    @settings(max_examples=200, deadline=None)
    @given(drafts())
    def test_has_every_step_exactly_once(self, draft: dict[str, Any]) -> None:
        drawn = outline.draw(draft)
        assert sorted([*places(drawn.lines), *places(drawn.unreached)]) == list(
            range(len(draft["steps"]))
        )
