"""What other systems' calls cost: giving out conversations, and making them.

    python benchmarks/api.py            everything, about five minutes
    python benchmarks/api.py --quick    the same in short, under two

Behind the web server of `manage.py serve`, on one PostgreSQL, in turns, several rounds:

1. The Assignment API, which gives a conversation to a team whose strategy picks, once for its
   Idempotency-Key; beside a floor that writes the same rows with one hand-written statement.
2. A conversation that a customer's first message makes at our door (routed, assigned, explained);
   beside a ticket that the API of django-helpdesk makes. That is installed from PyPI into a virtual
   environment of its own; where it cannot be had, this part is left out, and the output says so.

The limit of requests a minute is off: it would refuse what is measured.
"""

import argparse
import contextlib
import itertools
import json
import random
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from inbound import PREFIX, WEB, Contestant, verify
from load import Door, Traffic, run
from servers import (
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

CONNECTIONS = 8
COUNTED = 20
PEER = ROOT / "benchmarks" / "contestants" / "peer"
#: As many answers as a turn has at least: what a p99 needs, and what the slowest gets done.
LEAST = 100
ASSIGNMENTS, CREATIONS = "assignments", "creations"


@dataclass(slots=True)
class Calls:
    """Requests that never repeat, made one after the other until there is nothing left to ask."""

    requests: Iterator[bytes]

    def take(self, count: int) -> list[bytes]:
        taken = [request for _, request in zip(range(count), self.requests, strict=False)]
        if len(taken) < count:
            sys.exit("Nothing is left to ask for: make fewer or shorter rounds.")
        return taken


@dataclass
class House:
    """A database and the server in front of it: it can be started again with other settings."""

    name: str
    database_url: str
    serve: Callable[[str, Mapping[str, str]], Process]
    process: Process = field(init=False)


@dataclass
class Entry(Contestant):
    """What one house is asked for."""

    contest: str = ASSIGNMENTS
    house: House | None = None
    counted: float = 0.0


def main() -> None:
    options = _parse_arguments()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relaydesk-")))
        server_url = stack.enter_context(postgres())
        entries = [
            *_enter_ours(server_url, folder, stack=stack, options=options),
            *_enter_peer(server_url, folder, stack=stack, options=options),
        ]
        compete(entries, options=options)
        _print_results(entries, options=options)
        _print_broken_promises(entries)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What other systems' calls cost.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each turn")
    parser.add_argument(
        "--peer", type=Path, metavar="FOLDER", help="keep django-helpdesk there for the next run"
    )
    parser.add_argument("--no-peer", action="store_true", help="do without django-helpdesk")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 5)
    return options


def _enter_ours(
    server_url: str, folder: Path, *, stack: contextlib.ExitStack, options: argparse.Namespace
) -> list[Entry]:
    """Fill a world, and give Relaydesk and the floor a copy each."""
    template = f"{PREFIX}_template"
    url = stack.enter_context(database(server_url, name=template))
    enough = int(4000 * options.seconds * options.rounds)
    env = environment(folder / "world", DATABASE_URL=url, BENCHMARK_CONVERSATIONS=str(enough))
    world = run_script("api_world.py", env=env)
    copies = {
        name: stack.enter_context(database(server_url, name=f"{PREFIX}_{name}", template=template))
        for name in ("floor", "relaydesk")
    }
    with psycopg.connect(copies["floor"], autocommit=True) as connection:
        sql = (ROOT / "benchmarks" / "contestants" / "api_floor.sql").read_text()
        connection.execute(sql)
    floor, ours = (
        _open(House(name, copy, _our_server(name, folder)), stack) for name, copy in copies.items()
    )
    return [
        _entry(floor, ASSIGNMENTS, _assignments(world, copies["floor"])),
        _entry(ours, ASSIGNMENTS, _assignments(world, copies["relaydesk"])),
        _entry(ours, CREATIONS, _first_messages(world)),
    ]


def _open(house: House, stack: contextlib.ExitStack) -> House:
    house.process = stack.enter_context(house.serve(house.database_url, WEB))
    return house


