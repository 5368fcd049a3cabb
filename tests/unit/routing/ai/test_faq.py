"""Looking answers up."""

from datetime import UTC, datetime

import pytest

from routing.ai import faq
from routing.ai.base import Brief, Entry, HandOver, Line, Question, Reply, Speaker
from routing.engine.handovers import HandoverReason

HOURS = Entry("What are your opening hours?", "We are open 9 to 18.", ("open", "営業時間"))
RETURNS = Entry("How do I return a parcel?", "Within 30 days.", ("refund", "返品"))
SHIPPING = Entry("海外に発送できますか？", "はい、60か国に発送します。")
ENTRIES = (HOURS, RETURNS, SHIPPING)


def ask(*texts):
    at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    lines = [Line(Speaker.CUSTOMER, text, at, str(n)) for n, text in enumerate(texts)]
    brief = Brief(kind="faq", name="Fay", entries=ENTRIES)
    return faq.think(Question(brief, lines)).actions


class TestThink:
    @pytest.mark.parametrize(
        ("text", "entry"),
        [
            ("When are you OPEN?", HOURS),
            ("opening hours please", HOURS),
            ("営業時間を教えてください", HOURS),
            ("返品したい", RETURNS),
            ("I want to return my parcel", RETURNS),
            ("海外に発送してもらえますか", SHIPPING),
        ],
    )
    def test_answers_with_the_entry_that_fits(self, text, entry):
        assert ask(text) == (Reply(entry.answer),)

    @pytest.mark.parametrize(
        "text", ["My kettle exploded", "", "where is my order", "壊れました", "🎉"]
    )
    def test_hands_over_what_it_does_not_know(self, text):
        assert ask(text) == (HandOver(reason=HandoverReason.NO_ANSWER),)

    def test_reads_all_that_was_not_answered(self):
        assert ask("Hello", "refund?") == (Reply(RETURNS.answer),)

    def test_prefers_what_is_named_by_keyword(self):
        assert ask("return my parcel: what hours? refund!") == (Reply(RETURNS.answer),)

    def test_without_entries_hands_over(self):
        assert faq.best_entry("anything", ()) is None
