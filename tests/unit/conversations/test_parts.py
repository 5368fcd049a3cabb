"""Long texts in parts: nothing lost, nothing cut that should not be, every part short enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.parts import Piece, lay_out, overall, split

FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇯🇵"


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TestSplit:
    def test_leaves_a_short_text_alone(self):
        assert split("Hello", limit=1600) == ["Hello"]
        assert split("x" * 1600, limit=1600) == ["x" * 1600]

    def test_prefers_a_paragraph_to_a_sentence(self):
        assert split("One two. Three.\n\nFour five. Six", limit=22) == [
            "One two. Three.\n\n",
            "Four five. Six",
        ]

    def test_prefers_a_sentence_to_a_word(self):
        assert split("One two three. Four five", limit=20) == ["One two three. ", "Four five"]
        assert split("一二三四五。六七八九十", limit=8) == ["一二三四五。", "六七八九十"]

    def test_prefers_a_word_to_the_middle_of_one(self):
        assert split("aaaa bbbb cccc", limit=12) == ["aaaa bbbb ", "cccc"]

    def test_does_not_make_a_part_tiny_for_a_nicer_cut(self):
        parts = split("Hi.\n\n" + "word " * 40, limit=100)
        assert len(parts[0]) > 50

    def test_keeps_an_address_whole(self):
        address = "https://example.com/" + "a" * 40
        assert split("x" * 30 + " " + address, limit=70) == ["x" * 30 + " ", address]

    @pytest.mark.parametrize("letter", [FAMILY, FLAG, "é", "👍🏽", "e\u0301", "नि"])
    def test_cuts_between_what_readers_take_for_letters(self, letter):
        parts = split(letter * 100, limit=61)
        assert all(len(part) % len(letter) == 0 for part in parts)
        assert len(parts) > 1

    def test_counts_as_phones_do(self):
        assert [len(part) for part in split("😀" * 100, limit=100)] == [50, 50]

    def test_does_not_send_blanks(self):
        assert split("a" * 10 + " " * 50 + "b", limit=10) == ["a" * 10 + " " * 50, "b"]
        assert split("a" * 10 + "\n" * 30, limit=10) == ["a" * 10 + "\n" * 30]

    @given(st.text(alphabet=st.sampled_from(f"ab .\n。{FAMILY}{FLAG}é\u0301😀/:"), max_size=400))
    def test_loses_nothing_and_keeps_the_limit(self, text):
        parts = split(text, limit=30)
        assert "".join(parts) == text
        assert all(units(part.strip()) <= 30 for part in parts)
        assert all(part.strip() for part in parts) or len(parts) == 1


class TestOverall:
    @pytest.mark.parametrize(
        ("statuses", "expected"),
        [
            ([], ""),
            (["sent"], "sent"),
            (["queued", "queued"], "queued"),
            (["sent", "queued"], "sending"),
            (["read", "delivered"], "delivered"),
            (["read", "failed"], "failed"),
            (["unknown", "queued"], "unknown"),
            (["unknown", "failed"], "failed"),
        ],
    )
    def test_is_what_holds_for_every_part(self, statuses, expected):
        assert overall(statuses) == expected


def laid_out(text, are_captioned=()):
    return lay_out(text, limit=20, are_captioned=are_captioned, caption_limit=10)


class TestLayOut:
    def test_puts_a_short_text_beside_the_first_file(self):
        assert laid_out("Look", [True, False]) == [Piece("Look", 0), Piece("", 1)]

    def test_puts_a_text_before_a_file_that_shows_none(self):
        assert laid_out("Listen", [False, True]) == [Piece("Listen"), Piece("", 0), Piece("", 1)]

    def test_puts_a_text_before_the_files_that_is_too_long_to_stand_beside_one(self):
        assert laid_out("Look at this.", [True]) == [Piece("Look at this."), Piece("", 0)]
        assert laid_out("One two three. Four five six.", [True]) == [
            Piece("One two three. "),
            Piece("Four five six."),
            Piece("", 0),
        ]

    def test_counts_the_letters_beside_a_file_as_phones_do(self):
        assert laid_out("👋" * 5, [True]) == [Piece("👋" * 5, 0)]
        assert laid_out("👋" * 6, [True]) == [Piece("👋" * 6), Piece("", 0)]

    @pytest.mark.parametrize("text", ["", "  \n"])
    def test_sends_no_empty_text_with_files(self, text):
        assert laid_out(text, [False, True]) == [Piece("", 0), Piece("", 1)]

    def test_leaves_a_text_without_files_as_it_is(self):
        assert laid_out("Hello") == [Piece("Hello")]
        assert laid_out("") == [Piece("")]

    @given(st.text(), st.lists(st.booleans(), max_size=10))
    def test_loses_and_repeats_nothing(self, text, are_captioned):
        pieces = laid_out(text, are_captioned)

        assert [piece.file for piece in pieces if piece.file is not None] == list(
            range(len(are_captioned))
        )
        if text.strip() or not are_captioned:
            assert "".join(piece.text for piece in pieces) == text
