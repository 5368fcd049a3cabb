"""What giving out conversations costs: by members, by backlog, by workers, and by the thousand.

    python benchmarks/assignment.py [members] [stored] [workers] [queue] [--quick]

Each part on fresh databases of one PostgreSQL, beside a floor that takes the same lock and writes
the same rows with one hand-written statement, in turns. Ratios are the result; times are not.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from servers import PYTHON, ROOT, database, environment, postgres, run_script

PREFIX = "relaydesk_benchmark"
CONTESTANTS = ("relaydesk", "floor")


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with one team, and the environment of whoever works on it."""

    url: str
    env: Mapping[str, str]
    due: list[tuple[int, int]]
    queued: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Round:
    """What one crowd of processes did. Latencies in milliseconds, one per conversation."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


class Bench:
    def __init__(self, server: str, folder: Path, *, is_quick: bool) -> None:
        self.server, self.folder, self.is_quick = server, folder, is_quick

    @contextmanager
    def filled(self, **sizes: int) -> Iterator[Filled]:
        """Fill a database with this many of what `backlog.py` knows."""
        with database(self.server, name=f"{PREFIX}_backlog") as url:
            named = {f"BENCHMARK_{name.upper()}": str(size) for name, size in sizes.items()}
            env = environment(self.folder, DATABASE_URL=url, **named)
            made = run_script("backlog.py", env=env)
            env["BENCHMARK_TEAM"] = str(made["team"])
            yield Filled(url, env, made["conversations"], made["queued"])

    @contextmanager
    def copy(self, filled: Filled, name: str) -> Iterator[Filled]:
        template = f"{PREFIX}_backlog"
        with database(self.server, name=f"{PREFIX}_{name}", template=template) as url:
            env = {**filled.env, "DATABASE_URL": url}
            yield Filled(url, env, filled.due, filled.queued)

    def members(self) -> None:
        """P4: one assignment in teams of ten to ten thousand."""
        sizes = (10, 1_000, 10_000) if self.is_quick else (10, 100, 1_000, 10_000)
        print("\nOne assignment, by members of the team (one process, p50 in ms)")
        self._grow("members", sizes, conversations=400)

    def stored(self) -> None:
        """P4 and P6: one assignment, and one reassignment, with up to a million others stored."""
        sizes = (1_000, 100_000) if self.is_quick else (1_000, 1_000_000)
        print("\nOne assignment, then one reassignment by the sweep, by open conversations stored")
        self._grow("stored", sizes, conversations=400, sweep=("reassign",))

    def _grow(self, what: str, sizes: Sequence[int], *, sweep=(), **fixed: int) -> None:
        names = [*CONTESTANTS, *sweep]
        print(f"{what:>10} " + " ".join(f"{name:>10} {'ratio':>6}" for name in names))
        first: dict[str, float] = {}
        for size in sizes:
            with self.filled(**{what: size}, **fixed) as filled:
                took = self._alternate(filled, rounds=4)
                for name in sweep:
                    took[name] = _crowd(name, filled, [[]]).p50
            for name in names:
                first.setdefault(name, took[name])
            cells = (f"{took[name]:>10.2f} {took[name] / first[name]:>6.2f}" for name in names)
            print(f"{size:>10} " + " ".join(cells))

    def _alternate(self, filled: Filled, *, rounds: int) -> dict[str, float]:
        """Let one process of each give out shares in turns; return each one's median."""
        played: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
        shares = [filled.due[n :: 2 * rounds] for n in range(2 * rounds)]
        for number, share in enumerate(shares):
            name = CONTESTANTS[number % 2]
            played[name].append(_crowd(f"assign_{name}", filled, [share]).p50)
        return {name: statistics.median(each) for name, each in played.items()}

    def workers(self) -> None:
        """P5: one team's conversations, given out by several processes at once."""
        rounds, count = (2, 1600) if self.is_quick else (5, 4000)
        print(f"\nOne team of 10, {count} conversations; medians of {rounds} rounds in turns")
        print(
            f"{'workers':>8} {'':>10} {'per s':>7} {'of floor':>9} {'p50 ms':>7} {'p99 ms':>7} "
            f"{'spread':>7} {'deadlocks':>10} {'left':>5}"
        )
        with self.filled(conversations=count) as filled:
            for workers in (8,) if self.is_quick else (1, 2, 4, 8):
                self._contend(filled, workers=workers, rounds=rounds)

    def _contend(self, filled: Filled, *, workers: int, rounds: int) -> None:
        played: dict[str, list[Round]] = {name: [] for name in CONTESTANTS}
        looks: dict[str, list[tuple[int, ...]]] = {name: [] for name in CONTESTANTS}
        for _ in range(rounds):
            for name in CONTESTANTS:
                with self.copy(filled, name) as copy:
                    shares = [copy.due[number::workers] for number in range(workers)]
                    played[name].append(_crowd(f"assign_{name}", copy, shares))
                    looks[name].append(_look(copy.url))
        floor = statistics.median(each.rate for each in played["floor"])
        for name in CONTESTANTS:
            rate = statistics.median(each.rate for each in played[name])
            spread, deadlocks, left = (max(column) for column in zip(*looks[name], strict=True))
            print(
                f"{workers:>8} {name:>10} {rate:>7.0f} {rate / floor:>9.3f} "
                f"{statistics.median(each.p50 for each in played[name]):>7.1f} "
                f"{statistics.median(each.p99 for each in played[name]):>7.1f} "
                f"{spread:>7} {deadlocks:>10} {left:>5}"
            )

    def queue(self) -> None:
        """P7: a queue of ten thousand over a hundred people with room for half of it."""
        count = 2_000 if self.is_quick else 10_000
        print(f"\nA queue of {count} over 100 people with room for half; two processes sweep")
        print(f"{'':>10} {'per s':>7} {'of floor':>9} {'placed':>7} {'out of order':>13}")
        rates = {}
        with self.filled(queued=count, members=100) as filled:
            for name, processes in (("floor", 1), ("relaydesk", 2)):
                with self.copy(filled, name) as copy:
                    _make_room(copy.url, each=count // 200)
                    played = _crowd(f"drain_{name}", copy, [[]] * processes)
                    placed, wrong = _order(copy.url, room=count // 2)
                rates[name] = placed / played.seconds
                print(
                    f"{name:>10} {rates[name]:>7.0f} {rates[name] / rates['floor']:>9.3f} "
                    f"{placed:>7} {wrong:>13}"
                )


def main() -> None:
    parts = ("members", "stored", "workers", "queue")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="which; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relaydesk-benchmark-") as folder, postgres() as server:
        bench = Bench(server, Path(folder), is_quick=options.quick)
        for part in options.parts or parts:
            getattr(bench, part)()


def _crowd(script: str, filled: Filled, shares: Sequence[Sequence[object]]) -> Round:
    """Let as many processes as there are shares do the same at once."""
    path = str(ROOT / "benchmarks" / "contestants" / f"{script}.py")
    pipe = subprocess.PIPE
    crowd = [
        subprocess.Popen(
            [PYTHON, path], env=dict(filled.env), cwd=ROOT, stdin=pipe, stdout=pipe, text=True
        )
        for _ in shares
    ]
    for worker, share in zip(crowd, shares, strict=True):
        worker.stdin.write(json.dumps(share) + "\n")
        worker.stdin.flush()
    for worker in crowd:
        assert worker.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for worker in crowd:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate()[0] for worker in crowd]
    seconds = time.perf_counter() - started
    if any(worker.returncode for worker in crowd):
        sys.exit(f"{script} failed")
    return Round(seconds, [took * 1000 for answer in answers for took in json.loads(answer)])


