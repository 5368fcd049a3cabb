"""Money: taken before a model is asked, settled when it answered, never spent twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from conversations.models import Message
from conversations.states import Status
from routing import ai_desks
from routing.ai.base import AiError, Reply, Thought
from routing.models import AiAgent, AiRun, AiTurn
from routing.services import ai_agents, ai_answers, ai_holds
from routing.services.ai_answers import answer_next
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_conversation,
    make_message,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
URL = "https://models.example.com/v1"
ANSWER = Thought((Reply("We are open."),), tokens_in=1_000_000, tokens_out=100_000)


@pytest.fixture
def channel():
    return make_channel(agents=(make_agent(capacity=5),))


@pytest.fixture
def agent(channel, settings):
    settings.AI_BASE_URLS = [URL]
    return make_ai_agent(
        kind="openai",
        base_url=URL,
        model="small",
        key="k",
        channels=(channel,),
        currency="EUR",
        price_in=Decimal("2"),
        price_out=Decimal("10"),
        budget_per_day=Decimal("5.00"),
    )


def held(channel, agent, *, now=MORNING):
    conversation = make_conversation(channel=channel, waiting_since=now, now=now)
    make_message(conversation=conversation, now=now)
    with transaction.atomic():
        ai_holds.begin(conversation, agent=agent, now=now)
    return conversation


def answered(result, *, now=MORNING):
    """Let a worker ask, and the model answer so."""
    claim = ai_answers._claim_next(now=now)
    asked = ai_answers._prepare(claim, now=now)
    if asked is not None:
        ai_answers._record(claim, asked, result=result, now=now)
    return asked


def spent(agent, *, at=MORNING):
    agent.refresh_from_db()
    day, month = ai_desks.load_budgets(agent, at=at)
    return day.spent, month.spent


class TestMoney:
    def test_is_set_aside_while_the_model_thinks(self, channel, agent):
        held(channel, agent)
        claim = ai_answers._claim_next(now=MORNING)
        ai_answers._prepare(claim, now=MORNING)
        turn = AiTurn.objects.get()
        assert turn.outcome == "started"
        assert turn.currency == "EUR"
        assert Decimal("0.04") < turn.cost < Decimal("0.10")  # 2 x 2,000 tokens at 10, and the text
        assert spent(agent)[0] == turn.cost

    def test_is_what_the_model_counted_afterwards(self, channel, agent):
        held(channel, agent)
        answered(ANSWER)
        assert AiTurn.objects.get().cost == Decimal(3)
        assert spent(agent) == (Decimal(3), Decimal(3))

    @pytest.mark.parametrize("code", ["timeout", "too_large", "malformed", "internal"])
    def test_stays_taken_where_nobody_knows_what_was_used(self, channel, agent, code):
        held(channel, agent)
        answered(AiError(code))
        assert AiTurn.objects.get().cost > Decimal("0.04")

    @pytest.mark.parametrize("code", ["connection", "rate_limited", "server", "unauthorized"])
    def test_is_given_back_where_nothing_was_used(self, channel, agent, code):
        held(channel, agent)
        answered(AiError(code))
        assert AiTurn.objects.get().cost == 0

    def test_counts_a_first_answer_whose_second_failed(self, channel, agent):
        held(channel, agent)
        error = AiError("rate_limited")
        error.tokens_in = 500_000
        answered(error)
        assert AiTurn.objects.get().cost == Decimal(1)

    def test_stays_taken_where_the_model_does_not_count(self, channel, agent):
        held(channel, agent)
        answered(Thought((Reply("Hello."),)))
        assert AiTurn.objects.get().cost > Decimal("0.04")

    def test_stays_taken_by_a_worker_that_died(self, channel, agent):
        held(channel, agent)
        claim = ai_answers._claim_next(now=MORNING)
        ai_answers._prepare(claim, now=MORNING)
        taken = AiTurn.objects.get().cost
        answered(ANSWER, now=MORNING + ai_answers.LEASE)
        assert list(AiTurn.objects.values_list("outcome", "cost")) == [
            ("lost", taken),
            ("replied", Decimal(3)),
        ]

    def test_is_counted_in_its_own_currency_alone(self, channel, agent):
        held(channel, agent)
        answered(ANSWER)
        AiAgent.objects.update(currency="JPY")
        assert spent(agent) == (0, 0)


class TestABudget:
    def test_that_is_used_up_lets_people_go_on(self, channel, agent):
        held(channel, agent)
        answered(ANSWER)
        other = held(channel, agent, now=MORNING + timedelta(seconds=1))
        AiAgent.objects.update(budget_per_day=Decimal("3.01"))
        asked = answered(ANSWER, now=MORNING + timedelta(seconds=1))
        assert asked is None
        other.refresh_from_db()
        assert other.status == Status.NEW
        assert AiRun.objects.get(conversation=other).end_reason == "budget"
        note = Message.objects.get(conversation=other, direction="note").body
        assert "Reason: Its budget was used up" in note
        assert "Spent today: 3.0000 of 3.01 EUR." in note

    def test_is_used_up_for_routing_too(self, channel, agent):
        held(channel, agent)
        answered(ANSWER)
        agent.refresh_from_db()
        assert Decimal(ai_desks.load_state(agent, at=MORNING).money_left) == 2
        agent.budget_per_day = Decimal(3)
        assert Decimal(ai_desks.load_state(agent, at=MORNING).money_left) == 0

    def test_of_a_day_begins_anew_at_midnight_of_the_installation(self, channel, agent, settings):
        settings.TIME_ZONE = "Asia/Tokyo"
        late = datetime(2026, 11, 18, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
        held(channel, agent, now=late)
        answered(ANSWER, now=late)
        assert spent(agent, at=late) == (Decimal(3), Decimal(3))
        after = late + timedelta(minutes=1)
        assert spent(agent, at=after) == (0, Decimal(3))
        assert spent(agent, at=after + timedelta(days=13)) == (0, 0)

    def test_of_a_month_holds_too(self, channel, agent):
        AiAgent.objects.update(budget_per_day=None, budget_per_month=Decimal("0.01"))
        conversation = held(channel, agent)
        assert answered(ANSWER) is None
        note = Message.objects.get(conversation=conversation, direction="note").body
        assert "Spent this month: 0.0000 of 0.01 EUR." in note

    def test_counts_messages_that_are_being_thought_of(self, channel, agent):
        AiAgent.objects.update(messages_per_hour=1)
        held(channel, agent)
        held(channel, agent, now=MORNING + timedelta(seconds=1))
        now = MORNING + timedelta(seconds=1)
        first = ai_answers._claim_next(now=now)
        second = ai_answers._claim_next(now=now)
        assert ai_answers._prepare(first, now=now) is not None
        assert ai_answers._prepare(second, now=now) is None
        assert AiRun.objects.get(pk=second.run_id).end_reason == "budget"


class TestSettingItUp:
    @pytest.mark.parametrize("missing", ["price_in", "price_out"])
    def test_asks_for_both_prices(self, agent, missing):
        setattr(agent, missing, None)
        with pytest.raises(ValidationError) as caught:
            ai_agents.save(agent, now=MORNING)
        assert set(caught.value.message_dict) == {missing}

    @pytest.mark.parametrize("currency", ["", "EURO", "12 ", "E\n"])
    def test_names_the_currency(self, agent, currency):
        agent.currency = currency
        with pytest.raises(ValidationError) as caught:
            ai_agents.save(agent, now=MORNING)
        assert "currency" in caught.value.message_dict

    def test_keeps_no_money_for_what_counts_no_tokens(self, channel):
        fay = make_ai_agent(
            channels=(channel,), price_in=Decimal(1), price_out=Decimal(1), budget_per_day=0
        )
        assert (fay.price_in, fay.budget_per_day) == (None, None)
        assert answer_next(now=MORNING) is False
