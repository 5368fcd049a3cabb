"""The main story: a customer writes, the right person answers, and the rating comes back."""

import pytest
import time_machine

from conversations.actors import Actor
from conversations.models import Conversation, Message, Survey
from conversations.services import lifecycle, replies
from conversations.states import Status
from routing.models import Decision
from tests.doors import customer_writes, provider_reports
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock_stands(db):
    with time_machine.travel(MORNING, tick=False):
        yield


def test_from_the_first_message_to_the_rating():
    aiko, bruno = make_agent(name="Aiko", capacity=5), make_agent(name="Bruno", presence="away")
    support = make_team(members=(aiko, bruno), strategy="least_busy")
    make_rule(
        name="Broken or refund",
        team=support,
        conditions=(("message.text", "contains", "壊れ, 返金"),),
    )
    channel = make_channel(
        provider="simulator", has_survey=True, texts={"survey_thanks": "Thank you!"}
    )

    response = customer_writes(channel, "昨日届いた商品が壊れていました。")

    assert response.status_code == 200
    assert response.content.endswith(b"<Response/>")
    conversation = Conversation.objects.get()
    assert (conversation.team, conversation.assignee) == (support, aiko)
    decision = Decision.objects.get()
    assert decision.steps[1]["facts"]["conditions"][0]["part"] == "壊れ"
    reasons = {c["name"]: c["reason"] for c in decision.steps[2]["facts"]["candidates"]}
    assert reasons == {"Aiko": "chosen", "Bruno": "away"}

    person = Actor.person(aiko.pk, "Aiko")
    reply = replies.queue_reply(
        conversation, author=aiko, body="申し訳ございません。", actor=person, now=MORNING
    )
    settle(now=MORNING)
    reply.refresh_from_db()
    assert reply.delivery_status == "sent"
    for word in ("delivered", "read", "sent"):
        assert provider_reports(reply, word).status_code == 200
    reply.refresh_from_db()
    assert reply.delivery_status == "read"

    conversation.refresh_from_db()
    assert conversation.status == Status.IN_PROGRESS
    lifecycle.resolve(conversation, actor=person, now=MORNING)
    settle(now=MORNING)
    customer_writes(channel, "５")
    settle(now=MORNING)

    conversation.refresh_from_db()
    assert conversation.status == Status.CLOSED
    survey = Survey.objects.get()
    assert (survey.rating, survey.agent, survey.team) == (5, aiko, support)
    said = list(Message.objects.filter(direction="outbound").values_list("body", flat=True))
    assert (said[0], said[2]) == ("申し訳ございません。", "Thank you!")
    aiko.refresh_from_db()
    assert aiko.load == 0
