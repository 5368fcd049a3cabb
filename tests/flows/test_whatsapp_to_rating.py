"""The main story by WhatsApp Cloud and by EngageLab, over connections, with real signatures."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from channels.addresses import inbound_url
from channels.models import ChannelText
from conversations.models import Conversation, Message, Survey
from conversations.states import Status
from routing.models import Decision
from teams.clock import database_now
from tests.factories import make_agent, make_api_key, make_rule, make_team
from tests.fake_cloud import text_message
from tests.fake_engagelab import HEADERS
from tests.provider_kits import open_kit
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Outside:
    """The provider and an agent's tool, each at the other end of a connection."""

    url: str
    kit: Any
    channel: Any
    key: str = ""

    def brings(self, message_id: str, text: str) -> None:
        fake = self.kit.fake
        if self.channel.provider == "engagelab":
            self._post(fake.write((message_id, text)), HEADERS)
        else:
            body = fake.write(text_message(text, message_id=message_id))
            self._post(body, fake.sign(body))

    def reports(self, message: Message) -> None:
        message.refresh_from_db()
        told = ((message.provider_message_id, status) for status in self.kit.delivered)
        body = self.kit.fake.report(*told)
        is_signed = self.channel.provider != "engagelab"
        self._post(body, self.kit.fake.sign(body) if is_signed else HEADERS)

    def asks(self, conversation: Conversation, what: str, content: dict[str, Any]) -> None:
        answer = requests.post(
            f"{self.url}/api/v1/conversations/{conversation.public_id}/{what}/",
            json=content,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=10,
        )
        assert answer.status_code in (200, 202), answer.text

    def _post(self, body: bytes, headers: dict[str, str]) -> None:
        path = inbound_url(self.channel).split("example.test", 1)[1]
        answer = requests.post(self.url + path, data=body, headers=headers, timeout=10)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.fixture(params=["whatsapp_cloud", "engagelab"])
def outside(request, settings, live_server):
    with open_kit(request.param, settings) as kit:
        channel = kit.channel(has_survey=True)
        ChannelText.objects.create(
            channel=channel, kind="survey_thanks", language="en", text="Thank you!"
        )
        yield Outside(live_server.url, kit, channel)


def said(kit: Any) -> list[str]:
    """Return the texts that the provider was given for the customer."""
    contents = [send["content"] for send in kit.fake.sends]
    return [content.get("body", content)["text"]["body"] for content in contents]


def test_from_the_first_message_to_the_rating(outside):
    aiko = make_agent(name="Aiko", capacity=5)
    support = make_team(members=(aiko,), strategy="least_busy")
    make_rule(team=support, conditions=(("message.text", "contains", "refund"),))
    outside.key = make_api_key(user=aiko)

    outside.brings("wamid.1", "I want a refund 🙏")
    outside.brings("wamid.1", "I want a refund 🙏")

    conversation = Conversation.objects.get()
    assert (conversation.team, conversation.assignee) == (support, aiko)
    assert Decision.objects.get().answer["via"] == "rule"

    outside.asks(conversation, "messages", {"body": "It is on its way — 待って。"})
    settle(now=database_now())
    outside.reports(Message.objects.get(direction="outbound"))
    assert Message.objects.get(direction="outbound").delivery_status == "read"

    outside.asks(conversation, "status", {"status": "resolved"})
    settle(now=database_now())
    outside.brings("wamid.2", "５")
    settle(now=database_now())

    conversation.refresh_from_db()
    assert conversation.status == Status.CLOSED
    survey = Survey.objects.get()
    assert (survey.rating, survey.agent, survey.team) == (5, aiko, support)
    texts = said(outside.kit)
    assert (texts[0], len(texts), texts[-1]) == ("It is on its way — 待って。", 3, "Thank you!")
    aiko.refresh_from_db()
    assert aiko.load == 0
