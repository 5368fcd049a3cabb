"""Conversations end once, and with everything that hangs on them."""

import pytest

from conversations.actors import Actor
from conversations.invariants import surveys_that_never_end
from conversations.models import Survey
from conversations.services import lifecycle, replies
from conversations.states import Status
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


class TestClosing:
    def test_by_hand_ends_the_wait_for_a_rating(self):
        conversation = make_conversation(channel=make_channel(has_survey=True))
        resolved = lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)
        assert Survey.objects.get().status == "sent"

        closed = lifecycle.close(resolved, actor=SYSTEM, now=MORNING)

        assert closed.status == Status.CLOSED
        assert Survey.objects.get().status == "expired"
        assert not surveys_that_never_end().exists()


class TestAnsweringAfterTheEnd:
    def test_gives_it_to_whoever_answers_and_keeps_the_team(self):
        alice = make_agent()
        team = make_team(members=(alice,))
        channel = make_channel(has_survey=True)
        conversation = make_conversation(channel=channel, team=team)
        lifecycle.resolve(conversation, actor=SYSTEM, now=MORNING)

        replies.queue_reply(conversation, author=alice, body="Sorry!", actor=SYSTEM, now=MORNING)

        conversation.refresh_from_db()
        assert conversation.status == Status.IN_PROGRESS
        assert (conversation.assignee, conversation.team) == (alice, team)
