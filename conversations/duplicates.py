"""Other ways in which the same telephone number is written. Pure."""

import re

#: In these countries mobile numbers were given a digit, and both ways are still in use:
#: Mexico +52 1, Argentina +54 9, Brazil a 9 after the area code.
_WITH_A_DIGIT = (
    (re.compile(r"\A\+521(\d{10})\Z"), r"+52\1"),
    (re.compile(r"\A\+549(\d{10})\Z"), r"+54\1"),
    (re.compile(r"\A\+55(\d{2})9(\d{8})\Z"), r"+55\1\2"),
)
_WITHOUT = (
    (re.compile(r"\A\+52(\d{10})\Z"), r"+521\1"),
    (re.compile(r"\A\+54(\d{10})\Z"), r"+549\1"),
    (re.compile(r"\A\+55(\d{2})(\d{8})\Z"), r"+55\g<1>9\2"),
)


def spellings(address: str) -> list[str]:
    """Return an address and the other ways in which it may have been written."""
    others = [
        pattern.sub(form, address)
        for pattern, form in (*_WITH_A_DIGIT, *_WITHOUT)
        if pattern.match(address)
    ]
    return list(dict.fromkeys([address, *others]))
