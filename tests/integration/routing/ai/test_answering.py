"""Workers that die, come back late or meet each other: a customer is answered once, and always."""

from datetime import timedelta

import pytest
from django.db import transaction

from conversations.models import Conversation, Message
from conversations.services import replies
from conversations.states import Status
from routing.ai.base import AiError, Reply, Thought
from routing.models import AiAgent, AiRun, AiTurn
from routing.services import ai_agents, ai_answers, ai_holds
from routing.services.ai_answers import LEASE, MOST_FAILURES, MOST_OVERTAKEN, answer_next
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_conversation,
    make_message,
    make_supervisor,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
LATER = MORNING + LEASE
ANSWER = Thought((Reply("We are open."),))


@pytest.fixture
def alice():
    return make_agent(capacity=5)


@pytest.fixture
def channel(alice):
    return make_channel(agents=(alice,))


@pytest.fixture
def fay(channel):
    return make_ai_agent(channels=(channel,), entries=(("Open?", "We are open.", "open"),))


@pytest.fixture
def conversation(channel, fay):
    held = make_conversation(channel=channel, waiting_since=MORNING)
    make_message(conversation=held, body="Are you open?")
    with transaction.atomic():
        ai_holds.begin(held, agent=fay, now=MORNING)
    held.refresh_from_db()
    return held


def said():
    rows = Message.objects.filter(direction="outbound").order_by("pk")
    return list(rows.values_list("body", flat=True))


def writes(conversation, body="Hello?", *, now=MORNING):
    make_message(conversation=conversation, body=body, now=now)
    waiting = conversation.waiting_since or now
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=waiting)


def claim(now=MORNING):
    claimed = ai_answers._claim_next(now=now)
    assert claimed is not None
    return claimed


def asked(now=MORNING):
    """Return a worker's claim and question, as they are while it asks the model."""
    claimed = claim(now)
    return claimed, ai_answers._prepare(claimed, now=now)


class TestAWorkerThatDies:
    def answered_once(self, conversation, *, lost=1):
        assert not answer_next(now=LATER - timedelta(seconds=1))
        assert answer_next(now=LATER)
        assert said() == ["We are open."]
        assert not answer_next(now=LATER + LEASE)
        outcomes = list(AiTurn.objects.order_by("pk").values_list("outcome", flat=True))
        assert outcomes == ["lost"] * lost + ["replied"]
        assert AiRun.objects.get().failures == 0

    def test_after_its_claim_is_replaced(self, conversation):
        claim()
        self.answered_once(conversation, lost=0)

    def test_while_it_asks_is_replaced(self, conversation):
        asked()
        self.answered_once(conversation)

    def test_with_the_answer_in_its_hands_is_replaced(self, conversation):
        _claimed, question = asked()
        ai_answers._think(question.question)
        self.answered_once(conversation)

    def test_before_its_answer_is_committed_is_replaced(self, conversation):
        claimed, question = asked()
        with transaction.atomic():
            ai_answers._record(claimed, question, result=ANSWER, now=MORNING)
            transaction.set_rollback(True)
        assert said() == []
        self.answered_once(conversation)

    @pytest.mark.parametrize("dies", [claim, asked], ids=["before it asks", "while it asks"])
    def test_too_often_lets_people_go_on(self, conversation, alice, dies):
        now = MORNING
        for _ in range(MOST_FAILURES):
            dies(now)
            now += LEASE
        assert answer_next(now=now)
        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert AiRun.objects.get().end_reason == "error"
        assert said() == []

    def test_while_it_hands_over_is_followed_more_and_more_rarely(self, conversation):
        now = MORNING
        for _ in range(MOST_FAILURES + 8):
            claim(now)
            held_until = AiRun.objects.get().lease_until
            now, pause = held_until, held_until - now
        assert pause == timedelta(hours=1)
        assert answer_next(now=now)
        assert AiRun.objects.get().end_reason == "error"


