"""AI agents' workers, killed while they ask, think and answer.

`python -m tests.faults.answerers KILLS PACE`: how many, and how much slower than usual.
"""

import sys

import django

django.setup()

from routing.ai import self_hosted  # noqa: E402, F401 - once, for every child
from routing.services.ai_answers import LEASE, answer_next  # noqa: E402
from tests.faults.killing import Crowd, beyond, paced, work_off  # noqa: E402

WORKERS = 3
PAUSES_S = 0.05, 0.4


def answer(born: int) -> None:
    work_off(answer_next, offset=beyond(LEASE, born=born))


def main(kills: int, pace: float) -> None:
    crowd = Crowd([answer] * WORKERS)
    crowd.kill(kills, pauses_s=paced(PAUSES_S, pace), seed=3)
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
