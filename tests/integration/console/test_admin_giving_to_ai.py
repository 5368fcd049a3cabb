"""The button that hands a conversation to an AI agent."""

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import Channel
from conversations.models import Conversation
from conversations.states import Status
from routing.models import AiAgent
from routing.services import ai_agents
from tests.console import sign_in
from tests.factories import make_ai_agent, make_channel, make_conversation, make_supervisor

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return make_channel()


@pytest.fixture
def fay(channel: Channel) -> AiAgent:
    return make_ai_agent(name="Fay", channels=(channel,))


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    return make_conversation(channel=channel)


@pytest.fixture
def client() -> Client:
    return sign_in(make_supervisor())


def page_of(conversation: Conversation, name: str = "change") -> str:
    return f"/admin/conversations/conversation/{conversation.pk}/{name}/"


class TestHandToAi:
    def test_shows_who_has_it_now(
        self, client: Client, conversation: Conversation, fay: AiAgent
    ) -> None:
        assert "Hand to AI…" in client.get(page_of(conversation)).content.decode()
        asked = client.get(page_of(conversation, "hand-to-ai")).content.decode()
        assert "No person has it then." in asked

        data = {"ai_agent": fay.pk, "reason": "Opening hours."}
        answer = client.post(page_of(conversation, "hand-to-ai"), data, follow=True)

        shown = answer.content.decode()
        assert "Fay has this conversation now." in shown
        assert "Held by AI</span> <b>Fay</b>" in shown
        assert "Assigned by Sachi." in shown
        assert "Hand to AI…" not in shown
        conversation.refresh_from_db()
        assert conversation.status == Status.BOT

    def test_says_why_another_one_cannot(
        self, client: Client, conversation: Conversation, channel: Channel, fay: AiAgent
    ) -> None:
        gus = make_ai_agent(name="Gus", channels=(channel,))
        ai_agents.stop(gus, now=timezone.now())
        asked = client.get(page_of(conversation, "hand-to-ai")).content.decode()
        assert "Gus is stopped." in asked
        assert f'value="{gus.pk}"' not in asked
        client.post(page_of(conversation, "hand-to-ai"), {"ai_agent": gus.pk})
        conversation.refresh_from_db()
        assert conversation.status == Status.NEW

    @pytest.mark.parametrize("state", ["none", "stopped", "elsewhere", "resolved"])
    def test_is_offered_only_where_it_can_be_done(
        self, client: Client, channel: Channel, state: str
    ) -> None:
        status = Status.RESOLVED if state == "resolved" else Status.NEW
        conversation = make_conversation(channel=channel, status=status)
        if state != "none":
            serves = make_channel(phone_number="+815000000009") if state == "elsewhere" else channel
            agent = make_ai_agent(name="Fay", channels=(serves,))
            if state == "stopped":
                ai_agents.stop(agent, now=timezone.now())
        assert "Hand to AI…" not in client.get(page_of(conversation)).content.decode()
