"""Reading a rating from what a customer wrote. Pure."""

import unicodedata

LOWEST = 1
HIGHEST = 5


def parse_rating(text: str) -> int | None:
    """Return 1 to 5 if the text is exactly one such digit; full width and blanks around it pass.

    Anything else is an ordinary message: "5 items are missing" is not a rating.
    """
    digit = unicodedata.normalize("NFKC", text).strip()
    if len(digit) == 1 and digit.isascii() and digit.isdigit() and LOWEST <= int(digit) <= HIGHEST:
        return int(digit)
    return None
