"""A sweep whose work fails puts that one row off, and nothing else."""

from datetime import timedelta

import pytest

from conversations.models import Conversation
from routing.services import sweeps
from tests.factories import make_channel, make_conversation
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestASweepThatFails:
    def test_undoes_its_work_and_tries_again_later(self):
        channel = make_channel()
        first = make_conversation(channel=channel, routing_due_at=MORNING)
        second = make_conversation(channel=channel, routing_due_at=MORNING)
        due = Conversation.objects.filter(routing_due_at__lte=MORNING).order_by("pk")
        seen = []

        def work(conversation):
            seen.append(conversation)
            Conversation.objects.filter(pk=conversation.pk).update(priority=9, routing_due_at=None)
            if conversation == first:
                raise ValueError("no way")

        while sweeps.do_next(due, mark="routing_due_at", work=work, now=MORNING):
            pass

        first.refresh_from_db()
        second.refresh_from_db()
        assert seen == [first, second]
        assert (first.priority, first.routing_due_at) == (0, MORNING + timedelta(seconds=60))
        assert (second.priority, second.routing_due_at) == (9, None)