def _entry(house: House, contest: str, requests: Iterator[bytes]) -> Entry:
    return Entry(
        name=house.name,
        process=house.process,
        traffic=Calls(requests),
        database_url=house.database_url,
        least=LEAST,
        contest=contest,
        house=house,
    )


def _our_server(name: str, folder: Path) -> Callable[[str, Mapping[str, str]], Process]:
    """Return what starts the web server of `manage.py serve`, with the floor in it or ours."""

    def serve(url: str, web: Mapping[str, str]) -> Process:
        port = free_port()
        given = {"DATABASE_URL": url, "PORT": str(port), "API_REQUESTS_PER_MINUTE": "0", **web}
        env = environment(folder / name, **given)
        command = web_command(env)
        if name == "floor":
            command = bare_command(command, "contestants.api_floor", threads=web["WEB_THREADS"])
        return Process(command, env, port, folder / f"{name}.log")

    return serve


def _assignments(world: dict, url: str) -> Iterator[bytes]:
    """Yield calls that give each open conversation to one of the teams in turn."""
    with psycopg.connect(url) as connection:
        query = "SELECT public_id::text FROM conversations_conversation ORDER BY id"
        ids = [row[0] for row in connection.execute(query).fetchall()]
    codes = world["team_codes"]
    for number, conversation_id in enumerate(ids):
        yield build_call(
            "/api/v1/assignments/manual/",
            {"conversation_id": conversation_id, "team_code": codes[number % len(codes)]},
            headers={
                "Authorization": f"Bearer {world['key']}",
                "Idempotency-Key": f"give-{conversation_id}",
            },
        )


def _first_messages(world: dict) -> Iterator[bytes]:
    """Yield signed deliveries, each of a customer who never wrote before."""
    traffic = Traffic(Door(**world["door"]), random.Random("api"))
    while True:
        yield from traffic.take_of("new", count=1)


