"""A desk cut down to those who come first gives the same answer as the whole."""

from hypothesis import given
from hypothesis import strategies as some

from routing.engine.facts import Strategy
from routing.engine.foremost import foremost
from routing.engine.strategies import choose
from tests.unit.routing.anything import desks
from tests.unit.routing.builders import ALICE, BOB, CHEN, candidate, desk, situation


class TestForemost:
    @given(desks(), some.integers(1, 4), some.sets(some.integers(1, 7)))
    def test_keeps_whoever_is_chosen(self, whole, count, lapsed):
        asked = situation(lapsed_ids=tuple(sorted(lapsed)))
        short = foremost(whole, asked, count=count)

        assert len(short.candidates) <= count
        assert choose(short, asked).chosen == choose(whole, asked).chosen

    def test_goes_on_around_the_circle(self):
        people = (candidate(ALICE), candidate(BOB), candidate(CHEN))
        whole = desk(*people, strategy=Strategy.ROUND_ROBIN, cursor_user_id=ALICE)

        short = foremost(whole, situation(), count=2)

        assert [each.user_id for each in short.candidates] == [BOB, CHEN]

    def test_shows_the_first_when_nobody_can(self):
        people = [candidate(who, presence="offline") for who in (ALICE, BOB, CHEN)]

        short = foremost(desk(*people), situation(), count=2)

        assert [each.user_id for each in short.candidates] == [ALICE, BOB]
        assert choose(short, situation()).chosen is None
