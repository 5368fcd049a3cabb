"""What changed between two versions of a flow."""

from typing import Any

from hypothesis import given, settings

from routing.engine.flow.diff import How, compare
from tests.unit.routing.flow.random_flows import drafts

Draft = dict[str, Any]
ASK = {"name": "ask", "kind": "question", "text": {"": "Which order?"}}
THANK = {"name": "thank", "kind": "message", "text": {"": "Thanks"}}
OVER = {"name": "over", "kind": "end"}


def said(before: list[Draft], after: list[Draft]) -> list[tuple[How, str]]:
    return [(each.how, each.step) for each in compare({"steps": before}, {"steps": after})]


class TestCompare:
    def test_finds_what_is_new_and_what_is_gone(self) -> None:
        assert said([ASK, OVER], [ASK, THANK]) == [(How.ADDED, "thank"), (How.REMOVED, "over")]

    def test_finds_what_is_different_in_a_step(self) -> None:
        (change,) = compare({"steps": [ASK]}, {"steps": [{**ASK, "text": {"": "Which?"}}]})
        assert change.how == How.CHANGED
        assert change.details == (("text", {"": "Which order?"}, {"": "Which?"}),)

    def test_knows_a_step_again_by_what_it_does(self) -> None:
        (change,) = compare({"steps": [ASK]}, {"steps": [{**ASK, "name": "ask again"}]})
        assert (change.how, change.was, change.step) == (How.RENAMED, "ask", "ask again")

    def test_finds_the_fewest_that_moved(self) -> None:
        assert said([ASK, THANK, OVER], [OVER, ASK, THANK]) == [(How.MOVED, "over")]

    @settings(max_examples=100, deadline=None)
    @given(drafts(), drafts())
    def test_is_empty_only_where_nothing_is_different(self, one: Draft, other: Draft) -> None:
        assert compare(one, one) == []
        plain = [{**step, "name": step["name"].strip()} for step in one["steps"]]
        others = [{**step, "name": step["name"].strip()} for step in other["steps"]]
        assert bool(compare(one, other)) == (plain != others)
