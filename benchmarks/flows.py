"""What the sweep of flows costs where many runs wait and few are due.

    DATABASE_URL=postgresql://… python benchmarks/flows.py

Fills a database of its own with 1,000 and then 100,000 waiting runs, each time with the same few
that are due, and measures: one sweep that finds nothing, and one event of one run. The floor is a
query that finds nothing in an empty table of the same shape, on the same connection.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402

from conversations.models import Contact, Conversation, Identity  # noqa: E402
from conversations.states import Status  # noqa: E402
from routing.models import FlowRun, RunStatus  # noqa: E402
from routing.services.flow_runs import run_next  # noqa: E402
from teams.clock import database_now  # noqa: E402
from teams.identifiers import new_public_id  # noqa: E402
from tests.factories import make_channel, make_flow  # noqa: E402

SIZES = (1_000, 100_000)
DUE = 40
EMPTY = 60
DELAY = {"name": "Wait", "kind": "delay", "seconds": 3600}
AGAIN = {"name": "Again", "kind": "go_to", "next": "Wait"}


def main() -> None:
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        measured = [measure(size) for size in SIZES]
    finally:
        runner.teardown_databases(databases)
    small, large = measured
    for name in small:
        print(f"{name:>14}  100k/1k: {large[name] / small[name]:.2f}")


def measure(size: int) -> dict[str, float]:
    fill(size)
    now = database_now()
    sweep = _time(lambda: run_next(now=now), rounds=EMPTY)
    floor = _time(_floor, rounds=EMPTY)
    keys = FlowRun.objects.order_by("pk").values_list("pk", flat=True)[:DUE]
    FlowRun.objects.filter(pk__in=list(keys)).update(due_at=now - timedelta(seconds=1))
    event = _time(lambda: run_next(now=now), rounds=DUE)
    print(
        f"{size:>7} waiting: empty sweep {sweep:.2f} ms (floor {floor:.2f} ms), "
        f"one event {event:.2f} ms"
    )
    return {"empty sweep": sweep, "one event": event}


def fill(size: int) -> None:
    """Let so many runs wait in all, each in a conversation of its own."""
    missing = size - FlowRun.objects.count()
    now = database_now()
    channel = make_channel()
    flow = make_flow(name=f"Wait {size}", steps=[DELAY, AGAIN], trigger="none")
    contacts = Contact.objects.bulk_create(
        (Contact(name="Dora", created_at=now) for _ in range(missing)), batch_size=5000
    )
    identities = Identity.objects.bulk_create(
        (
            Identity(contact=each, medium="whatsapp", address=f"+{each.pk}", created_at=now)
            for each in contacts
        ),
        batch_size=5000,
    )
    talks = Conversation.objects.bulk_create(
        (
            Conversation(
                public_id=new_public_id(),
                contact_id=each.contact_id,
                identity=each,
                channel=channel,
                status=Status.BOT,
                opened_at=now,
                last_message_at=now,
                last_inbound_at=now,
            )
            for each in identities
        ),
        batch_size=5000,
    )
    FlowRun.objects.bulk_create(
        (
            FlowRun(
                public_id=new_public_id(),
                conversation=each,
                flow=flow,
                version=flow.published,
                status=RunStatus.WAITING,
                step="Wait",
                due_at=now + timedelta(hours=1),
                actor_kind="system",
                started_at=now,
            )
            for each in talks
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _floor() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM routing_decision WHERE id < 0")
        cursor.fetchall()


def _time(deed: Callable[[], object], *, rounds: int) -> float:
    """Return the median of so many, in milliseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
