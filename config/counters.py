"""Counting by the minute, over all processes where they share a store.

A count is a nicety, never a condition: where the store is away, nobody is counted and nobody is
refused. After a failure the store is left alone for some seconds, so that a dead one costs each
request nothing.
"""

import logging
import time
from datetime import datetime

from django.core.cache import caches
from redis.exceptions import RedisError

STORE = "counters"
WINDOW_S = 60
LEFT_ALONE_S = 5.0

logger = logging.getLogger(__name__)
_left_alone_until = 0.0


def count(name: str, *, now: datetime) -> int | None:
    """Count one more in this minute and return how many that makes; None if nobody counts."""
    global _left_alone_until
    if time.monotonic() < _left_alone_until:
        return None
    try:
        return _increment(f"{name}:{int(now.timestamp()) // WINDOW_S}")
    except (RedisError, OSError) as error:
        _left_alone_until = time.monotonic() + LEFT_ALONE_S
        logger.warning("Requests are not counted: the store is away (%s).", type(error).__name__)
        return None


def seconds_left(*, now: datetime) -> int:
    """Return how long this minute still is: 1 to 60 seconds."""
    return WINDOW_S - int(now.timestamp()) % WINDOW_S


def _increment(key: str) -> int | None:
    store = caches[STORE]
    store.add(key, 0, timeout=2 * WINDOW_S)
    try:
        return int(store.incr(key))
    except ValueError:
        # Thrown out between the two calls: it counts for nothing.
        return None
