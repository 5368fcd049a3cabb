"""Routes its share of conversations as the door does for a new customer: decide, apply, explain.

Reads ids of conversations from its input, says "ready", and starts when it is told to.
"""

import json
import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from channels.models import Channel  # noqa: E402
from conversations.models import Contact, Conversation  # noqa: E402
from conversations.states import Status  # noqa: E402
from routing import loaders  # noqa: E402
from routing.engine.written import Written  # noqa: E402
from routing.services import assignment  # noqa: E402


def main() -> None:
    ids = json.loads(sys.stdin.readline())
    channel = Channel.objects.get()
    found = loaders.find_channel(provider=channel.provider, token=channel.token)
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = []
    for conversation_id, contact_id in ids:
        started = time.perf_counter()
        conversation = Conversation(
            pk=conversation_id, contact_id=contact_id, status=Status.NEW, version=1, tags=[]
        )
        conversation.channel, conversation.contact = found, Contact(pk=contact_id)
        with transaction.atomic():
            assignment.route(
                conversation,
                message=Written("Where is my order?", ("text",)),
                now=timezone.now(),
                is_new_contact=True,
            )
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
