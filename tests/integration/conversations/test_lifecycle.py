"""Conversations end once, and with everything that hangs on them."""

import pytest

from conversations.actors import Actor
from conversations.invariants import surveys_that_never_end
from conversations.models import Survey
from conversations.services import lifecycle
from conversations.states import Status
from tests.factories import make_channel, make_conversation
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
