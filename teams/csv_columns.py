"""The columns of teams.csv and users.csv: what a cell may say, and how a value is written. Pure.

A column reads what it writes. Blank leaves a value as it is; `-` clears what may be empty.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CLEAR = "-"
BETWEEN_TEAMS = "|"
LONGEST_TEXT = 4096
LARGEST_WHOLE = 2**31 - 1
MINUTE_S = 60
WEEK_S = 7 * 24 * 60 * 60
OWNER = 5

#: Names of roles; the first one of each number is the one that is written.
ROLES = {
    "agent": 1,
    "senior_agent": 2,
    "supervisor": 3,
    "administrator": 4,
    "owner": 5,
    "primary_agent": 2,
    "primary_admin": 4,
}
ROLE_NAMES = {number: name for name, number in reversed(ROLES.items())}
#: The words that the assignment seed's product has for strategies.
STRATEGY_ALIASES = {"queue": "round_robin"}
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})

_CODE = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"\A{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}\Z")
_PHONE = re.compile(r"\A\+[1-9][0-9]{6,14}\Z")
_PHONE_SIGNS = re.compile(r"[ ().-]")
_LONGEST_LOCAL = 64
_LONGEST_EMAIL = 254


class CellError(ValueError):
    """A cell that cannot be used."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Directory:
    """What a plan compares with: the people or teams that there are, as the columns see them."""

    #: Key of the row (a team's code, a person's e-mail) -> column -> value.
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: How many open conversations a person has.
    loads: Mapping[str, int] = field(default_factory=dict)
    team_codes: frozenset[str] = frozenset()
    #: E-mails of the active people.
    people: frozenset[str] = frozenset()
    strategies: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    time_zones: frozenset[str] = frozenset()
    #: Who imports: nobody changes people above them, nor their own role.
    editor_role: int = OWNER
    editor_key: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `read` gets a text that is neither blank nor `-`, and may raise `CellError`."""

    name: str
    read: Callable[[str, Directory], Any]
    show: Callable[[Any], str] = str
    #: What `-` means; a column without it cannot be cleared.
    cleared: Any = ...
    #: No two rows of the whole directory may have the same value.
    is_unique: bool = False


def text_of(longest: int) -> Callable[[str, Directory], str]:
    """Return a reader of texts on one line."""

    def read(text: str, directory: Directory) -> str:
        _check_characters(text, allowed="")
        return _check_length(text, longest=longest)

    return read


def read_paragraphs(text: str, directory: Directory) -> str:
    _check_characters(text, allowed="\n\r\t")
    return _check_length(text, longest=LONGEST_TEXT)


def read_flag(text: str, directory: Directory) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise CellError("invalid_flag")
    return word in _YES


def whole_between(least: int, most: int) -> Callable[[str, Directory], int]:
    """Return a reader of whole numbers."""

    def read(text: str, directory: Directory) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_WHOLE))):
            raise CellError("invalid_number")
        if not least <= int(text) <= most:
            raise CellError("out_of_range", least=least, most=most)
        return int(text)

    return read


def read_role(text: str, directory: Directory) -> int:
    word = _word(text)
    if word.isascii() and word.isdigit() and word in map(str, ROLE_NAMES):
        return int(word)
    if word not in ROLES:
        raise CellError("unknown_role")
    return ROLES[word]


def read_strategy(text: str, directory: Directory) -> str:
    word = _word(text)
    word = STRATEGY_ALIASES.get(word, word)
    if word not in directory.strategies:
        raise CellError("unknown_strategy", known=", ".join(sorted(directory.strategies)))
    return word


def read_person(text: str, directory: Directory) -> str:
    email = find_email(text, directory.people)
    if email not in directory.people:
        raise CellError("unknown_person", value=text)
    return email


def read_team_codes(text: str, directory: Directory) -> frozenset[str]:
    codes = [code.strip() for code in text.split(BETWEEN_TEAMS)]
    for code in filter(None, codes):
        if code not in directory.team_codes:
            raise CellError("unknown_team", value=code)
    return frozenset(filter(None, codes))


def read_language(text: str, directory: Directory) -> str:
    if text.lower() not in directory.languages:
        raise CellError("unknown_language", known=", ".join(sorted(directory.languages)))
    return text.lower()


def read_time_zone(text: str, directory: Directory) -> str:
    if text not in directory.time_zones:
        raise CellError("unknown_time_zone")
    return text


def read_phone(text: str, directory: Directory) -> str:
    """Return a number with its country; what makes it readable may stand in between."""
    number = _PHONE_SIGNS.sub("", text)
    if not _PHONE.match(number):
        raise CellError("invalid_phone")
    return number


def read_team_code(text: str) -> str:
    """Return the code of a new team."""
    if not _CODE.match(text):
        raise CellError("invalid_code")
    return _check_length(text, longest=64)


def read_email(text: str) -> str:
    """Return the e-mail of a new person, in lower case."""
    is_short = len(text) <= _LONGEST_EMAIL and len(text.partition("@")[0]) <= _LONGEST_LOCAL
    if not (is_short and _EMAIL.match(text)):
        raise CellError("invalid_email")
    return text.lower()


def find_email(text: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    """Return the e-mail as it is known, else as it would be stored: full-width letters narrowed."""
    lower = text.lower()
    return (
        lower if lower in known or text.isascii() else unicodedata.normalize("NFKC", text).lower()
    )


def show_optional(value: object) -> str:
    return "" if value is None else str(value)


def show_flag(value: object) -> str:
    return "true" if value else "false"


def show_role(value: int) -> str:
    return ROLE_NAMES[value]


def show_team_codes(value: frozenset[str]) -> str:
    return BETWEEN_TEAMS.join(sorted(value))


TEAM_COLUMNS = (
    Column("name", text_of(120)),
    Column("description", read_paragraphs, cleared=""),
    Column("strategy", read_strategy),
    Column("default_user", read_person, show_optional, cleared=None),
    Column("is_active", read_flag, show_flag),
    Column("is_reassigning", read_flag, show_flag),
    Column("reassign_after_s", whole_between(MINUTE_S, WEEK_S)),
)
PERSON_COLUMNS = (
    Column("name", text_of(120)),
    Column("role", read_role, show_role),
    Column("user_code", text_of(64), show_optional, cleared=None, is_unique=True),
    Column("external_id", text_of(128), show_optional, cleared=None, is_unique=True),
    Column("team_codes", read_team_codes, show_team_codes, cleared=frozenset()),
    Column("is_active", read_flag, show_flag),
    Column("is_receiving", read_flag, show_flag),
    Column("capacity", whole_between(0, LARGEST_WHOLE), show_optional, cleared=None),
    Column("phone", read_phone, cleared=""),
    Column("language", read_language, cleared=""),
    Column("time_zone", read_time_zone),
)


def _word(text: str) -> str:
    return "_".join(text.casefold().replace("-", " ").replace("_", " ").split())


def _check_length(text: str, *, longest: int) -> str:
    if len(text) > longest:
        raise CellError("too_long", limit=longest, length=len(text))
    return text


def _check_characters(text: str, *, allowed: str) -> None:
    """Refuse control characters and halves of surrogate pairs: they are damage, never a name."""
    if text.isprintable():
        return
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in allowed:
            raise CellError("invalid_characters")
