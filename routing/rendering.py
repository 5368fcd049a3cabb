"""Decisions as people read them: sentences in the active language, for pages, API and terminal."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, ngettext

from routing.engine import explain, lint_words, phrases, serial
from routing.engine.explain import Sentence
from routing.engine.explain_conditions import NAMED
from routing.engine.explain_rules import describe_rule
from routing.engine.facts import Answer, RuleSpec, Step, Target
from routing.engine.phrases import Phrase
from routing.engine.rule_lint import RuleWarning
from routing.models import Decision

#: More rules than this that did not match become one line.
_MOST_UNMATCHED = 3


@dataclass(frozen=True, slots=True)
class Look:
    """How an outcome is shown: an icon of the sprite, a mark for the terminal, and a word."""

    icon_name: str
    mark: str
    word: str


LOOKS = {
    "noted": Look("dot", "•", gettext_noop("noted")),
    "matched": Look("check", "✓", gettext_noop("matched")),
    "no": Look("dash", "–", gettext_noop("no")),
    "attention": Look("alert", "!", gettext_noop("attention")),
    "error": Look("cross", "✕", gettext_noop("error")),
}


@dataclass(frozen=True, slots=True)
class RenderedDetail:
    """What one condition found, or how one person stood."""

    outcome: str
    text: str

    @property
    def icon_name(self) -> str:
        return LOOKS[self.outcome].icon_name

    @property
    def outcome_word(self) -> str:
        return gettext(LOOKS[self.outcome].word)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class RenderedStep:
    """One step as text. `seq` counts from 1; `folded` are the steps that this line stands for."""

    seq: int
    stage: str
    outcome: str
    text: str
    details: tuple[RenderedDetail, ...] = ()
    folded: tuple["RenderedStep", ...] = ()

    @property
    def icon_name(self) -> str:
        return LOOKS[self.outcome].icon_name

    @property
    def outcome_word(self) -> str:
        return gettext(LOOKS[self.outcome].word)


@dataclass(frozen=True, slots=True)
class RenderedDecision:
    """The question that a decision answers, and the answer: every step, and the folded trail."""

    heading: str
    steps: tuple[RenderedStep, ...]
    trail: tuple[RenderedStep, ...]
    decided_at: datetime | None = None


def render_decision(decision: Decision) -> RenderedDecision:
    answer = serial.answer_from_json(decision.answer, steps=decision.steps)
    return render_answer(answer, decided_at=decision.decided_at)


def render_answer(answer: Answer, *, decided_at: datetime | None = None) -> RenderedDecision:
    """Render what the engine answered, also where nothing was stored: in a preview."""
    steps = tuple(_render_steps(answer.steps))
    heading = write_phrase(explain.heading(answer))
    return RenderedDecision(heading, steps, trail=tuple(fold(steps)), decided_at=decided_at)


def render_steps(stored: Sequence[Mapping[str, Any]]) -> list[RenderedStep]:
    """Render every stored step; `fold` shortens them for people."""
    return list(_render_steps(serial.steps_from_json(stored)))


def fold(steps: Sequence[RenderedStep]) -> list[RenderedStep]:
    """Let one line stand for rules in a row that did not match, if there are more than three."""
    if sum(map(_is_unmatched, steps)) <= _MOST_UNMATCHED:
        return list(steps)
    trail: list[RenderedStep] = []
    for is_unmatched, group in groupby(steps, key=_is_unmatched):
        run = tuple(group)
        trail.extend([_fold_run(run)] if is_unmatched and len(run) > 1 else run)
    return trail


def render_rule(rule: RuleSpec, *, names: Mapping[Target, str], limit: int = NAMED) -> list[str]:
    """Return what a rule asks for, then each thing that it does; `limit`: see `describe_rule`."""
    return [write_phrase(phrase) for phrase in describe_rule(rule, names=names, limit=limit)]


def render_warning(warning: RuleWarning) -> tuple[str, str]:
    """Return what a warning about a rule is called, and what it says."""
    return gettext(lint_words.TITLES[warning.code]), write_phrase(lint_words.describe(warning))


def render_text(decision: Decision) -> str:
    """Return the whole explanation as plain text, for a terminal."""
    rendered = render_decision(decision)
    return "\n".join([rendered.heading, *_lines(rendered.trail)])


def _lines(trail: Sequence[RenderedStep]) -> Iterator[str]:
    for step in trail:
        yield f"  {LOOKS[step.outcome].mark} {step.text}"
        behind: Sequence[RenderedDetail | RenderedStep] = step.folded or step.details
        for one in behind:
            yield f"      {LOOKS[one.outcome].mark} {one.text}"


def _render_steps(steps: Sequence[Step]) -> Iterator[RenderedStep]:
    for seq, sentence in enumerate(explain.explain(steps), start=1):
        details = tuple(_render_detail(detail) for detail in sentence.details)
        yield RenderedStep(
            seq, sentence.stage, sentence.outcome, write_phrase(sentence.phrase), details
        )


def _render_detail(sentence: Sentence) -> RenderedDetail:
    return RenderedDetail(sentence.outcome, write_phrase(sentence.phrase))


def _is_unmatched(step: RenderedStep) -> bool:
    return step.stage == "rule" and step.outcome == "no"


def _fold_run(run: tuple[RenderedStep, ...]) -> RenderedStep:
    text = write_phrase(explain.rules_did_not_match(len(run)))
    return RenderedStep(run[0].seq, "rule", "no", text, folded=run)


def write_phrase(phrase: Phrase) -> str:
    """Return a phrase in the active language, on one line and beginning with a capital."""
    text = phrases.write(phrase, translate=gettext, translate_count=ngettext)
    return capfirst(text if text.isprintable() else "".join(map(_printable, text)))


def _printable(char: str) -> str:
    """Blank what would move a terminal's cursor or turn the direction of the whole line.

    Sentences quote customers. Joiners stay, because emoji and several scripts need them.
    """
    is_control = unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
    is_override = unicodedata.bidirectional(char) in _DIRECTIONS
    return " " if is_control or is_override else char


_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
