"""Workers that fetch what never came, and are killed while they do.

`python -m tests.faults.gap_fillers KILLS`: so many at random; then nobody is killed any more, until
standard input ends.
"""

import sys
from datetime import timedelta

import django

django.setup()

from routing.services import gap_fill  # noqa: E402
from tests.faults.killing import Crowd, drain_forever, report  # noqa: E402

WORKERS = 3
PAUSES_S = 0.02, 0.25
#: The worker's own, so that what the dead leave behind is taken up soon.
LEASE_S = 1


def fill(_born: int) -> None:
    """Compare whatever is due."""
    gap_fill.LEASE = timedelta(seconds=LEASE_S)
    drain_forever(gap_fill.fetch_next)


def main(kills: int) -> None:
    crowd = Crowd([fill] * WORKERS)
    crowd.kill(kills, pauses_s=PAUSES_S, seed=7)
    report(str(kills))
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]))
