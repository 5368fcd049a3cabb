"""What is done about a model's answer."""

from datetime import UTC, datetime

import pytest

from routing.ai import plans
from routing.ai.base import (
    AiError,
    Brief,
    HandOver,
    Line,
    ProposeCallback,
    Question,
    Reply,
    Speaker,
    Tag,
    Thought,
)
from routing.engine.handovers import HandoverReason


def plan(*actions, ignored=(), tags=("refund", "vip"), longest=20):
    return plans.plan(Thought(actions, ignored), tags=tags, longest=longest)


class TestPlan:
    def test_sends_a_reply_and_goes_on(self):
        made = plan(Reply(" Hello \n"))
        assert (made.reply, made.handover, made.deeds) == ("Hello", None, ["reply"])

    def test_sets_only_tags_that_exist(self):
        made = plan(Reply("Hi"), Tag(("vip", "root", "vip")))
        assert made.tags == ("vip",)
        assert made.refused == ("tag:unknown",)

    def test_sends_nothing_that_is_too_long_and_lets_people_go_on(self):
        made = plan(Reply("x" * 21))
        assert (made.reply, made.handover) == ("", HandoverReason.ERROR)
        assert made.refused == ("reply:too_long",)
        assert plan(Reply("x" * 20)).reply == "x" * 20

    def test_sends_no_control_characters(self):
        assert plan(Reply("\x1b[31mred\x00\u202e\nnext\t.")).reply == "[31mred\u202e\nnext\t."

    def test_lets_people_go_on_where_nothing_was_said(self):
        assert plan().handover is HandoverReason.ERROR
        assert plan(Tag(("vip",))).handover is HandoverReason.ERROR
        assert plan(Reply("\x00")).handover is HandoverReason.ERROR

    def test_keeps_the_reason_of_a_handover(self):
        made = plan(Reply("Bye"), HandOver("Wants Bob\x00", HandoverReason.NO_ANSWER))
        assert (made.handover, made.summary) == (HandoverReason.NO_ANSWER, "Wants Bob")

    def test_lets_people_arrange_a_callback(self):
        made = plan(Reply("We will call."), ProposeCallback("at 5" * 100, "n" * 2000))
        assert made.handover is HandoverReason.CALLBACK
        assert (len(made.callback.when), len(made.callback.note)) == (200, 1000)
        assert made.deeds == ["reply", "propose_callback", "hand_over"]

    def test_keeps_what_was_ignored(self):
        assert plan(Reply("Hi"), ignored=("rm",)).refused == ("rm",)


class TestReasonNotToAsk:
    def reason(self, *texts, words=("human", "担当者")):
        at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        lines = [Line(who, text, at, "1") for who, text in texts]
        question = Question(Brief("faq", "Fay"), lines)
        return plans.reason_not_to_ask(question, words=words)

    def test_is_a_word_in_what_was_not_answered_yet(self):
        customer, ai = Speaker.CUSTOMER, Speaker.AI
        assert self.reason((customer, "HUMAN!"), (customer, "hello?")) is HandoverReason.WORDS
        assert self.reason((customer, "担当者お願い")) is HandoverReason.WORDS
        assert self.reason((customer, "human"), (ai, "Why?"), (customer, "ok")) is None
        assert self.reason((ai, "Are you human?"), (customer, "yes")) is None

    def test_is_none_without_words(self):
        assert self.reason((Speaker.CUSTOMER, "human"), words=()) is None


class TestReasonOf:
    @pytest.mark.parametrize(
        ("code", "reason"), [("timeout", "timeout"), ("server", "error"), ("malformed", "error")]
    )
    def test_tells_a_timeout_from_other_failures(self, code, reason):
        assert plans.reason_of(AiError(code)) == reason
