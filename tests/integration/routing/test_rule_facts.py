"""What rules see of a real message: its type, the customer's number and properties, its tags."""

import pytest
from django.utils import timezone

from conversations.actors import Actor
from conversations.models import Contact, Conversation
from conversations.services import lifecycle
from routing.models import Decision
from routing.services import replays
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_team

pytestmark = pytest.mark.django_db
ADDRESS = "+819000000001"


@pytest.fixture
def channel():
    return make_channel(has_survey=True)


@pytest.fixture
def team():
    return make_team(name="Desk", members=(make_agent(name="Alice"),))


def matched():
    """Return whether the only rule matched in the last decision, which is replayed as well."""
    decision = Decision.objects.latest("pk")
    assert not replays.differs(decision)
    return any(step["code"] == "matched" for step in decision.steps)


class TestANewCustomer:
    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            (("contact.country", "in", "JP"), True),
            (("contact.country", "in", "FR"), False),
            (("contact.phone", "starts_with", "+8190"), True),
            (("message.type", "in", "text"), True),
            (("message.language", "in", "ja"), True),
            (("contact.attribute.plan", "is_not_set", ""), True),
            (("conversation.priority", "equals", "0"), True),
            (("time.date", "gt", "2020-01-01"), True),
        ],
    )
    def test_is_seen_without_being_looked_up(self, channel, team, condition, holds):
        make_rule(team=team, conditions=(condition,))
        customer_writes(channel, "返金できますか", address=ADDRESS)
        assert matched() is holds


class TestAKnownCustomer:
    def test_is_seen_as_they_are_kept(self, channel, team):
        customer_writes(channel, "Hello", address=ADDRESS)
        conversation = Conversation.objects.get()
        Contact.objects.update(attributes={"Plan": "Gold", "age": 41}, language="ja")
        Conversation.objects.update(tags=["refund"], priority=10)
        lifecycle.resolve(conversation, actor=Actor.system(), now=timezone.now())
        make_rule(
            team=team,
            conditions=(
                ("contact.attribute.plan", "equals", "gold"),
                ("contact.attribute.age", "gte", "41"),
                ("contact.language", "in", "ja"),
                ("conversation.tag", "in", "refund"),
                ("conversation.priority", "gt", "5"),
                ("contact.country", "in", "jp"),
            ),
        )
        customer_writes(channel, "Again", address=ADDRESS)
        assert matched()