class TestAWorkerThatComesBackLate:
    def test_says_nothing_after_another_has_answered(self, conversation):
        late, question = asked()
        assert answer_next(now=LATER)
        ai_answers._record(late, question, result=Thought((Reply("Late."),)), now=LATER)
        assert said() == ["We are open."]
        assert AiTurn.objects.filter(outcome="overtaken").count() == 1

    def test_says_nothing_while_another_asks(self, conversation):
        late, question = asked()
        other, again = asked(LATER)
        ai_answers._record(late, question, result=ANSWER, now=LATER)
        assert said() == []
        ai_answers._record(other, again, result=ANSWER, now=LATER)
        assert said() == ["We are open."]

    def test_says_nothing_after_a_person_did(self, conversation):
        claimed, question = asked()
        sachi = make_supervisor()
        replies.queue_reply(
            conversation,
            author=sachi,
            body="Hello!",
            actor=ai_answers.Actor.person(sachi.pk, "Sachi"),
            now=MORNING,
        )
        ai_answers._record(claimed, question, result=ANSWER, now=MORNING)
        assert said() == ["Hello!"]
        assert AiRun.objects.get().end_reason == "taken"

    def test_says_nothing_after_it_was_stopped(self, conversation, fay, alice):
        claimed, question = asked()
        ai_agents.stop(fay, now=MORNING)
        ai_answers._record(claimed, question, result=ANSWER, now=MORNING)
        conversation.refresh_from_db()
        assert (said(), conversation.assignee) == ([], alice)
        assert AiRun.objects.get().end_reason == "off"


class TestACustomerWhoWritesOn:
    def test_is_answered_to_all_of_it_together(self, conversation):
        claimed, question = asked()
        writes(conversation, "And on Sunday?")
        ai_answers._record(claimed, question, result=ANSWER, now=MORNING)
        assert said() == []
        assert answer_next(now=MORNING)
        assert said() == ["We are open."]
        assert AiTurn.objects.last().lines == 2

    def test_without_an_end_is_answered_all_the_same(self, conversation):
        for _ in range(MOST_OVERTAKEN + 1):
            claimed, question = asked()
            writes(conversation)
            ai_answers._record(claimed, question, result=ANSWER, now=MORNING)
        assert said() == ["We are open."]
        conversation.refresh_from_db()
        # What came after the answer is still to be answered.
        assert conversation.waiting_since is not None
        assert answer_next(now=MORNING)


class TestAnswerNext:
    def test_finds_nothing_where_nobody_waits(self, conversation):
        assert answer_next(now=MORNING)
        assert not answer_next(now=MORNING)

    def test_answers_whoever_waits_longest_first(self, conversation, channel, fay):
        earlier = make_conversation(channel=channel, waiting_since=MORNING - LEASE)
        make_message(conversation=earlier, body="open?")
        with transaction.atomic():
            ai_holds.begin(earlier, agent=fay, now=MORNING)
        assert answer_next(now=MORNING)
        assert Message.objects.get(direction="outbound").conversation == earlier

    def test_is_not_held_up_by_one_that_fails(self, conversation, channel, fay, caplog):
        # A message that no adapter can be asked about: its author is of no known kind.
        Message.objects.filter(conversation=conversation).update(author_kind="odd")
        other = make_conversation(channel=channel, waiting_since=MORNING + timedelta(seconds=1))
        make_message(conversation=other, body="open?")
        now = MORNING + timedelta(seconds=1)
        with transaction.atomic():
            ai_holds.begin(other, agent=fay, now=now)
        assert answer_next(now=now)
        assert answer_next(now=now)
        assert Message.objects.get(direction="outbound").conversation == other
        assert "failed" in caplog.text

    def test_gives_what_it_cannot_prepare_to_people(self, conversation, fay, alice, caplog):
        AiAgent.objects.filter(pk=fay.pk).update(handover_words=[7])  # no word at all
        now, tries = MORNING, 0
        while AiRun.objects.filter(ended_at=None).exists():
            tries += answer_next(now=now)
            now += timedelta(seconds=5)
            assert now < MORNING + timedelta(minutes=2)
        assert tries == MOST_FAILURES + 1
        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert AiRun.objects.get().end_reason == "error"
        note = Message.objects.get(direction="note").body
        assert "Reason: It failed" in note
        assert "Something unforeseen went wrong; the log has more." in note
        assert "The customer wrote last: Are you open?" in note
        assert caplog.text.count("Answering conversation") == MOST_FAILURES
        assert not answer_next(now=now + LEASE)

    def test_waits_as_long_as_it_was_asked_to(self, conversation):
        claimed, question = asked()
        error = AiError("rate_limited", retry_after_s=30)
        ai_answers._record(claimed, question, result=error, now=MORNING)
        assert not answer_next(now=MORNING + timedelta(seconds=29))
        assert answer_next(now=MORNING + timedelta(seconds=30))
        assert said() == ["We are open."]
