"""In which encoding a file was saved. Pure, and careful: it names one only on good evidence.

UTF-8 proves itself: other files are almost never valid UTF-8 by chance. Shift-JIS and GB18030 do
not: many files can be read as either. So the text is read both ways, and the one wins that gives
common characters of its language where the other gives rare ones. Where neither convinces, nothing
is guessed, and a person has to say.
"""

import codecs
import re
from collections import Counter

UTF_8 = "utf-8"
UTF_8_BOM = "utf-8-sig"
UTF_16 = "utf-16"
SHIFT_JIS = "cp932"
GB18030 = "gb18030"

#: What a person may choose, and the names under which they may know it.
CHOICES = {
    UTF_8: UTF_8,
    "utf8": UTF_8,
    UTF_8_BOM: UTF_8,
    SHIFT_JIS: SHIFT_JIS,
    "shift_jis": SHIFT_JIS,
    "shift-jis": SHIFT_JIS,
    "sjis": SHIFT_JIS,
    "windows-31j": SHIFT_JIS,
    GB18030: GB18030,
    "gbk": GB18030,
    "gb2312": GB18030,
}
#: Names for people; they are the same in every language.
LABELS = {
    UTF_8: "UTF-8",
    UTF_8_BOM: "UTF-8 (BOM)",
    UTF_16: "UTF-16",
    SHIFT_JIS: "Shift-JIS",
    GB18030: "GB18030",
}
_MARKS = (
    (codecs.BOM_UTF8, UTF_8_BOM),
    (codecs.BOM_UTF16_LE, UTF_16),
    (codecs.BOM_UTF16_BE, UTF_16),
)
#: How much of the text must be common in the winner, and how much less in the other.
ENOUGH = 0.75
LEAD = 0.3
#: A single character between Latin letters is an accented letter that was read wrongly.
_CREDIBLE = re.compile(r"[^\x00-\x7f]{2,}|(?<![A-Za-z])[^\x00-\x7f](?![A-Za-z])")


def detect(raw: bytes) -> str | None:
    """Return the encoding of the bytes, None if there is no good evidence for any."""
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if marked is not None:
        return marked
    if decode(raw, UTF_8) is not None:
        return UTF_8
    shares = {name: _share(decode(raw, name), name) for name in (SHIFT_JIS, GB18030)}
    best = max(shares, key=lambda name: shares[name])
    other = min(shares.values())
    return best if shares[best] >= ENOUGH and shares[best] - other >= LEAD else None


def decode(raw: bytes, encoding: str) -> str | None:
    """Return the text, None if the bytes are not of this encoding. A mark in front is left out."""
    name = UTF_8_BOM if encoding == UTF_8 else encoding
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        return None


def first_bad_byte(raw: bytes, encoding: str) -> int:
    """Return where the bytes stop being of this encoding; their length if they never do."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return len(raw)


def _share(text: str | None, encoding: str) -> float:
    """Return how common the characters beyond ASCII are, from 0 to 1."""
    if text is None:
        return 0
    total = sum(1 for character in text if not character.isascii())
    credible = Counter("".join(_CREDIBLE.findall(text)))
    weigh = _weigh_japanese if encoding == SHIFT_JIS else _weigh_chinese
    weight = sum(count * weigh(character) for character, count in credible.items())
    return weight / total if total else 0


def _weigh_japanese(character: str) -> float:
    """Kana and the kanji of the standard's first level are common; names use rarer ones too."""
    if "\u3000" <= character <= "\u30ff" or "\uff01" <= character <= "\uff5e":
        return 1
    code = character.encode(SHIFT_JIS, errors="ignore")
    if len(code) != 2:  # noqa: PLR2004 - one byte: half-width kana, which Chinese is misread as
        return 0
    return 1 if b"\x88\x9f" <= code <= b"\x98\x72" else 0.5


def _weigh_chinese(character: str) -> float:
    """Punctuation, full-width letters, and the characters of GB 2312's first level are common."""
    code = character.encode(GB18030, errors="ignore")
    is_old = len(code) == 2 and code[1] >= 0xA1  # noqa: PLR2004 - the second byte of GB 2312
    is_common = b"\xa1" <= code[:1] <= b"\xa3" or b"\xb0" <= code[:1] <= b"\xd7"
    return 1 if is_old and is_common else 0
