"""docs/events.md has a line for every type of event, and for no other."""

import re
from pathlib import Path

from conversations.event_types import EVENT_TYPES, TEST_TYPE

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| \S.* \|", re.MULTILINE)
IN_STATEMENTS = re.compile(r"'((?:conversation|message|contact|note|survey)\.[a-z_]+)'")


class TestTheTypes:
    def test_have_a_line_each_in_the_documentation(self) -> None:
        rows = ROW.findall((ROOT / "docs/events.md").read_text())
        assert sorted(rows) == sorted([*EVENT_TYPES, TEST_TYPE])

    def test_are_told_once_and_in_order(self) -> None:
        assert list(EVENT_TYPES) == sorted(set(EVENT_TYPES))

    def test_are_the_ones_that_the_hot_statements_write(self) -> None:
        """The type checker sees every other place where an event is born."""
        source = (ROOT / "conversations/statements/postgresql.py").read_text()
        assert set(IN_STATEMENTS.findall(source)) <= set(EVENT_TYPES)
