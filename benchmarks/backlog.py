"""Makes one team of ten behind one rule, and conversations that nobody has. Prints their ids.

Run by the benchmarks in a process of its own, with the environment of the house to fill.
"""

import json
import os

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from conversations.models import Contact, Conversation, Identity  # noqa: E402
from teams.identifiers import new_public_id  # noqa: E402
from teams.models import Strategy  # noqa: E402
from tests.factories import make_agent, make_channel, make_rule, make_team  # noqa: E402

TEAM_SIZE = 10
COUNT = int(os.environ.get("BENCHMARK_CONVERSATIONS", "1000"))


def main() -> None:
    call_command("migrate", verbosity=0)
    people = tuple(make_agent(name=f"Agent {number}") for number in range(TEAM_SIZE))
    team = make_team(strategy=Strategy.LEAST_BUSY, members=people)
    make_rule(team=team, conditions=[("message.text", "contains", "order")])
    channel, now = make_channel(), timezone.now()
    contacts = Contact.objects.bulk_create(
        Contact(name=f"Dora {number}", created_at=now) for number in range(COUNT)
    )
    identities = Identity.objects.bulk_create(
        Identity(contact=contact, medium="whatsapp", address=f"+{contact.pk}", created_at=now)
        for contact in contacts
    )
    made = Conversation.objects.bulk_create(
        Conversation(
            public_id=new_public_id(),
            contact_id=identity.contact_id,
            identity=identity,
            channel=channel,
            status="new",
            opened_at=now,
            last_message_at=now,
            waiting_since=now,
            routing_due_at=now,
        )
        for identity in identities
    )
    ids = [(conversation.pk, conversation.contact_id) for conversation in made]
    print(json.dumps({"team": team.pk, "conversations": ids}))


if __name__ == "__main__":
    main()
