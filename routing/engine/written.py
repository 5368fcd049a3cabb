"""What a message is, besides its text: its types, and the language that its script gives away."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: What a customer can send. A message with several files has several types.
TYPES = (
    "text",
    "image",
    "audio",
    "video",
    "document",
    "location",
    "contact_card",
    "button",
    "list",
    "form",
    "order",
    "other",
)
#: The scripts that one language alone is usually written in, by the first word of their letters'
#: names in Unicode. Latin, Cyrillic and Arabic letters are those of many languages.
_BY_SCRIPT = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
}
#: Every language that can be told from a text.
LANGUAGES = frozenset(_BY_SCRIPT.values())


@dataclass(frozen=True, slots=True)
class Written:
    """What a customer sent last, as far as rules ask about it. `types`: see `types_of`."""

    text: str = ""
    types: tuple[str, ...] = ()


# As much of a text as is looked at: its language shows early.
_LOOKED_AT = 400


def types_of(kind: str, media: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the types of a message as it was stored, in the order of `TYPES`."""
    if kind == "media":
        found = {_type_of_file(each) for each in media if each.get("kind") == "file"}
    else:
        found = {kind if kind in TYPES else "other"}
    return tuple(each for each in TYPES if each in found)


def language_of(text: str) -> str:
    """Return the language that a text's letters belong to; blank where several use them.

    Kana among Chinese characters are Japanese, whatever their share.
    """
    names = (unicodedata.name(char, "").split(" ", 1)[0] for char in text[:_LOOKED_AT])
    found = Counter(_BY_SCRIPT[name] for name in names if name in _BY_SCRIPT)
    if not found:
        return ""
    return "ja" if found["ja"] else found.most_common(1)[0][0]


def _type_of_file(entry: Mapping[str, str]) -> str:
    family = entry.get("content_type", "").split("/", 1)[0]
    return family if family in {"image", "audio", "video"} else "document"
