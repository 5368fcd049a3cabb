"""Workers that ask a model at once: together they spend the budget, and not a cent more."""

import json
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from conversations.models import Message
from routing.models import AiRun, AiTurn
from routing.services import ai_answers, ai_holds
from tests.factories import (
    make_ai_agent,
    make_channel,
    make_conversation,
    make_event,
    make_message,
)
from tests.fake_receiver import running
from tests.faults.crowd import run_drain
from tests.faults.promises import broken_promises
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CONVERSATIONS, WORKERS, ANSWERS = 30, 5, 7
#: What the dearest answer costs that is set aside for: two of 2,000 tokens, at 10 a million.
DEAREST = Decimal("0.04")
REPLY = {
    "choices": [{"message": {"role": "assistant", "content": "We are open."}}],
    "usage": {"prompt_tokens": 900, "completion_tokens": 4000},
}


def make_agent_with(url, channel, *, answers):
    """Make an AI agent whose budget bears so many of the dearest answers."""
    return make_ai_agent(
        kind="openai",
        base_url=url,
        model="small",
        key="k",
        channels=(channel,),
        price_in=Decimal(0),
        price_out=Decimal(10),
        budget_per_day=DEAREST * answers,
    )


def hold(agent, channel, *, conversations):
    for _ in range(conversations):
        conversation = make_conversation(channel=channel, waiting_since=MORNING)
        message = make_message(conversation=conversation)
        make_event(conversation=conversation, data={"message": str(message.public_id)})
        with transaction.atomic():
            ai_holds.begin(conversation, agent=agent, now=MORNING)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_the_last_answer_is_taken_by_one_of_two(settings):
    settings.AI_BASE_URLS = ["https://models.example.com/v1"]
    channel = make_channel()
    agent = make_agent_with(settings.AI_BASE_URLS[0], channel, answers=1)
    hold(agent, channel, conversations=2)
    first, second = (ai_answers._claim_next(now=MORNING) for _ in range(2))
    with transaction.atomic():
        assert ai_answers._prepare(first, now=MORNING) is not None
        other = Session(lambda: ai_answers._prepare(second, now=MORNING))
        wait_until_blocked()
    assert other.wait() is None
    assert AiRun.objects.get(pk=second.run_id).end_reason == "budget"
    assert AiTurn.objects.count() == 1


def test_the_budget_is_spent_to_the_last_answer_and_no_further(settings, monkeypatch):
    with running() as model:
        url = f"http://127.0.0.1:{model.server_port}/v1"
        settings.AI_BASE_URLS = [url]
        monkeypatch.setenv("AI_BASE_URLS", url)
        monkeypatch.setenv("RELAYDESK_TESTS_EGRESS", "127.0.0.1")
        channel = make_channel()
        agent = make_agent_with(url, channel, answers=ANSWERS)
        hold(agent, channel, conversations=CONVERSATIONS)
        model.tell(times=CONVERSATIONS, body=json.dumps(REPLY).encode(), delay_s=0.3)
        run_drain(
            "answer_waiting",
            instant=MORNING.isoformat(),
            database_url=database_url(),
            workers=WORKERS,
        )
        asked = len(model.calls)
    spent = AiTurn.objects.aggregate(sum=Sum("cost"))["sum"]
    assert (asked, spent) == (ANSWERS, DEAREST * ANSWERS)
    assert Message.objects.filter(direction="outbound").count() == ANSWERS
    assert AiRun.objects.filter(end_reason="budget").count() == CONVERSATIONS - ANSWERS
    assert not broken_promises()
