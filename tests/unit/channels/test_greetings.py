"""Which automatic text a message is answered with, in which language, and what stands in it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.greetings import (
    LONGEST_VALUE,
    VARIABLES,
    Closure,
    Occasion,
    WhyNot,
    choose_language,
    fill,
    find_unknown,
    why_not_greeting,
    why_not_unavailable,
)
from tests.moments import WEDNESDAY_NIGHT as NIGHT

HOUR = timedelta(hours=1)
CLOSURE = Closure(NIGHT - 5 * HOUR, NIGHT + 9 * HOUR)
FIRST_AT_NIGHT = Occasion(
    now=NIGHT, is_first=True, has_greeting=True, has_unavailable_message=True, closure=CLOSURE
)


class TestTheUnavailableMessage:
    def test_is_due_while_closed(self) -> None:
        assert why_not_unavailable(FIRST_AT_NIGHT) is None
        assert why_not_unavailable(replace(FIRST_AT_NIGHT, is_first=False)) is None

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"has_unavailable_message": False}, WhyNot.OFF),
            ({"closure": None}, WhyNot.OPEN),
            ({"told_at": NIGHT - 5 * HOUR}, WhyNot.TOLD),
            ({"told_at": NIGHT - HOUR}, WhyNot.TOLD),
            ({"person_wrote_at": NIGHT - timedelta(seconds=299)}, WhyNot.PERSON_WROTE),
            ({"is_opted_out": True}, WhyNot.OPTED_OUT),
            ({"is_own_number": True}, WhyNot.OWN_NUMBER),
            ({"is_late": True}, WhyNot.LATE),
            ({"is_keyword": True}, WhyNot.KEYWORD),
        ],
    )
    def test_is_not_sent_where_it_should_not(
        self, change: dict[str, object], reason: WhyNot
    ) -> None:
        assert why_not_unavailable(replace(FIRST_AT_NIGHT, **change)) is reason

    @pytest.mark.parametrize(
        "change",
        [
            {"told_at": NIGHT - timedelta(hours=5, seconds=1)},  # in the closure before
            {"person_wrote_at": NIGHT - timedelta(minutes=5)},
        ],
    )
    def test_is_sent_again_when_enough_has_passed(self, change: dict[str, object]) -> None:
        assert why_not_unavailable(replace(FIRST_AT_NIGHT, **change)) is None

    def test_is_sent_once_where_it_never_opens(self) -> None:
        forever = replace(FIRST_AT_NIGHT, closure=Closure(None, None))

        assert why_not_unavailable(forever) is None
        told = replace(forever, told_at=NIGHT - timedelta(days=300))
        assert why_not_unavailable(told) is WhyNot.TOLD


class TestTheGreeting:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({}, None),
            ({"closure": None}, None),
            ({"has_greeting": False}, WhyNot.OFF),
            ({"is_first": False}, WhyNot.NOT_FIRST),
            ({"is_opted_out": True}, WhyNot.OPTED_OUT),
            ({"is_own_number": True}, WhyNot.OWN_NUMBER),
            ({"is_late": True}, WhyNot.LATE),
            ({"is_keyword": True}, WhyNot.KEYWORD),
        ],
    )
    def test_is_for_the_first_message(
        self, change: dict[str, object], reason: WhyNot | None
    ) -> None:
        assert why_not_greeting(replace(FIRST_AT_NIGHT, **change)) is reason


class TestTheLanguage:
    @pytest.mark.parametrize(
        ("written", "language", "default", "chosen"),
        [
            ("en ja", "ja", "en", "ja"),
            ("en ja", "fr", "ja", "ja"),
            ("en ja", "", "ja", "ja"),
            ("en pt", "pt-br", "en", "pt"),
            ("en pt-br", "pt", "en", "pt-br"),
            ("en zh-hans zh-hant", "zh-TW", "en", "zh-hant"),
            ("en zh-hans zh-hant", "zh", "en", "zh-hans"),
            ("fr ja", "de", "en", "fr"),
            ("", "de", "en", None),
        ],
    )
    def test_is_the_customers_or_the_channels(
        self, written: str, language: str, default: str, chosen: str | None
    ) -> None:
        texts = dict.fromkeys(written.split(), "Hello")

        assert choose_language(texts, language=language, default=default) == chosen

    def test_is_none_in_which_nothing_is_written(self) -> None:
        texts = {"ja": "  ", "en": "Hello"}

        assert choose_language(texts, language="ja", default="ja") == "en"


class TestFilling:
    @pytest.mark.parametrize(
        ("text", "filled"),
        [
            ("Hello {contact_name}!", "Hello Dora!"),
            ("{channel_name}: {contact_name}", "Hoshi Bikes: Dora"),
            ("We open {next_opening}.", "We open."),
            ("{next_opening}", ""),
            ("100 % {} {Contact_Name} {other} {{contact_name}}", None),
            ("%(contact_name)s ${contact_name} {contact_name!r} {contact_name.x}", None),
        ],
    )
    def test_replaces_what_it_knows_and_nothing_else(self, text: str, filled: str | None) -> None:
        values = {"contact_name": "Dora", "channel_name": "Hoshi Bikes", "next_opening": ""}

        expected = text.replace("{contact_name}", "Dora") if filled is None else filled
        assert fill(text, values=values) == expected

    def test_looks_into_no_value(self) -> None:
        values = {"contact_name": "{channel_name}{contact_name}", "channel_name": "secret"}

        assert fill("Hi {contact_name}", values=values) == "Hi {channel_name}{contact_name}"

    def test_keeps_a_name_on_one_line_and_its_direction(self) -> None:
        values = {"contact_name": "Dora\n\nYour code is 1234\u202e\u2028x\x00" + "a" * 500}

        filled = fill("Hi {contact_name}", values=values)

        assert filled.startswith("Hi Dora Your code is 1234 x a")
        assert len(filled) <= LONGEST_VALUE + 3

    def test_leaves_letters_that_need_joiners_alone(self) -> None:
        assert fill("{contact_name}", values={"contact_name": "نامه‌ها"}) == "نامه‌ها"

    def test_names_what_it_does_not_know(self) -> None:
        assert find_unknown("{contact_name} {name} {x} {}") == ["name", "x"]

    @given(st.text(), st.dictionaries(st.sampled_from(VARIABLES), st.text()))
    def test_never_fails_and_puts_nothing_twice(self, text: str, values: dict[str, str]) -> None:
        filled = fill(text, values=values)

        assert len(filled) <= len(text) + text.count("{") * LONGEST_VALUE
