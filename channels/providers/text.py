"""Making what outsiders write safe to store, without losing a word of it."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` without what a database refuses: NUL is removed, half characters replaced."""
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", ""))


def shorten(text: str, *, limit: int) -> str:
    """Return `text` in at most `limit` characters; an ellipsis shows that something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
