"""Public identifiers: what the outside world sees instead of integer keys."""

import uuid

from uuid_utils.compat import uuid7


def new_public_id() -> uuid.UUID:
    """Return a fresh UUIDv7: unguessable, and ordered by time, so that indexes stay compact."""
    return uuid7()
