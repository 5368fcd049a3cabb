"""Filling a template's placeholders, and what is wrong with what they are filled with."""

import pytest

from channels.placeholders import faults_in, fill, names_in


class TestFill:
    def test_puts_each_value_in_its_place(self):
        assert fill("Hi {{1}}, at {{ 2 }}.", {"1": "Ana", "2": "12:00"}) == "Hi Ana, at 12:00."

    def test_fills_once(self):
        assert fill("{{1}} {{2}}", {"1": "{{2}}", "2": "b"}) == "{{2}} b"

    def test_leaves_what_has_no_value(self):
        assert fill("Hi {{name}}", {}) == "Hi {{name}}"


class TestNames:
    def test_stand_in_their_order_once(self):
        assert names_in("{{2}} {{1}} {{2}} {{ name }} {3}") == ("2", "1", "name")


class TestFaults:
    @pytest.mark.parametrize(
        ("values", "faults"),
        [
            ({"1": "Ana"}, {}),
            ({}, {"1": "missing"}),
            ({"1": " "}, {"1": "missing"}),
            ({"1": "Ana", "2": "b"}, {"2": "unknown"}),
            ({"1": "a\nb"}, {"1": "line_break"}),
            ({"1": "a" * 1025}, {"1": "too_long"}),
        ],
    )
    def test_are_named(self, values, faults):
        assert faults_in(("1",), values) == faults
