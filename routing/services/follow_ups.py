"""Going after a rating: somebody takes care of the customer who gave it."""

from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation, Survey
from conversations.services import events, lifecycle, replies
from conversations.states import ASSIGNABLE, LIVE
from routing.services import assignment
from teams.models import User


class FollowUpRefusedError(Exception):
    """The customer's open conversation is one that whoever asks may not see."""

    code = "conversation.elsewhere"


@transaction.atomic
def follow_up(
    survey: Survey, *, person: User, note: str, author: User, now: datetime
) -> Conversation:
    """Give the customer's conversation to a person, with a note that says what to do.

    1. What the customer has open on this channel; else the conversation that was rated, reopened.
    2. Assign it, whatever the person's presence and load. 3. Add the note, and the event.

    Raises `FollowUpRefusedError`, and what reopening and assigning raise.
    """
    actor = Actor.person(author.pk, author.name)
    conversation = _conversation_for(survey, author=author)
    if conversation.status not in ASSIGNABLE:
        conversation = lifecycle.reopen(conversation, actor=actor, now=now)
    assignment.assign_to(conversation, person=person, actor=actor, reason=note[:200], now=now)
    replies.add_note(conversation, author=author, body=note, actor=actor, now=now)
    events.record(
        "survey.followed_up",
        conversation=conversation,
        actor=actor,
        now=now,
        data={
            "resolution": survey.resolution,
            "rated_conversation": str(survey.conversation.public_id),
            "rating": survey.rating,
            "user_id": person.pk,
        },
    )
    conversation.refresh_from_db()
    return conversation


def _conversation_for(survey: Survey, *, author: User) -> Conversation:
    rated = survey.conversation
    live = Conversation.objects.filter(
        contact=rated.contact_id, channel=rated.channel_id, status__in=LIVE
    )
    found: Conversation = live.order_by("pk").first() or rated
    visible = Conversation.objects.visible_to(author).filter(pk=found.pk)
    if found != rated and not visible.exists():
        raise FollowUpRefusedError
    return found
