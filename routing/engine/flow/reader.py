"""Reading a document key by key, and noting everything that is wrong with it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)
#: Of a step, and of whatever leads to it.
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be kept. `path` leads to it: `steps.2.text.ja`.

    `code` is stable: `not_an_object`, `not_a_list`, `not_a_text`, `not_a_number`, `not_yes_or_no`,
    `unknown_key`, `unknown_kind`, `unknown_choice`, `not_a_language`, `not_a_name`, `not_a_value`,
    `too_many`, `too_long`, `too_small`, `too_large`, `has_control_characters`, or that of a
    `ConditionError`. `facts` are the limit, what may be chosen, or what a pattern lacks.
    """

    path: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Reader:
    """Reads the keys of one object, and notes what is wrong under its path."""

    node: Mapping[str, Any]
    path: str
    faults: list[Fault]
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, node: Any, path: str, faults: list[Fault]) -> "Reader":
        if isinstance(node, Mapping):
            return cls(node, path, faults)
        faults.append(Fault(path, "not_an_object"))
        return cls({}, path, faults)

    def finish(self) -> None:
        """Refuse what nobody asked for: a key that is misspelt must not be lost in silence."""
        for key in self.node:
            if key not in self.seen:
                self.refuse(key, "unknown_key")

    def refuse(self, key: str, code: str, **facts: Any) -> None:
        self.faults.append(Fault(f"{self.path}.{key}" if self.path else key, code, facts))

    def take(self, key: str) -> Any:
        """Return what stands there; None where nothing does."""
        self.seen.add(key)
        return self.node.get(key)

    def text(self, key: str, *, longest: int) -> str:
        value = self.take(key)
        return "" if value is None else self.check_text(key, value, longest=longest)

    def check_text(self, key: str, value: Any, *, longest: int) -> str:
        if not isinstance(value, str):
            self.refuse(key, "not_a_text")
        elif len(value) > longest:
            self.refuse(key, "too_long", limit=longest)
        elif "\x00" in value or not _is_whole(value):
            self.refuse(key, "has_control_characters")
        else:
            return value
        return ""

    def way(self, key: str) -> str | None:
        """Return the name of a step to go on with; None: none is named."""
        return self.text(key, longest=LONGEST_NAME) or None

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(key, "not_yes_or_no")
        return False

    def number(self, key: str, *, least: int, most: int, usual: int) -> int:
        value = self.take(key)
        if value is None:
            return usual
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, "not_a_number")
        elif value < least:
            self.refuse(key, "too_small", limit=least)
        elif value > most:
            self.refuse(key, "too_large", limit=most)
        else:
            return value
        return usual

    def choice(self, key: str, usual: Choice) -> Choice:
        value = self.take(key)
        if value is None:
            return usual
        try:
            return type(usual)(value)
        except ValueError:
            self.refuse(key, "unknown_choice", choices=[each.value for each in type(usual)])
            return usual

    def texts(self, key: str, *, most: int, longest: int) -> tuple[str, ...]:
        """Return a list of texts: without blanks around them, without empty ones, each once."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(key, "not_a_list")
            return ()
        if len(value) > most:
            self.refuse(key, "too_many", limit=most)
            return ()
        read = (
            self.check_text(f"{key}.{place}", each, longest=longest).strip()
            for place, each in enumerate(value)
        )
        once: dict[str, str] = {}
        for each in read:
            if each:
                once.setdefault(each.casefold(), each)
        return tuple(once.values())

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.take(key)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self.refuse(key, "not_an_object")
        return {}

    def each(self, key: str, read: Callable[["Reader"], Any], *, most: int) -> tuple[Any, ...]:
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(key, "not_a_list")
            return ()
        if len(value) > most:
            self.refuse(key, "too_many", limit=most)
            return ()
        path = f"{self.path}.{key}" if self.path else key
        found = []
        for place, node in enumerate(value):
            below = Reader.of(node, f"{path}.{place}", self.faults)
            found.append(read(below))
            below.finish()
        return tuple(each for each in found if each is not None)


def _is_whole(text: str) -> bool:
    """Say whether no character is half of one, as no database and no provider takes it."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
