"""Which events an endpoint wants."""

import pytest

from channels.event_filters import find_unknown, is_wanted
from conversations.event_types import EVENT_TYPES


class TestAPattern:
    @pytest.mark.parametrize(
        ("patterns", "expected"),
        [
            ([], True),
            (["*"], True),
            (["message.received"], True),
            (["message.*"], True),
            (["survey.*", "message.received"], True),
            (["message"], False),
            (["message.rec"], False),
            (["mess.*"], False),
            (["message.received.*"], False),
            (["conversation.*"], False),
        ],
    )
    def test_wants_a_type_by_name_or_by_beginning(self, patterns, expected):
        assert is_wanted("message.received", patterns=patterns) is expected

    def test_that_fits_no_type_is_found(self):
        patterns = ["*", "message.*", "message.received", "massage.*", "message.recieved", ""]

        unknown = find_unknown(patterns, known=EVENT_TYPES)

        assert unknown == ["massage.*", "message.recieved", ""]
