"""Who did something. Pure: kinds and ids only, so that jobs and people are named the same way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is one of contact, user, api, system, provider, ai, flow; people read `label`."""

    kind: str
    user_id: int | None = None
    label: str = ""

    @classmethod
    def system(cls) -> "Actor":
        return cls("system")

    @classmethod
    def contact(cls) -> "Actor":
        return cls("contact")

    @classmethod
    def provider(cls) -> "Actor":
        return cls("provider")

    @classmethod
    def ai(cls, name: str) -> "Actor":
        return cls("ai", label=name)

    @classmethod
    def flow(cls, name: str) -> "Actor":
        return cls("flow", label=name)

    @classmethod
    def person(cls, user_id: int, label: str) -> "Actor":
        return cls("user", user_id, label[:120])

    @classmethod
    def api(cls, user_id: int, label: str) -> "Actor":
        return cls("api", user_id, label[:120])
