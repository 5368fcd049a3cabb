"""What the sweeps of callbacks cost where many are stored and few are due.

    DATABASE_URL=postgresql://… python benchmarks/callbacks.py

Fills a database of its own with 1,000 and then 1,000,000 callbacks, six in ten of them over and the
others promised for the next 30 days, and measures: sweeps that find nothing (beside a query that
finds nothing), and one callback that is due, from its row to the person to whom it is offered
(beside bare SQL that claims such a row, and writes a conversation, an assignment and an event).
In either case 200 more wait in a team's queue, where the sweep looks for whoever took one.
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

from django.db import connection, transaction  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402

from callbacks.models import Callback  # noqa: E402
from callbacks.services import firing  # noqa: E402
from callbacks.states import CallbackStatus  # noqa: E402
from teams.clock import database_now  # noqa: E402
from teams.models import Team  # noqa: E402
from tests.calls import make_callback  # noqa: E402
from tests.factories import make_agent, make_channel, make_team  # noqa: E402

SIZES = (1_000, 1_000_000)
DUE, WAITING, EMPTY = 100, 200, 100
#: What differs from the one row that is copied; `n` counts.
COPIED = {
    "public_id": "gen_random_uuid()",
    "status": "CASE WHEN n %% 10 < 6 THEN 'completed' ELSE 'scheduled' END",
    "due_at": "now() + n * interval '2 seconds'",
    "look_due_at": "CASE WHEN n %% 10 < 6 THEN NULL ELSE now() + n * interval '2 seconds' END",
    "ended_at": "CASE WHEN n %% 10 < 6 THEN now() ELSE NULL END",
}
FLOOR = """
WITH claimed AS (
    UPDATE callbacks_callback SET status = 'offered', look_due_at = now() + interval '30 s'
    WHERE id = (
        SELECT id FROM callbacks_callback WHERE look_due_at <= now() AND status = 'scheduled'
        ORDER BY look_due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id
), talk AS (
    INSERT INTO conversations_conversation (public_id, contact_id, identity_id, channel_id, status,
        priority, tags, version, message_count, resolution_count, opened_at, last_message_at,
        assignee_id, team_id)
    SELECT gen_random_uuid(), %(contact)s, %(identity)s, %(channel)s, 'closed', 0, '[]', 1, 0, 0,
        now(), now(), %(user)s, %(team)s FROM claimed RETURNING id
), given AS (
    INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, started_at,
        ended_at, end_reason)
    SELECT id, %(team)s, %(user)s, 'callback', now(), now(), 'replaced' FROM talk RETURNING id
)
INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
    actor_label, data, occurred_at)
SELECT gen_random_uuid(), 'callback.offered', id, %(contact)s, 'system', '', '{}', now() FROM talk
"""


def main() -> None:
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        team = make_team(members=tuple(make_agent(name=f"Agent {n}") for n in range(10)))
        promise(make_team(name="By hand", strategy="manual"), count=WAITING)
        work_off()
        measured = [measure(size, team=team) for size in SIZES]
    finally:
        runner.teardown_databases(databases)
    small, large = measured
    for name in small:
        print(f"{name:>16}  1M/1k: {large[name] / small[name]:.2f}")


def measure(size: int, *, team: Team) -> dict[str, float]:
    fill(size)
    now = database_now()
    found = {
        "empty fire": _time(lambda: firing.fire_next(now=now), rounds=EMPTY),
        "empty follow": _time(lambda: firing.follow_next(now=now), rounds=EMPTY),
    }
    nothing = _time(_find_nothing, rounds=EMPTY)
    promise(team, count=2 * DUE)
    now = database_now()
    found["one due"] = _time(lambda: firing.fire_next(now=now), rounds=DUE)
    bare = _time(_claim_barely(), rounds=DUE)
    print(
        f"{size:>9,} stored: empty fire {found['empty fire']:.2f} ms, empty follow"
        f" {found['empty follow']:.2f} ms (a query for nothing {nothing:.2f} ms);"
        f" one due {found['one due']:.2f} ms (bare SQL {bare:.2f} ms)"
    )
    Callback.objects.filter(status=CallbackStatus.OFFERED).delete()
    return found


def promise(team: Team, *, count: int) -> None:
    """Promise so many calls for right now, each to a customer of its own."""
    channel, now = make_channel(), database_now()
    for _ in range(count):
        make_callback(team=team, channel=channel, due_at=now - timedelta(seconds=1))


def work_off() -> None:
    while firing.fire_next(now=database_now()):
        pass


def fill(size: int) -> None:
    """Let so many be stored in all, copied from one."""
    one = make_callback(channel=make_channel(), due_at=database_now() + timedelta(days=1))
    columns = [field.column for field in Callback._meta.concrete_fields if field.name != "id"]
    values = ", ".join(COPIED.get(column, f"one.{column}") for column in columns)
    missing = size - Callback.objects.count()
    with connection.cursor() as cursor:
        # Copies name what the one names: that it is there need not be asked a million times.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO callbacks_callback ({', '.join(columns)}) SELECT {values}"
            " FROM callbacks_callback one, generate_series(1800, %s) n WHERE one.id = %s",
            [missing + 1799, one.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def _find_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM callbacks_callback WHERE id < 0")
        cursor.fetchall()


def _claim_barely() -> Callable[[], object]:
    """Return what claims one due row and writes about it, with the contact of another."""
    row = Callback.objects.select_related("identity").latest("pk")
    known = {
        "contact": row.identity.contact_id,
        "identity": row.identity_id,
        "channel": row.channel_id,
        "team": row.team_id,
        "user": row.team.members.order_by("pk").values_list("pk", flat=True).first(),
    }

    def claim() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FLOOR, known)
            if cursor.rowcount != 1:
                raise RuntimeError("nothing was due")

    return claim


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
