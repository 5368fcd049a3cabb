"""Workers that tell endpoints, and are killed while they do.

`python -m tests.faults.forwarders KILLS PACE`: how many, and how much slower than usual.
"""

import sys

import django

django.setup()

from conversations.services import forwards, outbox  # noqa: E402
from tests.faults.killing import Crowd, beyond, drain_forever, paced  # noqa: E402

WORKERS = 3
PAUSES_S = 0.02, 0.15


def tell(born: int) -> None:
    """Empty the outbox and tell the endpoints."""
    drains = outbox.publish_next, forwards.deliver_next
    drain_forever(*drains, offset=beyond(forwards.LEASE, born=born))


def main(kills: int, pace: float) -> None:
    crowd = Crowd([tell] * WORKERS)
    crowd.kill(kills, pauses_s=paced(PAUSES_S, pace), seed=3)
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
