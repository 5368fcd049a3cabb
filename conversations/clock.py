"""The clock of `teams.clock`, under the name it had here."""

from teams.clock import database_now

__all__ = ["database_now"]
