"""Tags and priority of a conversation, set by hand or by another system."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import events
from conversations.states import Status

PRIORITY_MIN, PRIORITY_MAX = -100, 100


class TagsLockedError(Exception):
    """A closed conversation keeps the tags and the priority that it was closed with."""

    code = "conversation.closed"


class VersionConflictError(Exception):
    """The conversation is not the version that the caller saw."""

    code = "version_conflict"


@transaction.atomic
def change(
    conversation: Conversation,
    *,
    actor: Actor,
    now: datetime,
    tags: Sequence[str] | None = None,
    priority: int | None = None,
    expected_version: int | None = None,
) -> Conversation:
    """Give a conversation exactly these tags and this priority; None leaves them as they are.

    The same ones again are no change. Raises `TagsLockedError` if it is closed, and
    `VersionConflictError` if it changed since `expected_version`.
    """
    locked: Conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
    if expected_version not in (None, locked.version):
        raise VersionConflictError
    if locked.status == Status.CLOSED:
        raise TagsLockedError
    before = {"tags": locked.tags, "priority": locked.priority}
    wanted = {
        "tags": before["tags"] if tags is None else list(dict.fromkeys(tags)),
        "priority": before["priority"] if priority is None else priority,
    }
    if wanted == before:
        return locked
    Conversation.objects.filter(pk=locked.pk).update(version=F("version") + 1, **wanted)
    locked.refresh_from_db()
    if wanted["tags"] != before["tags"]:
        data = {"from": before["tags"], "to": wanted["tags"]}
        events.record(
            "conversation.tags_changed", conversation=locked, actor=actor, now=now, data=data
        )
    if wanted["priority"] != before["priority"]:
        data = {"from": before["priority"], "to": wanted["priority"]}
        events.record(
            "conversation.priority_changed", conversation=locked, actor=actor, now=now, data=data
        )
    return locked
