"""What must hold after any race and after any fall."""

from django.db import connection

from callbacks.invariants import INVARIANTS as CALLBACK_INVARIANTS
from conversations.invariants import INVARIANTS as CONVERSATION_INVARIANTS
from conversations.models import Message
from routing.invariants import INVARIANTS as ROUTING_INVARIANTS
from routing.models import Decision
from routing.services import replays


def broken_promises() -> dict[str, int]:
    """Return the invariants that do not hold, and how many rows break each."""
    known = [*CONVERSATION_INVARIANTS, *ROUTING_INVARIANTS, *CALLBACK_INVARIANTS]
    counts = {each.__name__: each().count() for each in known}
    if not Message.objects.exists():
        # Conversations that a test made without messages are no gap.
        counts.pop("conversations_with_gaps", None)
    return {name: count for name, count in counts.items() if count}


def different_decisions() -> list[Decision]:
    """Return the decisions that come out differently when they are made again."""
    return replays.find_different(Decision.objects.order_by("pk"))[1]


def deadlocks() -> int:
    """Return how often PostgreSQL had to end a session because two waited for each other."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
