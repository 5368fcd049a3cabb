"""Explanations as people read them, on a page and in a terminal."""

import pytest
from django.utils import translation

from routing.engine import serial
from routing.engine.decide import decide
from routing.engine.facts import Strategy
from routing.models import Decision
from routing.rendering import (
    LOOKS,
    fold,
    render_answer,
    render_decision,
    render_rule,
    render_steps,
    render_text,
)
from tests.moments import WEDNESDAY_MORNING
from tests.unit.routing.builders import (
    ALICE,
    BOB,
    SUPPORT,
    candidate,
    condition,
    desk,
    open_only,
    rule,
    situation,
)

pytestmark = pytest.mark.usefixtures("language_en")


def decided(*rules, **seen):
    """Return a decision as it is stored; Support has Alice, busy, and Bob."""
    support = desk(candidate(ALICE, load=2), candidate(BOB, load=1), strategy=Strategy.LEAST_BUSY)
    answer = decide(situation(**seen), rules=rules, open_desk=open_only(support))
    return Decision(
        trigger="inbound",
        outcome=answer.outcome,
        steps=serial.steps_to_json(answer.steps),
        answer=serial.answer_to_json(answer),
        decided_at=WEDNESDAY_MORNING,
    )


def unmatched(count):
    return [rule(condition("refund"), id=n, name=f"Refund {n}") for n in range(1, count + 1)]


class TestADecisionOnAPage:
    def test_has_a_question_and_numbered_steps(self):
        rendered = render_decision(decided(rule(condition(), name="Broken")))
        assert rendered.heading == "Why Bob?"
        assert [(step.seq, step.outcome_word, step.text) for step in rendered.trail] == [
            (1, "noted", "A message came in on WhatsApp Tokyo."),
            (2, "matched", "Rule “Broken” matched: the message contains broken."),
            (3, "matched", "Least busy of Support: Bob."),
        ]
        assert list(map(str, rendered.trail[-1].details)) == ["Bob has 1 of 5", "Alice has 2 of 5"]
        assert rendered.decided_at == WEDNESDAY_MORNING

    def test_is_the_same_before_it_is_stored(self):
        decision = decided(rule())
        answer = serial.answer_from_json(decision.answer, steps=decision.steps)
        assert render_answer(answer).trail == render_decision(decision).trail

    def test_has_an_icon_and_a_word_for_every_outcome(self):
        rendered = render_decision(decided(*unmatched(1)))
        assert {step.icon_name for step in rendered.trail} <= {"dot", "check", "dash", "alert"}
        assert all(step.outcome_word for step in rendered.trail)
        assert set(LOOKS) == {"noted", "matched", "no", "attention", "error"}

    def test_begins_a_detail_with_a_capital(self):
        rendered = render_decision(decided(rule(condition(), condition("saddle"))))
        details = [detail.text for step in rendered.trail for detail in step.details]
        assert "The message contains broken" in details

    @pytest.mark.parametrize(("text", "shown"), [("a\x1b[2Jb", "a [2Jb"), ("a\u202eb", "a b")])
    def test_shows_no_sign_that_would_change_how_the_rest_is_shown(self, text, shown):
        rendered = render_decision(decided(rule(condition("refund"), name="R"), text=text))
        assert rendered.steps[1].text == (
            f"Rule “R” did not match: the message “{shown}” does not contain refund."
        )

    def test_leaves_emoji_whole(self):
        rendered = render_decision(decided(*unmatched(1), text="👩‍🔧"))
        assert "👩‍🔧" in rendered.steps[1].text


class TestRulesThatDidNotMatch:
    def test_are_shown_one_by_one_up_to_three(self):
        rendered = render_decision(decided(*unmatched(3), rule(id=9)))
        assert [step.folded for step in rendered.trail] == [()] * len(rendered.steps)

    def test_fold_into_one_line_beyond_three(self):
        rendered = render_decision(decided(*unmatched(4), rule(id=9)))
        texts = [step.text for step in rendered.trail]
        assert texts[1] == "4 rules did not match."
        assert len(texts) == len(rendered.steps) - 3
        assert [step.seq for step in rendered.trail[1].folded] == [2, 3, 4, 5]
        assert "Refund 1" in rendered.trail[1].folded[0].text

    def test_fold_only_with_their_neighbours(self):
        first, *others = unmatched(4)
        steps = render_decision(decided(first, rule(id=8, target=SUPPORT), *others)).steps
        assert fold(steps) == list(steps)  # the second rule took it: one is left

    def test_are_all_there_for_programs(self):
        decision = decided(*unmatched(20))
        assert len(render_steps(decision.steps)) == len(decision.steps)


class TestADecisionInATerminal:
    def test_is_plain_lines(self):
        told = render_text(decided(*unmatched(4), rule(condition(), name="Broken")))
        assert told.splitlines() == [
            "Why Bob?",
            "  • A message came in on WhatsApp Tokyo.",
            "  – 4 rules did not match.",
            *(
                f"      – Rule “Refund {n}” did not match: "
                "the message “The saddle is broken.” does not contain refund."
                for n in range(1, 5)
            ),
            "  ✓ Rule “Broken” matched: the message contains broken.",
            "  ✓ Least busy of Support: Bob.",
            "      ✓ Bob has 1 of 5",
            "      • Alice has 2 of 5",
        ]


class TestARuleInAList:
    def test_reads_as_sentences(self):
        told = render_rule(rule(condition("壊れ, 返金")), names={SUPPORT: "Support"})
        assert told == ["If the message contains 壊れ or 返金", "→ Support"]


class TestOtherLanguages:
    @pytest.mark.parametrize("language", ["ja", "fr", "zh-hans"])
    def test_fill_the_same_holes(self, language):
        with translation.override(language):
            rendered = render_decision(decided(*unmatched(4), rule(condition(), name="Broken")))
        told = rendered.heading + "".join(step.text for step in rendered.trail)
        assert "Bob" in told
        assert "Broken" in told
        assert "%(" not in told
