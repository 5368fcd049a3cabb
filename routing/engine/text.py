"""Comparing what people write: width, case and surrounding blanks do not matter."""

import unicodedata

# The commas that people really type between values.
_COMMAS = str.maketrans({"、": ",", "，": ",", "､": ","})


def fold(text: str) -> str:
    """Return the text as it is compared. There are no words here, so it serves CJK as well."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def narrow(text: str) -> str:
    """Return the text without differences of width: a pattern, whose cases have meanings."""
    return unicodedata.normalize("NFKC", text).strip()


def split_raw(value: str) -> tuple[str, ...]:
    """Return the parts of "a, b、c" as they were typed; empty parts are dropped."""
    return tuple(part for raw in value.translate(_COMMAS).split(",") if (part := raw.strip()))


def split_values(value: str) -> tuple[str, ...]:
    """Return the folded parts of "A, b、c"; empty parts are dropped."""
    return tuple(folded for part in split_raw(value) if (folded := fold(part)))
