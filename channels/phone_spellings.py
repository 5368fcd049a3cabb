"""Numbers that the world writes in two ways, and that are one telephone. Pure.

Brazil put a ninth digit before its mobile numbers, Argentina a 9 between country and area for calls
from abroad. WhatsApp knows many by the form without it, whatever their owners write.
"""

import re

#: +55, the area (two digits), perhaps the 9, and eight digits of which the first is 6 to 9.
_BRAZIL = re.compile(r"(\+55[1-9][0-9])(9?)([6-9][0-9]{7})")
#: +54, perhaps the 9, and area and number together (ten digits).
_ARGENTINA = re.compile(r"(\+54)(9?)([1-8][0-9]{9})")


def other_spelling(phone: str) -> str:
    """Return the other way to write the number; blank if there is but one."""
    for pattern in (_BRAZIL, _ARGENTINA):
        match = pattern.fullmatch(phone)
        if match:
            country, nine, rest = match.groups()
            return f"{country}{'' if nine else '9'}{rest}"
    return ""