def _look(url: str) -> tuple[int, ...]:
    """Return the spread of the loads, the deadlocks, and how many nobody has."""
    with psycopg.connect(url) as connection:
        spread = "SELECT max(load) - min(load) FROM teams_user"
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        unassigned = "SELECT count(*) FROM conversations_conversation WHERE assignee_id IS NULL"
        rows = [connection.execute(query).fetchone() for query in (spread, deadlocks, unassigned)]
    return tuple(row[0] for row in rows)


def _make_room(url: str, *, each: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE teams_user SET capacity = %s, offer_due_at = now()", [each])
        connection.execute("UPDATE conversations_conversation SET placing_due_at = now()")


def _order(url: str, *, room: int) -> tuple[int, int]:
    """Return how many were placed, and how many of them were not among the first in the queue."""
    query = """
    SELECT count(*) FILTER (WHERE assignee_id IS NOT NULL),
      count(*) FILTER (WHERE assignee_id IS NOT NULL AND place > %s)
    FROM (
      SELECT assignee_id, row_number() OVER (ORDER BY priority DESC, waiting_since, id) AS place
      FROM conversations_conversation
    ) queue
    """
    with psycopg.connect(url) as connection:
        placed, wrong = connection.execute(query, [room]).fetchone()
    return placed, wrong


if __name__ == "__main__":
    main()
