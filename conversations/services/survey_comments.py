"""Keeping a comment from agents, and showing it to them again: who did it, and why."""

from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Survey
from conversations.services import events

LONGEST_REASON = 200


@transaction.atomic
def hide(survey: Survey, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Keep the comment from agents; say whether that is new. Supervisors see it all the same.

    The message itself stays in the conversation.
    """
    shown = Survey.objects.filter(pk=survey.pk, comment_hidden_at=None).exclude(comment="")
    hidden = shown.update(
        comment_hidden_at=now,
        comment_hidden_by=actor.user_id,
        comment_hidden_reason=reason[:LONGEST_REASON],
    )
    if hidden:
        data = {"resolution": survey.resolution, "reason": reason[:LONGEST_REASON]}
        events.record(
            "survey.comment_hidden",
            conversation=survey.conversation,
            actor=actor,
            now=now,
            data=data,
        )
    return bool(hidden)


@transaction.atomic
def show(survey: Survey, *, actor: Actor, now: datetime) -> bool:
    """Let agents see the comment again; say whether that is new."""
    hidden = Survey.objects.filter(pk=survey.pk, comment_hidden_at__isnull=False)
    shown = hidden.update(comment_hidden_at=None, comment_hidden_by=None, comment_hidden_reason="")
    if shown:
        events.record(
            "survey.comment_shown",
            conversation=survey.conversation,
            actor=actor,
            now=now,
            data={"resolution": survey.resolution},
        )
    return bool(shown)
