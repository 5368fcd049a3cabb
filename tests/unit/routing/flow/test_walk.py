"""Walking a flow: the same as a slow and obvious interpreter says, and never without an end."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.facts import Situation
from routing.engine.flow.answers import choose, read_answer
from routing.engine.flow.documents import parse
from routing.engine.flow.problems import House, find
from routing.engine.flow.progress import (
    Ending,
    Happened,
    Say,
    Scene,
    SetTags,
    State,
    join_tags,
)
from routing.engine.flow.specs import Accepts
from routing.engine.flow.walk import MOST_STEPS, walk
from tests.unit.routing.flow.plain import play

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HERE = Situation(at=NOON, zone="UTC", channel_id=1, channel_name="WhatsApp")
NAMES = [f"s{number}" for number in range(6)]
WORDS = ["red", "blue", "7", "42", "red 7"]
TEAMS = ["0190b5a5-0000-7000-8000-000000000001", "0190b5a5-0000-7000-8000-000000000002"]


def scene(text="", **more):
    return Scene(situation=replace(HERE, text=text), **more)


def step(name, size):
    """Any step of a flow of so many; its ways may lead anywhere, in circles as well."""
    way = st.sampled_from(["", "", "", *NAMES[:size]])
    named = {"name": st.just(name)}
    path = st.fixed_dictionaries(
        {
            "name": st.just("p"),
            "conditions": st.sampled_from(["red", "blue", "7"]).map(
                lambda word: [{"field": "message.text", "operator": "contains", "value": word}]
            ),
            "next": way,
        }
    )
    return st.one_of(
        st.fixed_dictionaries(
            {**named, "kind": st.just("message"), "text": st.just(f"say {name}"), "next": way}
        ),
        st.fixed_dictionaries(
            {
                **named,
                "kind": st.just("question"),
                "text": st.just(f"ask {name}"),
                "answer_as": st.just(name),
                "accepts": st.just("number"),
                "attempts": st.integers(1, 2),
                "on_failed": way,
                "on_timeout": way,
                "next": way,
            }
        ),
        st.fixed_dictionaries(
            {
                **named,
                "kind": st.just("condition"),
                "paths": st.lists(path, min_size=1, max_size=2),
                "otherwise": way,
            }
        ),
        st.fixed_dictionaries(
            {
                **named,
                "kind": st.just("team"),
                "team": st.sampled_from(TEAMS),
                "conversation_tags": st.sampled_from([[], ["a"], ["b", "c"]]),
                "tags_mode": st.sampled_from(["add", "replace"]),
                "next": way,
            }
        ),
        st.fixed_dictionaries({**named, "kind": st.just("delay"), "seconds": st.just(60)}),
        st.fixed_dictionaries(
            {**named, "kind": st.just("go_to"), "next": st.sampled_from(NAMES[:size])}
        ),
        st.fixed_dictionaries({**named, "kind": st.just("end")}),
    )


documents = st.integers(2, 6).flatmap(
    lambda size: st.tuples(*(step(name, size) for name in NAMES[:size])).map(
        lambda steps: {"steps": list(steps)}
    )
)
happenings = st.lists(st.sampled_from([None, *WORDS]), min_size=4, max_size=9)


def run(document, texts):
    """Play a flow by the engine, and tell it as the interpreter does."""
    spec, state, text = parse(document), State(), texts[0]
    said, done, tags = [], [], ()
    happened, rest = Happened.BEGAN, list(texts[1:])
    while True:
        walked = walk(spec, state=state, happened=happened, scene=scene(text))
        if walked is not None:
            state = walked.state
            said += [each.text for each in walked.effects if isinstance(each, Say)]
            for each in walked.effects:
                if isinstance(each, SetTags):
                    tags = join_tags(tags, each.tags, each.mode)
            done += [entry.step for entry in walked.log if entry.outcome in _DONE]
            if walked.ending is not None:
                break
        if not rest:
            break
        heard = rest.pop(0)
        happened = Happened.TIME_PASSED if heard is None else Happened.WROTE
        text = text if heard is None else heard
    ending = walked.ending if walked is not None else None
    goal = state.goal.id if state.goal and state.goal.kind == "team" else None
    return said, done, list(tags), dict(state.answers), str(ending or "waiting"), goal


#: What is noted when a step is done, and not when it hears or waits.
_DONE = {"sent", "asked", "path", "otherwise", "chosen", "began", "followed", "reached"}


class TestAnyFlow:
    @settings(max_examples=150, deadline=None)
    @given(documents, st.sampled_from(WORDS), happenings)
    def test_goes_as_the_obvious_interpreter_says(self, document, first, later):
        assert run(document, [first, *later]) == play(document, [first, *later])

    @settings(max_examples=150, deadline=None)
    @given(documents, st.sampled_from(WORDS), happenings)
    def test_that_may_be_published_never_runs_in_circles(self, document, first, later):
        house = House(team=dict.fromkeys(TEAMS, True))
        if find(document, house=house):
            return
        spec, state = parse(document), State()
        happened = Happened.BEGAN
        for text in [first, *later]:
            walked = walk(spec, state=state, happened=happened, scene=scene(text or ""))
            happened = Happened.TIME_PASSED if text is None else Happened.WROTE
            if walked is None:
                continue
            assert walked.problem != "too_many_steps"
            assert len(walked.log) <= MOST_STEPS
            if walked.ending is not None:
                break
            state = walked.state


class TestACircle:
    def test_ends_after_a_hundred_steps(self):
        spec = parse({"steps": [{"name": "a", "kind": "go_to", "next": "a"}]})
        walked = walk(spec, state=State(), happened=Happened.BEGAN, scene=scene())
        assert (walked.ending, walked.problem) == (Ending.FAILED, "too_many_steps")
        assert len(walked.log) == MOST_STEPS


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("text", "accepts", "expected"),
        [
            ("１２３", Accepts.NUMBER, "123"),
            ("1,234,567.5", Accepts.NUMBER, "1234567.5"),
            ("12,5", Accepts.NUMBER, "12.5"),
            ("twelve", Accepts.NUMBER, None),
            ("2026/2/3", Accepts.DATE, "2026-02-03"),
            ("2026年2月3日", Accepts.DATE, "2026-02-03"),
            ("2026-02-30", Accepts.DATE, None),
            (" dora@example.com ", Accepts.EMAIL, "dora@example.com"),
            ("dora@example", Accepts.EMAIL, None),
            ("090-1234-5678", Accepts.PHONE, "+819012345678"),
            ("+44 20 7946 0958", Accepts.PHONE, "+442079460958"),
            ("call me", Accepts.PHONE, None),
            ("   ", Accepts.ANY, None),
        ],
    )
    def test_is_read_as_people_write_it(self, text, accepts, expected):
        assert read_answer(text, accepts=accepts, phone="+819000000001") == expected

    def test_names_a_choice_by_its_text_or_its_number(self):
        choices = ("Refund", "返品")
        assert [choose(text, choices) for text in ("REFUND", "2", "２.", "返品", "3")] == [
            "Refund",
            "返品",
            "返品",
            "返品",
            None,
        ]


class TestAFile:
    @pytest.mark.parametrize("text", ["", "Our list:"])
    def test_goes_with_the_text_or_alone(self, text):
        spec = parse({"steps": [{"name": "m", "kind": "message", "text": text, "file": "f-1"}]})
        walked = walk(
            spec,
            state=State(),
            happened=Happened.BEGAN,
            scene=scene(files=frozenset({"f-1"})),
        )
        assert walked.effects == (Say(text, "f-1"),)
        assert walked.ending is Ending.COMPLETED

    def test_that_cannot_be_sent_lets_people_go_on(self):
        """The text without what it speaks of would be wrong."""
        steps = [{"name": "m", "kind": "message", "text": "Our list:", "file": "f-1"}]
        walked = walk(
            parse({"steps": steps}), state=State(), happened=Happened.BEGAN, scene=scene()
        )
        assert walked.effects == ()
        assert (walked.ending, walked.problem) == (Ending.FAILED, "file.refused")
        assert walked.state.goal.kind == "channel"
