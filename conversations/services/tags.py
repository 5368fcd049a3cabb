"""Tags on a conversation."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import events
from conversations.states import Status


class TagsLockedError(Exception):
    """A closed conversation keeps the tags that it was closed with."""

    code = "conversation.closed"


@transaction.atomic
def replace_tags(
    conversation: Conversation, *, tags: Sequence[str], actor: Actor, now: datetime
) -> Conversation:
    """Give a conversation exactly these tags; the same ones again are no change.

    Raises `TagsLockedError` if it is closed.
    """
    locked: Conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
    if locked.status == Status.CLOSED:
        raise TagsLockedError
    wanted = list(dict.fromkeys(tags))
    if wanted == locked.tags:
        return locked
    Conversation.objects.filter(pk=locked.pk).update(tags=wanted, version=F("version") + 1)
    data = {"from": locked.tags, "to": wanted}
    locked.refresh_from_db()
    events.record("conversation.tags_changed", conversation=locked, actor=actor, now=now, data=data)
    return locked
