"""Fills a database with one team behind one rule, and conversations that nobody has. Prints ids.

Run by the benchmarks in a process of its own, with the environment of the house to fill:
BENCHMARK_CONVERSATIONS that are due, BENCHMARK_MEMBERS of the team, BENCHMARK_STORED others that
somebody has, BENCHMARK_QUEUED that wait with the team.
"""

import json
import os
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from conversations.models import Contact, Conversation, Identity  # noqa: E402
from teams.identifiers import new_public_id  # noqa: E402
from teams.models import Membership, Strategy, User  # noqa: E402
from tests.factories import make_agent, make_channel, make_rule, make_team  # noqa: E402


def number(name: str, default: int) -> int:
    return int(os.environ.get(f"BENCHMARK_{name}", default))


def main() -> None:
    call_command("migrate", verbosity=0)
    team = make_team(strategy=Strategy.LEAST_BUSY, is_reassigning=True)
    people = join(team, count=number("MEMBERS", 10))
    make_rule(team=team, conditions=[("message.text", "contains", "order")])
    channel = make_channel()
    store_others(channel, count=number("STORED", 0))
    due = wait(channel, count=number("CONVERSATIONS", 0), routing_due_at=timezone.now())
    queued = wait(channel, count=number("QUEUED", 0), team=team)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"team": team.pk, "people": people, "conversations": due, "queued": queued}))


def join(team, *, count: int) -> list[int]:
    """Let so many people be in the team, who were given something at different times."""
    now = timezone.now()
    people = User.objects.bulk_create(
        User(
            email=f"agent{n}@example.test",
            name=f"Agent {n}",
            presence="online",
            last_assigned_at=now - timedelta(seconds=n),
        )
        for n in range(count)
    )
    Membership.objects.bulk_create(
        Membership(team=team, user=user, position=n) for n, user in enumerate(people)
    )
    return [user.pk for user in people]


def wait(channel, *, count: int, **fields) -> list[tuple[int, int]]:
    """Store open conversations that nobody has, each a second older than the one before."""
    now = timezone.now()
    contacts = Contact.objects.bulk_create(
        (Contact(name=f"Dora {n}", created_at=now) for n in range(count)), batch_size=5000
    )
    identities = Identity.objects.bulk_create(
        (
            Identity(contact=contact, medium="whatsapp", address=f"+{contact.pk}", created_at=now)
            for contact in contacts
        ),
        batch_size=5000,
    )
    made = Conversation.objects.bulk_create(
        (
            Conversation(
                public_id=new_public_id(),
                contact_id=identity.contact_id,
                identity=identity,
                channel=channel,
                status="new",
                priority=n % 3,
                opened_at=now,
                last_message_at=now,
                waiting_since=now - timedelta(seconds=n),
                **fields,
            )
            for n, identity in enumerate(identities)
        ),
        batch_size=5000,
    )
    return [(conversation.pk, conversation.contact_id) for conversation in made]


def store_others(channel, *, count: int) -> None:
    """Store open conversations that somebody else has; by the million."""
    if not count:
        return
    holder = make_agent(name="Somebody else")
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, {"count": count, "channel": channel.pk, "holder": holder.pk})


OTHERS = """
WITH contact AS (
  INSERT INTO conversations_contact (public_id, name, phone, language, tags, attributes,
    created_at)
  SELECT gen_random_uuid(), 'Other ' || n, '', '', '[]', '{}', now()
  FROM generate_series(1, %(count)s) n RETURNING id
), identity AS (
  INSERT INTO conversations_identity (contact_id, medium, address, created_at)
  SELECT id, 'whatsapp', '+9' || id, now() FROM contact RETURNING id, contact_id
)
INSERT INTO conversations_conversation (public_id, contact_id, identity_id, channel_id, status,
  assignee_id, priority, tags, version, message_count, resolution_count, opened_at,
  last_message_at)
SELECT gen_random_uuid(), contact_id, id, %(channel)s, 'in_progress', %(holder)s, 0, '[]', 2, 1, 0,
  now(), now()
FROM identity
"""


if __name__ == "__main__":
    main()
