"""How fast one team's conversations are given out when eight processes do it at once.

    python benchmarks/assignment_lock.py [--quick]

Exact fairness needs the team's lock, so this is the one thing that more machines do not speed up.
Relaydesk decides, applies and explains under that lock; the floor takes the same lock and writes
the same rows with one statement. Both in turns, several rounds; each round on a fresh database.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from servers import PYTHON, ROOT, database, environment, postgres, run_script

PREFIX = "relaydesk_benchmark"
CONTESTANTS = ("relaydesk", "floor")


@dataclass(frozen=True, slots=True)
class Round:
    rate: float
    p50_ms: float
    p99_ms: float
    spread: int
    deadlocks: int
    unassigned: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--workers", type=int, default=8)
    options = parser.parse_args()
    rounds, count = (3, 2400) if options.quick else (5, 4000)
    played: dict[str, list[Round]] = {name: [] for name in CONTESTANTS}
    with tempfile.TemporaryDirectory(prefix="relaydesk-benchmark-") as folder, postgres() as server:
        template = f"{PREFIX}_backlog"
        with database(server, name=template) as url:
            env = environment(Path(folder), DATABASE_URL=url, BENCHMARK_CONVERSATIONS=str(count))
            backlog = run_script("backlog.py", env=env)
            for _ in range(rounds):
                for name in CONTESTANTS:
                    with database(server, name=f"{PREFIX}_{name}", template=template) as copy:
                        env = environment(
                            Path(folder), DATABASE_URL=copy, BENCHMARK_TEAM=str(backlog["team"])
                        )
                        played[name].append(_play(name, copy, backlog, env, options.workers))
    _print(played, count=count, workers=options.workers)


def _play(name: str, url: str, backlog: dict, env: Mapping[str, str], workers: int) -> Round:
    script = str(ROOT / "benchmarks" / "contestants" / f"assign_{name}.py")
    pipe = subprocess.PIPE
    crowd = [
        subprocess.Popen([PYTHON, script], env=env, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for _ in range(workers)
    ]
    for number, worker in enumerate(crowd):
        share = backlog["conversations"][number::workers]
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
        sys.exit(f"{name} failed")
    latencies = [latency * 1000 for answer in answers for latency in json.loads(answer)]
    percentiles = statistics.quantiles(latencies, n=100)
    rate = len(latencies) / seconds
    return Round(rate, percentiles[49], percentiles[98], **_look(url))


def _look(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        spread = "SELECT max(load) - min(load) FROM teams_user"
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        unassigned = "SELECT count(*) FROM conversations_conversation WHERE assignee_id IS NULL"
        rows = [connection.execute(query).fetchone() for query in (spread, deadlocks, unassigned)]
    return dict(zip(("spread", "deadlocks", "unassigned"), [row[0] for row in rows], strict=True))


def _print(played: dict[str, list[Round]], *, count: int, workers: int) -> None:
    floor = statistics.median(each.rate for each in played["floor"])
    print(
        f"\nOne team of 10, {count} conversations, {workers} processes; medians of "
        f"{len(played['floor'])} rounds in turns.\n"
    )
    print(
        f"{'':>10} {'per s':>7} {'of floor':>9} {'p50 ms':>7} {'p99 ms':>7} {'spread':>7} "
        f"{'deadlocks':>10} {'left':>5}"
    )
    for name, rounds in played.items():
        rate = statistics.median(each.rate for each in rounds)
        print(
            f"{name:>10} {rate:>7.0f} {rate / floor:>9.3f} "
            f"{statistics.median(each.p50_ms for each in rounds):>7.1f} "
            f"{statistics.median(each.p99_ms for each in rounds):>7.1f} "
            f"{max(each.spread for each in rounds):>7} "
            f"{sum(each.deadlocks for each in rounds):>10} "
            f"{sum(each.unassigned for each in rounds):>5}"
        )


if __name__ == "__main__":
    main()
