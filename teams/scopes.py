"""What an API key may be used for. Pure: the one list of scopes."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    READ = "read"  # every GET
    MESSAGES = "messages"  # write replies and notes
    CONVERSATIONS = "conversations"  # change the status and the tags of a conversation
    ASSIGN = "assign"  # give conversations and contacts to people and teams
    CONTACTS = "contacts"  # change contacts
    TEAMS = "teams"  # change teams and their members
    USERS = "users"  # change people and their presence
    IMPORTS = "imports"  # change many people and teams at once, by files
    CALLBACKS = "callbacks"  # schedule, change and cancel callbacks
    RULES = "rules"  # edit and publish rules
    CHANNELS = "channels"  # set up channels
    ENDPOINTS = "endpoints"  # set up endpoints, and send events again


class UnknownScopeError(ValueError):
    """A scope that is not in the list."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        known = ", ".join(scope.value for scope in Scope)
        super().__init__(f"Unknown scope: {', '.join(names)}. Known: {known}.")


def parse_scopes(names: Iterable[str]) -> list[str]:
    """Return the named scopes, each once, in the order of the list; raise for an unknown one."""
    wanted = set(names)
    unknown = sorted(wanted - set(Scope))
    if unknown:
        raise UnknownScopeError(unknown)
    return [scope.value for scope in Scope if scope in wanted]


def every_scope() -> list[str]:
    return [scope.value for scope in Scope]
