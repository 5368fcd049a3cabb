"""How fast a customer's message comes in: over HTTP, through the door, into every row.

    python benchmarks/inbound.py            everything, about ten minutes
    python benchmarks/inbound.py --quick    the same in short, about three

On PostgreSQL four programs do the same work behind the same web server, in turns, several rounds:
Relaydesk; the floor (one hand-written statement per message, no framework); a view that only checks
and parses; and the work as an ordinary Django project would write it. Read the ratios, not the
absolutes: machines differ, and a shared one differs from minute to minute.

Then Relaydesk alone on SQLite, with worker and beat running, as `make run` starts it.

DATABASE_URL names a PostgreSQL server to use (it must be durable); else one is started. Databases
that the benchmark makes are called relaydesk_benchmark_… and are dropped in the end.
"""

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from load import Door, Outcome, Traffic, run
from servers import (
    PYTHON,
    ROOT,
    Process,
    bare_command,
    database,
    environment,
    free_port,
    postgres,
    run_script,
    web_command,
)
from statement_counter import StatementCounter

WEB = {"WEB_WORKERS": "2", "WEB_THREADS": "4"}
PREFIX = "relaydesk_benchmark"
#: Who takes part, and the module of URLs of those that are Django but not ours.
CONTESTANTS = {
    "relaydesk": "",
    "floor": "",
    "nothing": "contestants.nothing",
    "ordinary": "contestants.ordinary",
}
WARM_UP = 400


@dataclass
class Contestant:
    """One program with a database of its own, and what was measured of it."""

    name: str
    process: Process
    traffic: Traffic
    database_url: str
    rate: float = 0.0
    least: int = WARM_UP
    outcomes: dict[int, list[Outcome]] = field(default_factory=dict)
    statements: dict[str, float] = field(default_factory=dict)

    def play(self, *, seconds: float, connections: int) -> None:
        """Send about as much as fills the time, and keep what came of it."""
        count = max(self.least, int(self.rate * seconds))
        outcome = run(self.traffic.take(count), port=self.process.port, connections=connections)
        self.rate = outcome.rate
        self.outcomes.setdefault(connections, []).append(outcome)

    def median(self, connections: int, *, of: str, percent: int = 0) -> float:
        outcomes = self.outcomes[connections]
        if of == "rate":
            return statistics.median(outcome.rate for outcome in outcomes)
        return statistics.median(outcome.percentile_ms(percent) for outcome in outcomes)

    def errors(self, connections: int) -> int:
        return sum(outcome.errors for outcome in self.outcomes[connections])


def main() -> None:
    options = _parse_arguments()
    with tempfile.TemporaryDirectory(prefix="relaydesk-benchmark-") as folder:
        if "postgresql" in options.on:
            with postgres() as server_url:
                compare(server_url, Path(folder), options=options)
        if "sqlite" in options.on:
            sustain(Path(folder), options=options)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast a customer's message comes in.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each turn")
    parser.add_argument(
        "--on", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql", "sqlite"]
    )
    parser.add_argument("--only", nargs="+", choices=[*CONTESTANTS], default=[*CONTESTANTS])
    parser.add_argument(
        "--soak", type=int, default=0, help="messages to send through SQLite, for the memory"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 5)
    return options


def compare(server_url: str, folder: Path, *, options: argparse.Namespace) -> None:
    """Let the contestants take turns at 8 and at 32 connections, and print how they compare."""
    with contextlib.ExitStack() as stack:
        template = f"{PREFIX}_template"
        url = stack.enter_context(database(server_url, name=template))
        world = run_script("world.py", env=environment(folder / "world", DATABASE_URL=url))
        contestants = [
            stack.enter_context(_entered(name, server_url, world, folder=folder))
            for name in options.only
        ]
        for contestant in contestants:
            contestant.play(seconds=0, connections=8)
            contestant.outcomes.clear()
        for _ in range(options.rounds):
            for connections in (8, 32):
                for contestant in contestants:
                    contestant.play(seconds=options.seconds, connections=connections)
        for contestant in contestants:
            contestant.statements = _count_statements(contestant, world, folder=folder)
        for connections in (8, 32):
            _print_comparison(contestants, connections=connections, options=options)
        _print_broken_promises(contestants)


@contextlib.contextmanager
def _entered(name: str, server_url: str, world: dict, *, folder: Path) -> Iterator[Contestant]:
    """Give a contestant a copy of the world and start it."""
    copy = f"{PREFIX}_{name}"
    with database(server_url, name=copy, template=f"{PREFIX}_template") as url:
        if name == "floor":
            with psycopg.connect(url, autocommit=True) as connection:
                sql = (ROOT / "benchmarks" / "contestants" / "floor.sql").read_text()
                connection.execute(sql)
        with _process(name, url, world, folder=folder, web=WEB) as process:
            traffic = Traffic(Door(**world["door"]), random.Random(name))
            yield Contestant(name, process, traffic, url)


