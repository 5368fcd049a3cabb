"""Whether what a customer wrote answers a question, and what the answer is. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import date

import phonenumbers

from conversations.phones import country_of
from conversations.properties import LONGEST_VALUE
from routing.engine.flow.specs import Accepts
from routing.engine.text import fold, narrow

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}([.,][0-9]{1,30})?", re.ASCII)
#: 1,234,567 and 1 234 567 are one number; 1,5 is one and a half.
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,30})?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def read_answer(
    text: str, *, accepts: Accepts, choices: Sequence[str] = (), phone: str = ""
) -> str | None:
    """Return the answer as it is kept; None if the text is none.

    A number is written with a dot, a date as 2026-11-18, a phone number in E.164: one without a
    country code is read as of the country of `phone`, the customer's own.
    """
    plain = narrow(text)
    if not plain or len(plain) > LONGEST_VALUE:
        return None
    if accepts is Accepts.CHOICE:
        return choose(text, choices)
    if accepts is Accepts.PHONE:
        return _read_phone(plain, country_of(phone))
    return _READ[accepts](plain)


def choose(text: str, choices: Sequence[str]) -> str | None:
    """Return which of the choices a text names, by itself or by its number; None if none."""
    wanted = fold(text)
    for number, choice in enumerate(choices, start=1):
        if wanted in (fold(choice), str(number), f"{number}."):
            return choice
    return None


def _read_number(text: str) -> str | None:
    together = "".join(text.split())
    if _THOUSANDS.fullmatch(together):
        return together.replace(",", "")
    return together.replace(",", ".") if _NUMBER.fullmatch(together) else None


def _read_date(text: str) -> str | None:
    found = _DATE.fullmatch("".join(text.split()))
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def _read_email(text: str) -> str | None:
    return text if _EMAIL.fullmatch(text) else None


def _read_phone(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


_READ: dict[Accepts, Callable[[str], str | None]] = {
    Accepts.ANY: lambda text: text,
    Accepts.NUMBER: _read_number,
    Accepts.DATE: _read_date,
    Accepts.EMAIL: _read_email,
}
