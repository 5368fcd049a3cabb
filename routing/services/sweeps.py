"""Doing the next due conversation: one shape for every sweep of this app."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from conversations.models import Conversation
from conversations.querysets import ConversationQuerySet

logger = logging.getLogger(__name__)

# After a failure the sweep tries again this much later, so that one row cannot hold up the others.
FAILURE_RETRY = timedelta(seconds=60)


def do_next(
    due: ConversationQuerySet,
    *,
    mark: str,
    work: Callable[[Conversation], None],
    now: datetime,
) -> bool:
    """Lock the first of the due conversations and do its work; say whether there was one.

    Those that somebody else has locked are passed over: workers do not wait for each other. If the
    work fails it is undone alone, and `mark`, the name of its due column, is put off.
    """
    with transaction.atomic():
        locked = due.select_for_update(of=("self",), skip_locked=True)
        # Without its secret: one that cannot be read must not hold up what other channels have.
        found = locked.select_related("channel").defer("channel__auth_token")
        conversation = found.first()
        if conversation is None:
            return False
        try:
            with transaction.atomic():
                work(conversation)
        except Exception:
            logger.exception("%s of conversation %s failed.", mark, conversation.pk)
            Conversation.objects.filter(pk=conversation.pk).update(**{mark: now + FAILURE_RETRY})
    return True
