"""What is different between two sets of rules, and in the fewest moves."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.facts import ConditionSpec, RuleSpec, Target, TargetKind
from routing.engine.rule_diff import ChangeKind, Part, compare
from routing.engine.rule_sets import RuleRow, rows_from_json, rows_to_json, rules_from_json

TEAM = Target(TargetKind.TEAM, 1)
ASKS = (ConditionSpec("message.text", "contains", "refund"),)


def row(id: int = 1, **spec: object) -> RuleRow:
    return RuleRow(RuleSpec(id=id, name=f"Rule {id}", target=TEAM, conditions=ASKS, **spec))  # type: ignore[arg-type]


def rows(*ids: int) -> list[RuleRow]:
    return [row(id) for id in ids]


def moved(before: list[int], after: list[int]) -> list[int]:
    return [change.rule.spec.id for change in compare(rows(*before), rows(*after))]


class TestTheSameRules:
    def test_are_not_different(self) -> None:
        assert compare(rows(1, 2, 3), rows(1, 2, 3)) == ()

    def test_may_have_another_word_for_one_condition(self) -> None:
        assert compare([row(match="all")], [row(match="any")]) == ()

    def test_may_list_their_channels_otherwise(self) -> None:
        assert compare([row(channel_ids=(1, 2))], [row(channel_ids=(2, 1))]) == ()

    @pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
    def test_survive_being_stored(self, order: tuple[int, ...]) -> None:
        kept = [replace(each, note="Why", is_active=False) for each in rows(*order)]
        assert list(rows_from_json(rows_to_json(kept))) == kept

    def test_are_not_tried_where_they_are_off(self) -> None:
        stored = rows_to_json([row(1), replace(row(2), is_active=False)])
        assert [spec.id for spec in rules_from_json(stored)] == [1]


class TestOneRule:
    def test_is_new(self) -> None:
        (change,) = compare(rows(1), rows(1, 2))
        assert change.kind is ChangeKind.ADDED
        assert change.after is not None
        assert change.after.number == 2

    def test_is_gone(self) -> None:
        (change,) = compare(rows(1, 2), rows(2))
        assert (change.kind, change.rule.spec.id) == (ChangeKind.REMOVED, 1)

    @pytest.mark.parametrize(
        ("changed", "part"),
        [
            (replace(row(), note="Ask Alice"), Part.NOTE),
            (replace(row(), is_active=False), Part.SWITCH),
            (row(add_tags=("refund",)), Part.ACTIONS),
            (row(set_priority=5), Part.ACTIONS),
            (row(channel_ids=(7,)), Part.CONDITIONS),
            (replace(row(), spec=replace(row().spec, name="Money")), Part.NAME),
            (replace(row(), spec=replace(row().spec, conditions=())), Part.CONDITIONS),
            (
                replace(row(), spec=replace(row().spec, target=Target(TargetKind.PERSON, 1))),
                Part.ACTIONS,
            ),
        ],
    )
    def test_is_changed_in_one_part(self, changed: RuleRow, part: Part) -> None:
        (change,) = compare([row()], [changed])
        assert change.kind is ChangeKind.CHANGED
        assert change.parts == (part,)


class TestTheOrder:
    def test_names_the_one_that_moved(self) -> None:
        assert moved([1, 2, 3, 4], [4, 1, 2, 3]) == [4]
        assert moved([1, 2, 3, 4], [2, 3, 4, 1]) == [1]

    def test_is_not_changed_by_what_is_new_or_gone(self) -> None:
        changes = compare(rows(1, 2, 3), rows(9, 2, 3))
        assert [(c.rule.spec.id, c.kind) for c in changes] == [
            (9, ChangeKind.ADDED),
            (1, ChangeKind.REMOVED),
        ]

    @given(st.permutations(range(7)))
    def test_is_explained_by_the_fewest(self, after: list[int]) -> None:
        """The slow, obvious way: the largest set of rules that kept their order."""
        named = moved(list(range(7)), after)
        stayed = [id for id in after if id not in named]
        assert stayed == sorted(stayed)
        longer = itertools.combinations(after, len(stayed) + 1)
        assert not any(list(some) == sorted(some) for some in longer)
