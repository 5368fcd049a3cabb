"""POST /conversations/<id>/hand-to-ai/."""

import pytest
from django.utils import timezone

from conversations.states import Status
from routing.models import AiRun
from routing.services import ai_agents
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_api_key,
    make_channel,
    make_conversation,
)
from tests.integration.api.conftest import ApiCaller

pytestmark = pytest.mark.django_db
NOBODY = "01990000-0000-7000-8000-000000000000"


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def fay(channel):
    return make_ai_agent(name="Fay", channels=(channel,))


def hand(api, conversation, agent_id, **headers):
    body = {"ai_agent_id": str(agent_id), "reason": "Opening hours."}
    return api.post(f"conversations/{conversation.public_id}/hand-to-ai/", body, **headers)


class TestHandToAi:
    def test_answers_with_the_decision(self, api, channel, fay):
        conversation = make_conversation(channel=channel)
        answer = hand(api, conversation, fay.public_id)
        assert answer.status_code == 200
        assert answer.json()["outcome"] == "held"
        assert answer.json()["explanation"][-1]["text"] == "AI agent Fay answers."
        conversation.refresh_from_db()
        assert conversation.status == Status.BOT

    def test_again_with_its_key_is_done_once(self, api, channel, fay):
        conversation = make_conversation(channel=channel)
        first = hand(api, conversation, fay.public_id, Idempotency_Key="k1")
        again = hand(api, conversation, fay.public_id, Idempotency_Key="k1")
        assert first.json() == again.json()
        assert AiRun.objects.count() == 1

    def test_is_refused_with_its_reason(self, api, channel, fay):
        conversation = make_conversation(channel=channel)
        assert hand(api, conversation, NOBODY).status_code == 422
        gus = make_ai_agent(name="Gus", channels=(make_channel(phone_number="+815000000009"),))
        assert hand(api, conversation, gus.public_id).json()["code"] == "ai_agent.not_serving"
        ai_agents.stop(fay, now=timezone.now())
        answer = hand(api, conversation, fay.public_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "ai_agent.not_running")

    def test_is_not_for_an_agent_whose_it_is_not(self, channel, fay):
        caller = ApiCaller(make_api_key(user=make_agent()))
        theirs = make_conversation(channel=channel, assignee=make_agent(name="Bob"))
        assert hand(caller, theirs, fay.public_id).status_code in {403, 404}
