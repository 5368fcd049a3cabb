"""Which messages are a word about wanting messages."""

import pytest

from channels.stop_words import SMS_STOP_WORDS, STOP_WORDS, is_one_of, split_words


class TestAWord:
    @pytest.mark.parametrize(
        "text",
        ["STOP", "stop", " Stop. ", "“stop!”", "ＳＴＯＰ", "Arrêt", "ARRET", "配信停止", "退订。"],
    )
    def test_is_known_in_any_clothes(self, text):
        assert is_one_of(text, words=STOP_WORDS)

    @pytest.mark.parametrize(
        "text", ["please stop by tomorrow", "stop it", "nonstop", "", ".", "5", "停止しないで"]
    )
    def test_is_not_part_of_a_sentence(self, text):
        assert not is_one_of(text, words=STOP_WORDS)

    def test_of_sms_is_what_operators_obey(self):
        assert is_one_of("Unsubscribe", words=SMS_STOP_WORDS)

    def test_can_be_none_at_all(self):
        assert not is_one_of("stop", words="")


class TestAList:
    def test_takes_commas_and_lines(self):
        assert split_words("Stop, Fin\nende,,、 退订") == {"stop", "fin", "ende", "退订"}
