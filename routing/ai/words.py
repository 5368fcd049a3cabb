"""Finding words in what customers write, in languages with and without spaces. Pure."""

import re
from itertools import pairwise

from routing.engine.text import fold

#: Scripts that are written without spaces, or glue their particles to words: from, to.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x9FFF),  # radicals, kana, Han
    (0xAC00, 0xD7AF),  # Hangul
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_WORD = re.compile(r"\w+")
#: Words that say nothing about what is asked. Shorter ones are left out anyway.
_EMPTY = (
    "about and any are avez avoir can could des does est estce for from get has have hello how les "
    "mes mon nos not notre our please pour puis quand que quel quelle quelles quels qui sont sur "
    "that the their them there they this une vos votre vous was what when where which who why will "
    "with would you your"
)
_EMPTY_WORDS = frozenset(_EMPTY.split())
_SHORTEST_WORD = 3


def mentions(text: str, phrase: str) -> bool:
    """Say whether a text holds a phrase: as whole words where words are apart."""
    haystack, needle = fold(text), fold(phrase)
    if not needle:
        return False
    start = haystack.find(needle)
    while start >= 0:
        end = start + len(needle)
        if not _cuts(haystack, start) and not _cuts(haystack, end):
            return True
        start = haystack.find(needle, start + 1)
    return False


def tokens(text: str) -> frozenset[str]:
    """Return what a text is about: its words, and pairs of letters where there are no spaces."""
    found: set[str] = set()
    for word in _WORD.findall(fold(text)):
        for run in _runs(word):
            if _is_unspaced(run[0]):
                found |= {run[i : i + 2] for i in range(max(1, len(run) - 1))}
            elif len(run) >= _SHORTEST_WORD and run not in _EMPTY_WORDS:
                found.add(run)
    return frozenset(found)


def _cuts(text: str, place: int) -> bool:
    """Say whether a word of a language with spaces goes on over this place."""
    if place in (0, len(text)):
        return False
    return all(ch.isalnum() and not _is_unspaced(ch) for ch in text[place - 1 : place + 1])


def _runs(word: str) -> list[str]:
    """Cut a word where its script begins or ends to have spaces."""
    runs = [word[0]]
    for before, letter in pairwise(word):
        if _is_unspaced(before) == _is_unspaced(letter):
            runs[-1] += letter
        else:
            runs.append(letter)
    return runs


def _is_unspaced(letter: str) -> bool:
    return any(first <= ord(letter) <= last for first, last in _UNSPACED)
