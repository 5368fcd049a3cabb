"""The conversation that a call belongs to: open, so that somebody can have it."""

from datetime import datetime

from django.db import transaction

from callbacks.models import Callback
from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import beginnings, lifecycle
from conversations.services.lifecycle import ConversationMovedError
from conversations.states import LIVE, OPEN, Status
from routing.services import assignment

#: The customer may write, or a colleague act, at this very moment.
_TRIES = 3


def open_for(callback: Callback, *, actor: Actor, now: datetime) -> Conversation:
    """Return the conversation of a callback, open and locked, with its channel and contact.

    1. The customer's live one on the channel; else the one in which it was promised; else a new
       one. 2. What is over or set aside is reopened, what a bot has is taken from it.

    The callback's row must be locked by the caller, who writes down which conversation it is
    (`columns_of`). Raises `ConversationMovedError` if others keep changing it.
    """
    for _ in range(_TRIES - 1):
        try:
            with transaction.atomic():
                return _open(callback, actor=actor, now=now)
        except ConversationMovedError:
            continue
    return _open(callback, actor=actor, now=now)


def columns_of(callback: Callback, conversation: Conversation) -> dict[str, object]:
    """Return what is written of a callback whose conversation is this one."""
    if callback.conversation_id == conversation.pk:
        return {}
    # It was not promised in this one: the limit of one for each conversation is not about it.
    return {"conversation": conversation, "is_from_conversation": False}


def lock(conversation_id: int) -> Conversation:
    """Return a conversation as it is now, locked until the transaction ends."""
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact")
        .get(pk=conversation_id)
    )
    return locked


def _open(callback: Callback, *, actor: Actor, now: datetime) -> Conversation:
    found = _live_one(callback) or callback.conversation
    if found is None:
        begun = beginnings.begin(
            callback.identity.contact,
            channel=callback.channel,
            identity=callback.identity,
            actor=actor,
            now=now,
        )
        return lock(begun.pk)
    conversation = lock(found.pk)
    if conversation.status == Status.BOT:
        assignment.take_from_bot(conversation, actor=actor, now=now)
    elif conversation.status not in OPEN:
        lifecycle.reopen(conversation, actor=actor, now=now, because="callback_due")
    else:
        return conversation
    return lock(found.pk)


def _live_one(callback: Callback) -> Conversation | None:
    """Return the customer's conversation on the channel that is not over, if there is one."""
    theirs = Conversation.objects.filter(
        contact=callback.identity.contact_id, channel=callback.channel_id, status__in=sorted(LIVE)
    )
    live: Conversation | None = theirs.order_by("-pk").first()
    return live
