"""Sentences before they are translated: English templates with named holes, and what fills them.

A template is a whole sentence or a whole clause. Nothing is glued together with words that are not
in a template, so that a translator can put every part where the language wants it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400

Translate = Callable[[str], str]
TranslateCount = Callable[[str, str, int], str]


def _(template: str) -> str:
    """Mark a template for translation; it is translated when it is read, not here."""
    return template


def ngettext(singular: str, plural: str) -> tuple[str, str]:
    """Mark the two forms of a template that depends on `count`."""
    return singular, plural


@dataclass(frozen=True, slots=True)
class Phrase:
    """A template and what fills its holes. With a `plural`, the hole `count` chooses the form."""

    template: str
    params: Mapping[str, "Hole"] = field(default_factory=dict)
    plural: str = ""


Hole = str | int | Phrase


def counted(forms: tuple[str, str], *, count: int) -> Phrase:
    """Return a phrase from the two forms that `ngettext` marked."""
    singular, plural = forms
    return Phrase(singular, {"count": count}, plural)


def duration(seconds: int) -> Phrase:
    """Return a delay in the largest unit that says it exactly; from a minute on in minutes."""
    if seconds < _MINUTE_S:
        return counted(ngettext("%(count)s second", "%(count)s seconds"), count=seconds)
    if seconds % _DAY_S == 0:
        return counted(ngettext("%(count)s day", "%(count)s days"), count=seconds // _DAY_S)
    if seconds % _HOUR_S == 0:
        return counted(ngettext("%(count)s hour", "%(count)s hours"), count=seconds // _HOUR_S)
    minutes = round(seconds / _MINUTE_S)
    return counted(ngettext("%(count)s minute", "%(count)s minutes"), count=minutes)


def write(phrase: Phrase, *, translate: Translate, translate_count: TranslateCount) -> str:
    """Return the phrase as text, in the language that the two functions speak."""
    filled = {
        name: write(hole, translate=translate, translate_count=translate_count)
        if isinstance(hole, Phrase)
        else hole
        for name, hole in phrase.params.items()
    }
    count = filled.get("count")
    if phrase.plural and isinstance(count, int):
        return translate_count(phrase.template, phrase.plural, count) % filled
    return translate(phrase.template) % filled


def any_of(values: Sequence[Hole], *, limit: int) -> Hole:
    """Return "a, b or c"; beyond the limit "a, b or 3 others"."""
    return _listed(_shortened(values, limit), _("%(first)s or %(last)s"))


def all_of(values: Sequence[Hole], *, limit: int) -> Hole:
    """Return "a, b and c"; beyond the limit "a, b and 3 others"."""
    return _listed(_shortened(values, limit), _("%(first)s and %(last)s"))


def _shortened(values: Sequence[Hole], limit: int) -> Sequence[Hole]:
    if len(values) <= limit:
        return values
    left_out = counted(
        ngettext("%(count)s other", "%(count)s others"), count=len(values) - limit + 1
    )
    return [*values[: limit - 1], left_out]


def _listed(values: Sequence[Hole], last_two: str) -> Hole:
    if len(values) == 1:
        return values[0]
    phrase: Hole = Phrase(last_two, {"first": values[-2], "last": values[-1]})
    for value in reversed(values[:-2]):
        phrase = Phrase(_("%(first)s, %(rest)s"), {"first": value, "rest": phrase})
    return phrase
