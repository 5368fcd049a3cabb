"""Why something is not done with a callback: codes and facts. Pure; words are beside the edges."""

from collections.abc import Mapping
from typing import Any


class CallbackRefusedError(Exception):
    """What was asked for is refused.

    `code` is stable and begins with `callback.`; `field` is what the API calls the value at fault,
    blank where it is none; `facts` go into the sentence.
    """

    def __init__(self, code: str, *, field: str = "", **facts: Any) -> None:
        self.code = f"callback.{code}"
        self.field = field
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.code)


class WarnedError(CallbackRefusedError):
    """Something speaks against the time; with a reason it is done anyway.

    `warnings` are any of `quiet_hours`, `team_closed`, `owner_away`, in this order.
    """

    def __init__(self, warnings: tuple[str, ...]) -> None:
        self.warnings = warnings
        super().__init__("needs_reason", field="override_reason")
