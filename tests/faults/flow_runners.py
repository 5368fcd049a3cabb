"""Workers that let flows go on, killed in the middle of steps.

`python -m tests.faults.flow_runners KILLS PACE`: how many, and how much slower than usual.
"""

import sys

import django

django.setup()

from routing.services.flow_runs import run_next  # noqa: E402
from tests.faults.killing import Crowd, drain_forever, paced  # noqa: E402

WORKERS = 3
PAUSES_S = 0.02, 0.15


def go_on(born: int) -> None:
    drain_forever(run_next)


def main(kills: int, pace: float) -> None:
    crowd = Crowd([go_on] * WORKERS)
    crowd.kill(kills, pauses_s=paced(PAUSES_S, pace), seed=7)
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
