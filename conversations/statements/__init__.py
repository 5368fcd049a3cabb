"""The few statements that every inbound message runs, written by hand where the database allows.

This is the only room with SQL. PostgreSQL writes a whole step in one statement; other databases
(SQLite, which has no writable CTE) take the same steps through the ORM. Both modules have the same
functions, and the same tests run over both. Measured in docs/decisions/0009-hot-statements.md.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Protocol, cast

from django.db import connection

from conversations.statements import portable, postgresql
from conversations.statements.values import Appended, Handover, Incoming, Sender, Welcomed


class Statements(Protocol):
    """What both modules offer."""

    def append_to_open(self, incoming: Incoming) -> Appended:
        """Store the message in the sender's open conversation; without one, store nothing.

        A transaction of its own, unless the caller has one.
        """

    def welcome(self, incoming: Incoming) -> Welcomed:
        """Store the first message of somebody unknown: envelope, contact, conversation, message.

        If somebody else was faster, the caller rolls back.
        """

    def store_envelope(self, incoming: Incoming) -> bool:
        """Keep the request as it arrived; False if it is there already, by its id or signature."""

    def hold_addresses(self, medium: str, addresses: list[str]) -> None:
        """Until the transaction ends, let nobody else hold any of these addresses.

        They are given in order, so that two who hold several never wait for each other.
        """

    def start_conversation(self, incoming: Incoming, *, sender: Sender) -> int | None:
        """Start a known sender's next conversation; None if somebody else just did."""

    def hand_over(self, handover: Handover) -> int | None:
        """Give a conversation to a person: load, owner, history. None if somebody was faster."""

    def hand_over_many(self, handovers: Sequence[Handover]) -> dict[int, int]:
        """Give several conversations to people at one instant, in this order.

        Returns the assignments' keys by the conversations'. Any that is missing was lost to
        somebody who was faster; the caller then rolls back.
        """


def statements() -> Statements:
    """Return the module for the database in use."""
    module: ModuleType = postgresql if connection.vendor == "postgresql" else portable
    return cast(Statements, module)


__all__ = ["Appended", "Handover", "Incoming", "Sender", "Welcomed", "statements"]
