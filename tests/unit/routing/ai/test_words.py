"""Finding words: whole ones where words are apart, anywhere where they are not."""

import pytest

from routing.ai.words import mentions, tokens


class TestMentions:
    @pytest.mark.parametrize(
        ("text", "phrase"),
        [
            ("Can I talk to a HUMAN please?", "human"),
            ("a human.", "Human"),
            ("担当者と話したいです", "担当者"),
            ("ＨＵＭＡＮ", "human"),
            ("ｵﾍﾟﾚｰﾀｰをお願いします", "オペレーター"),
            ("我要人工客服", "人工"),
            ("Je veux un conseiller", "conseiller"),
            ("agentさんお願い", "agent"),
            ("speak to an agent", "to an agent"),
            ("상담원이랑 얘기할래요", "상담원"),
        ],
    )
    def test_finds_it(self, text, phrase):
        assert mentions(text, phrase)

    @pytest.mark.parametrize(
        ("text", "phrase"),
        [
            ("this reagent is toxic", "agent"),
            ("humanity", "human"),
            ("anything", ""),
            ("anything", "  "),
            ("担当", "担当者"),
        ],
    )
    def test_does_not_find_it(self, text, phrase):
        assert not mentions(text, phrase)

    def test_looks_further_when_the_first_place_is_inside_a_word(self):
        assert mentions("my reagent needs an agent", "agent")


class TestTokens:
    def test_are_words_that_mean_something(self):
        assert tokens("Where is my ORDER, please?") == {"order"}

    def test_are_pairs_of_letters_where_there_are_no_spaces(self):
        assert tokens("返品期限") == {"返品", "品期", "期限"}
        assert tokens("水") == {"水"}

    def test_cut_where_the_script_changes(self):
        assert tokens("iPhone修理") == {"iphone", "修理"}