def _process(name: str, url: str, world: dict, *, folder: Path, web: Mapping[str, str]) -> Process:
    """Return the web server of `manage.py serve`, with the contestant's application in it."""
    port = free_port()
    env = environment(
        folder / name, DATABASE_URL=url, PORT=str(port), BENCHMARK_WORLD=json.dumps(world), **web
    )
    command = web_command(env)
    if name == "floor":
        command = bare_command(command, "contestants.floor", threads=web["WEB_THREADS"])
    if urls := CONTESTANTS[name]:
        env |= {"BENCHMARK_URLS": urls, "DJANGO_SETTINGS_MODULE": "contestants.settings"}
    return Process(command, env, port, folder / f"{name}.log")


def _count_statements(contestant: Contestant, world: dict, *, folder: Path) -> dict[str, float]:
    """Count on the wire what a follow-up and a new conversation cost, in one warm thread."""
    if contestant.name == "nothing":
        return {"follow-up": 0, "new": 0}
    with StatementCounter(contestant.database_url) as counter:
        one = {"WEB_WORKERS": "1", "WEB_THREADS": "1"}
        counted = {}
        with _process(contestant.name, counter.url, world, folder=folder, web=one) as process:
            for kind in ("follow-up", "new"):
                requests = contestant.traffic.take_of(kind, count=30)
                run(requests[:10], port=process.port, connections=1)
                before = counter.count
                run(requests[10:], port=process.port, connections=1)
                counted[kind] = (counter.count - before) / 20
        return counted


def _print_comparison(
    contestants: list[Contestant], *, connections: int, options: argparse.Namespace
) -> None:
    print(
        f"\nPostgreSQL, {connections} connections, {WEB['WEB_WORKERS']} web processes of "
        f"{WEB['WEB_THREADS']} threads; 80 % follow-ups, 20 % new, routed by a rule and assigned.\n"
        f"Medians of {options.rounds} rounds of {options.seconds:g} s each, in turns.\n"
    )
    print(
        f"{'':>10} {'req/s':>7} {'of floor':>9} {'p50 ms':>7} {'p99 ms':>7} {'p99/p50':>8} "
        f"{'statements':>11} {'errors':>7} {'RSS MB':>7}"
    )
    rates = {each.name: each.median(connections, of="rate") for each in contestants}
    for each in contestants:
        p50 = each.median(connections, of="latency", percent=50)
        p99 = each.median(connections, of="latency", percent=99)
        counted = f"{each.statements['follow-up']:g} / {each.statements['new']:g}"
        share = f"{rates[each.name] / rates['floor']:.3f}" if "floor" in rates else ""
        print(
            f"{each.name:>10} {rates[each.name]:>7.0f} {share:>9} {p50:>7.1f} {p99:>7.1f} "
            f"{p99 / p50:>8.1f} {counted:>11} {each.errors(connections):>7} "
            f"{each.process.memory_mb():>7.0f}"
        )
    if {"relaydesk", "ordinary"} <= rates.keys():
        print(f"\nrelaydesk / ordinary: {rates['relaydesk'] / rates['ordinary']:.2f}")


def _print_broken_promises(contestants: list[Contestant]) -> None:
    """Say whether what was stored is sound: a fast program that loses things is no measure."""
    for each in contestants:
        if each.name == "relaydesk":
            counts = verify(each.process.env)
            print(
                f"\nmanage.py verify after it all: {sum(counts.values())} rows break an invariant"
            )


def verify(env: Mapping[str, str]) -> dict[str, int]:
    done = subprocess.run(
        [PYTHON, "manage.py", "verify", "--json"], env=env, cwd=ROOT, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


def sustain(folder: Path, *, options: argparse.Namespace) -> None:
    """Send to the embedded default for a while, and print what it took and what it weighs."""
    port = free_port()
    env = environment(folder / "sqlite", PORT=str(port), ENVIRONMENT="development")
    world = run_script("world.py", env=env)
    traffic = Traffic(Door(**world["door"]), random.Random("sqlite"))
    log = folder / "sqlite.log"
    with Process([PYTHON, "manage.py", "serve"], env, port, log) as serve:
        rate = run(traffic.take(WARM_UP), port=port, connections=8).rate
        count = max(options.soak, int(rate * options.seconds * options.rounds))
        print(
            f"\nSQLite, 8 connections, {count} messages, started as `make run` does: "
            "web, worker and beat.\n"
        )
        print(
            f"{'sent':>8} {'req/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'errors':>7} "
            f"{'web MB':>7} {'worker MB':>10} {'beat MB':>8}"
        )
        for part in range(1, 6):
            outcome = run(traffic.take(count // 5), port=port, connections=8)
            print(
                f"{part * (count // 5):>8} {outcome.rate:>7.0f} {outcome.percentile_ms(50):>7.1f} "
                f"{outcome.percentile_ms(99):>7.1f} {outcome.errors:>7} {serve.memory_mb():>7.0f} "
                f"{serve.memory_mb('worker'):>10.0f} {serve.memory_mb('beat'):>8.0f}"
            )
    said = log.read_text()
    counts = verify(env)
    print(
        f'\n"locked" in the log: {said.count("locked")}; '
        f"rows that break an invariant: {sum(counts.values())}"
    )


if __name__ == "__main__":
    sys.exit(main())
