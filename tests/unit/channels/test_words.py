"""Twilio's words and numbers, in ours."""

import pytest

from channels.providers.text import clean, shorten
from channels.providers.twilio.words import VOCABULARY
from conversations.delivery_states import DeliveryStatus


class TestAStatusOfTwilio:
    @pytest.mark.parametrize(
        ("word", "ours"),
        [
            ("accepted", DeliveryStatus.QUEUED),
            ("scheduled", DeliveryStatus.QUEUED),
            ("queued", DeliveryStatus.QUEUED),
            ("sending", DeliveryStatus.SENDING),
            ("sent", DeliveryStatus.SENT),
            ("delivered", DeliveryStatus.DELIVERED),
            ("READ", DeliveryStatus.READ),
            ("undelivered", DeliveryStatus.FAILED),
            ("failed", DeliveryStatus.FAILED),
            ("canceled", DeliveryStatus.FAILED),
        ],
    )
    def test_has_its_own_word_here(self, word: str, ours: DeliveryStatus) -> None:
        assert VOCABULARY.normal_status(word) == ours

    @pytest.mark.parametrize("word", ["banana", "", "received", "receiving"])
    def test_says_nothing_if_it_is_not_about_a_message_of_ours(self, word: str) -> None:
        assert VOCABULARY.normal_status(word) is None


class TestAnErrorCode:
    @pytest.mark.parametrize("code", sorted(VOCABULARY.meanings))
    def test_is_one_plain_sentence(self, code: str) -> None:
        sentence = VOCABULARY.describe_error(code)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert len(sentence) <= 120

    def test_that_is_unknown_has_a_sentence_too(self) -> None:
        assert VOCABULARY.describe_error("99999").endswith(".")
        assert VOCABULARY.describe_error("") != VOCABULARY.describe_error("99999")

    @pytest.mark.parametrize("code", ["21610", "63014"])
    def test_can_mean_that_the_customer_wants_no_more(self, code: str) -> None:
        meaning = VOCABULARY.meaning_of(code)
        assert meaning is not None
        assert meaning.is_opt_out

    @pytest.mark.parametrize("code", ["20429", "20503", "63017", "63018", "63038"])
    def test_can_mean_to_try_later(self, code: str) -> None:
        meaning = VOCABULARY.meaning_of(code)
        assert meaning is not None
        assert meaning.outcome == "retry"


class TestText:
    def test_without_anything_odd_stays_as_it_is(self) -> None:
        assert clean("返金 👋🏽 \u202e\t") == "返金 👋🏽 \u202e\t"

    def test_is_cut_to_the_limit_and_no_further(self) -> None:
        assert shorten("abc", limit=3) == "abc"
        assert shorten("abcd", limit=3) == "ab…"