def build_call(path: str, body: dict, *, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of a POST of JSON."""
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: desk.benchmark.test",
        "Accept: application/json",
        "Content-Type: application/json",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def _enter_peer(
    server_url: str, folder: Path, *, stack: contextlib.ExitStack, options: argparse.Namespace
) -> list[Entry]:
    """Install django-helpdesk and start it; nothing where it is not wanted or cannot be had."""
    python = None if options.no_peer else _install(options.peer or folder / "peer")
    if python is None:
        return []
    url = stack.enter_context(database(server_url, name=f"{PREFIX}_peer"))
    env = _peer_environment(folder, url)
    filled = subprocess.run(
        [python, str(PEER / "fill.py")], env=env, check=True, stdout=subprocess.PIPE
    )
    made = json.loads(filled.stdout)

    def serve(url: str, web: Mapping[str, str]) -> Process:
        port = free_port()
        command = web_command(environment(folder / "ours", PORT=str(port), **web))
        command = [python, *bare_command(command, "desk", threads=web["WEB_THREADS"])[1:]]
        return Process(command, _peer_environment(folder, url), port, folder / "peer.log")

    house = _open(House("django-helpdesk", url, serve), stack)
    return [_entry(house, CREATIONS, _tickets(made))]


def _peer_environment(folder: Path, url: str) -> dict[str, str]:
    """Return the environment of django-helpdesk, where nothing of ours can be imported."""
    env = environment(folder / "peer-files", DATABASE_URL=url)
    del env["DJANGO_SETTINGS_MODULE"]
    return {**env, "PYTHONPATH": str(PEER)}


def _install(folder: Path) -> str | None:
    """Return the Python of a virtual environment with django-helpdesk; None if it cannot be had."""
    python = folder / "bin" / "python"
    wanted = ["--quiet", "--disable-pip-version-check", "-r", str(PEER / "requirements.txt")]
    if not python.exists():
        venv.create(folder, with_pip=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", *wanted], capture_output=True, text=True
    )
    if done.returncode == 0:
        return str(python)
    last = (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
    print(f"django-helpdesk cannot be installed here, so it does not take part: {last}")
    return None


def _tickets(made: dict) -> Iterator[bytes]:
    """Yield calls that make tickets, each of a customer who never wrote before."""
    for number in itertools.count(1):
        yield build_call(
            "/helpdesk/api/tickets/",
            {
                "queue": made["queue"],
                "title": "Where is my order?",
                "description": "It is number 4711.",
                "submitter_email": f"dora{number}@example.com",
                "priority": 3,
            },
            headers={"Authorization": f"Token {made['token']}"},
        )


def compete(entries: list[Entry], *, options: argparse.Namespace) -> None:
    """Let them take turns, and count on the wire what one call asks the database."""
    for entry in entries:
        entry.play(seconds=0, connections=CONNECTIONS)
        entry.outcomes.clear()
    for _ in range(options.rounds):
        for entry in entries:
            entry.play(seconds=options.seconds, connections=CONNECTIONS)
    for entry in entries:
        entry.counted = _count_statements(entry)


def _count_statements(entry: Entry) -> float:
    """Count what a call costs in one warm thread."""
    one = {"WEB_WORKERS": "1", "WEB_THREADS": "1"}
    assert entry.house is not None
    with (
        StatementCounter(entry.database_url) as counter,
        entry.house.serve(counter.url, one) as process,
    ):
        run(entry.traffic.take(COUNTED), port=process.port, connections=1)
        before = counter.count
        run(entry.traffic.take(COUNTED), port=process.port, connections=1)
        return (counter.count - before) / COUNTED


def _print_results(entries: list[Entry], *, options: argparse.Namespace) -> None:
    print(
        f"\nPostgreSQL, {CONNECTIONS} connections, {WEB['WEB_WORKERS']} web processes of "
        f"{WEB['WEB_THREADS']} threads.\n"
        f"Medians of {options.rounds} rounds of {options.seconds:g} s each, in turns."
    )
    titles = {
        ASSIGNMENTS: "Assignment API: to a team whose strategy picks, with Idempotency-Key",
        CREATIONS: "A conversation by its first message; a ticket by the peer's API",
    }
    for contest, title in titles.items():
        _print_contest(title, [entry for entry in entries if entry.contest == contest])


def _print_contest(title: str, entries: list[Entry]) -> None:
    print(
        f"\n{title}\n{'':>16} {'req/s':>7} {'p50 ms':>7} {'p99 ms':>7} {'statements':>11} "
        f"{'errors':>7} {'RSS MB':>7}"
    )
    for each in entries:
        print(
            f"{each.name:>16} {each.median(CONNECTIONS, of='rate'):>7.0f} "
            f"{each.median(CONNECTIONS, of='latency', percent=50):>7.1f} "
            f"{each.median(CONNECTIONS, of='latency', percent=99):>7.1f} "
            f"{each.counted:>11g} {each.errors(CONNECTIONS):>7} {each.process.memory_mb():>7.0f}"
        )
    rates = {each.name: each.median(CONNECTIONS, of="rate") for each in entries}
    for other in rates.keys() - {"relaydesk"}:
        print(f"relaydesk / {other}: {rates['relaydesk'] / rates[other]:.3f}")


def _print_broken_promises(entries: list[Entry]) -> None:
    """Say whether what was answered is stored: a fast program that loses things is no measure."""
    query = """
    SELECT (SELECT count(*) FROM teams_storedanswer), count(*), count(d.id), count(e.id)
    FROM conversations_assignment a
    LEFT JOIN routing_decision d ON d.assignment_id = a.id
    LEFT JOIN conversations_event e
      ON e.conversation_id = a.conversation_id AND e.type = 'conversation.assigned'
    WHERE a.kind = 'manual'
    """
    print()
    for entry in entries:
        if entry.contest == ASSIGNMENTS:
            with psycopg.connect(entry.database_url) as connection:
                counts = connection.execute(query).fetchone()
            print(
                f"{entry.name}: {counts[0]} answers kept, {counts[1]} assignments, "
                f"{counts[2]} decisions, {counts[3]} events"
            )
            if entry.name == "relaydesk":
                broken = sum(verify(entry.process.env).values())
                print(f"manage.py verify after it all: {broken} rows break an invariant")


if __name__ == "__main__":
    main()
