"""Who may see which conversation."""

import pytest

from conversations.models import Conversation
from tests.factories import (
    make_administrator,
    make_agent,
    make_conversation,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db


class TestAConversationWithoutATeam:
    def test_is_seen_by_the_supervisor_of_whoever_has_it(self):
        grace, sachi = make_agent(name="Grace"), make_supervisor()
        make_team(members=(grace, sachi))
        conversation = make_conversation(assignee=grace)

        assert conversation in Conversation.objects.visible_to(sachi)
        assert conversation in Conversation.objects.visible_to(grace)
        assert conversation in Conversation.objects.visible_to(make_administrator())

    def test_is_not_seen_by_colleagues_or_other_supervisors(self):
        grace, bob = make_agent(name="Grace"), make_agent(name="Bob")
        make_team(members=(grace, bob))
        conversation = make_conversation(assignee=grace)

        assert conversation not in Conversation.objects.visible_to(bob)
        assert conversation not in Conversation.objects.visible_to(make_supervisor())
