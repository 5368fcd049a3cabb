"""AI agents' workers, killed while they ask, think and answer.

`python -m tests.faults.answerers KILLS PACE`: how many, and how much slower than usual.
`python -m tests.faults.answerers TRIES`: one after the other, each dying when it would write down
that it asks; prints how many did.
"""

import os
import signal
import sys
from functools import partial

import django

django.setup()

from routing.ai import self_hosted  # noqa: E402, F401 - once, for every child
from routing.services.ai_answers import LEASE, answer_next  # noqa: E402
from teams.clock import database_now  # noqa: E402
from tests.faults.killing import Crowd, beyond, die_at, drain_forever, paced, start  # noqa: E402

WORKERS = 3
PAUSES_S = 0.05, 0.4


def answer(born: int) -> None:
    drain_forever(answer_next, offset=beyond(LEASE, born=born))


def main(kills: int, pace: float) -> None:
    crowd = Crowd([answer] * WORKERS)
    crowd.kill(kills, pauses_s=paced(PAUSES_S, pace), seed=3)
    crowd.end()


def answer_once(born: int) -> None:
    die_at("routing/services/ai_turns.py", "begin")
    answer_next(now=database_now() + beyond(LEASE, born=born))


def main_of_doomed(tries: int) -> None:
    ends = [os.waitpid(start(partial(answer_once, born)), 0)[1] for born in range(tries)]
    killed = sum(os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGKILL for end in ends)
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main_of_doomed(int(sys.argv[1]))
    else:
        main(int(sys.argv[1]), float(sys.argv[2]))
