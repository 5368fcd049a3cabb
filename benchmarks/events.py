"""How fast events leave the house: out of the outbox, and over the wire to receivers that answer.

    DATABASE_URL=postgresql://…/benchmark python -m benchmarks.events

The database is emptied. Receivers are threads of one other process, which answers at once.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

os.environ["EGRESS_ALLOWED_HOSTS"] = "127.0.0.1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from channels.models import Endpoint  # noqa: E402
from conversations.models import Conversation, EndpointDelivery, Event  # noqa: E402
from conversations.services import forwards, outbox  # noqa: E402
from conversations.wake import without_waking  # noqa: E402
from teams.clock import database_now  # noqa: E402
from tests.factories import make_channel, make_conversation, make_endpoint  # noqa: E402
from tests.fake_receiver import RunningReceiver  # noqa: E402

UNHEARD, HEARD, TOLD = 200_000, 20_000, 2_000
CONVERSATIONS = 200


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    channel = make_channel()
    conversations = [make_conversation(channel=channel) for _ in range(CONVERSATIONS)]

    write(conversations, UNHEARD)
    report("published, nobody listens", UNHEARD, publish)
    for name in ("one", "two", "three"):
        make_endpoint(name=name, event_types=["message.*"], now=database_now())
    write(conversations, HEARD)
    report("published to 3 endpoints", HEARD, publish)
    EndpointDelivery.objects.all().delete()

    port = start_receiver()
    Endpoint.objects.all().delete()
    make_endpoint(url=f"http://127.0.0.1:{port}/", now=database_now())
    for hands in (1, 4, 8):
        write(conversations, TOLD)
        publish()
        report(f"delivered to 1 endpoint, {hands} at a time", TOLD, lambda n=hands: deliver(n))
    for _ in range(3):
        make_endpoint(url=f"http://127.0.0.1:{port}/", now=database_now())
    write(conversations, TOLD // 4)
    publish()
    report("delivered to 4 endpoints, 8 at a time", TOLD, lambda: deliver(8))
    clog(conversations)


def clog(conversations: list[Conversation]) -> None:
    """What a look for work costs while an endpoint has been down for long."""
    EndpointDelivery.objects.all().delete()
    endpoint = Endpoint.objects.order_by("pk").first()
    Endpoint.objects.exclude(pk=endpoint.pk).delete()
    write(conversations, 100_000)
    publish()
    later = database_now() + timedelta(hours=1)
    EndpointDelivery.objects.exclude(due_at=None).update(due_at=later)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    report("looks for work, 100,000 pending behind", 200, lambda: look(200))


def look(times: int) -> None:
    for _ in range(times):
        assert not forwards.deliver_next(now=database_now())


def write(conversations: list[Conversation], count: int) -> None:
    now = database_now()
    Event.objects.bulk_create(
        (
            Event(
                type="message.received",
                conversation=conversations[n % CONVERSATIONS],
                actor_kind="contact",
                occurred_at=now,
            )
            for n in range(count)
        ),
        batch_size=5000,
    )


def publish() -> None:
    with without_waking():
        while outbox.publish_next(now=database_now()):
            pass


def deliver(hands: int) -> None:
    with ThreadPoolExecutor(hands) as pool:
        for done in [pool.submit(deliver_all) for _ in range(hands)]:
            done.result()


def deliver_all() -> None:
    try:
        while forwards.deliver_next(now=database_now()):
            pass
    finally:
        connection.close()


def start_receiver() -> int:
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(
        target=receive, args=(theirs,), daemon=True
    ).start()
    return int(ours.recv())


def receive(pipe) -> None:
    receiver = RunningReceiver()
    pipe.send(receiver.server_port)
    receiver.serve_forever()


def report(what: str, count: int, work: Callable[[], None]) -> None:
    began, busy = time.monotonic(), time.process_time()
    work()
    took_s, busy_s = time.monotonic() - began, time.process_time() - busy
    rate, cost_ms = count / took_s, 1000 * busy_s / count
    print(
        f"{what:<42} {count:>8,} in {took_s:6.1f} s {rate:>8,.0f}/s {cost_ms:>7.2f} ms of CPU each"
    )


if __name__ == "__main__":
    main()
