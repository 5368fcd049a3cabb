"""Every problem of a flow is named, and what has none cannot run in a circle."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from routing.engine.flow import documents, problems, reader
from routing.engine.flow.problem_words import SENTENCES, sentence_of
from routing.engine.flow.problems import House, Problem
from routing.engine.phrases import write
from tests.unit.routing.flow.random_flows import RETIRED, TEAM, drafts

HOUSE = House(team={TEAM: True, RETIRED: False}, person={"person-1": True}, ai_agent={"ai-1": True})
YES = {"field": "message.text", "operator": "contains", "value": "yes"}
Draft = dict[str, Any]


def message(name: str, **keys: Any) -> Draft:
    return {"name": name, "kind": "message", "text": {"": "Hello"}, **keys}


def question(name: str, **keys: Any) -> Draft:
    return {"name": name, "kind": "question", "text": {"": "Which?"}, "answer_as": "x", **keys}


def condition(name: str, *paths: Draft, **keys: Any) -> Draft:
    return {"name": name, "kind": "condition", "paths": list(paths), **keys}


def path(name: str, *conditions: Draft, next: str | None = None) -> Draft:
    return {"name": name, "conditions": list(conditions), "next": next}


def go_to(name: str, step: str | None) -> Draft:
    return {"name": name, "kind": "go_to", "next": step}


def end(name: str) -> Draft:
    return {"name": name, "kind": "end"}


def team(name: str, public_id: str = TEAM) -> Draft:
    return {"name": name, "kind": "team", "team": public_id}


def found(*steps: Draft) -> list[tuple[str, int | None, str]]:
    some_problems = problems.find({"steps": list(steps)}, house=HOUSE)
    return [(each.code, each.place, each.key) for each in some_problems]


class TestAFlow:
    def test_without_steps_is_refused(self) -> None:
        assert found() == [("no_steps", None, "")]

    def test_that_is_no_document_at_all_is_refused(self) -> None:
        assert problems.find({}, house=HOUSE) == [Problem("no_steps")]
        nonsense: Any
        for nonsense in (None, [], {"steps": 5}, {"steps": [1, "x"]}, "steps"):
            assert problems.find(nonsense, house=HOUSE)

    def test_that_is_right_has_no_problem(self) -> None:
        assert (
            found(
                condition("vip?", path("yes", YES, next="thanks"), otherwise="To Support"),
                message("thanks"),
                team("To Support"),
            )
            == []
        )


class TestNames:
    def test_are_there_and_unique_whatever_their_case_and_width(self) -> None:
        assert found(message("ask"), message(" "), message("ＡＳＫ")) == [
            ("unnamed_step", 1, "name"),
            ("duplicate_name", 2, "name"),
        ]


class TestWays:
    def test_to_a_step_that_is_not_there_are_named_where_they_are_written(self) -> None:
        steps = [
            condition("c", path("yes", YES, next="gone"), otherwise="also gone"),
            question("q", next="x", on_failed="y", on_timeout="z"),
        ]
        assert found(*steps) == [
            ("dangling_next", 0, "paths.0.next"),
            ("dangling_next", 0, "otherwise"),
            ("unreachable_step", 1, ""),
            ("dangling_next", 1, "on_failed"),
            ("dangling_next", 1, "on_timeout"),
            ("dangling_next", 1, "next"),
        ]

    def test_of_a_jump_are_needed(self) -> None:
        assert found(go_to("jump", None)) == [("go_to_nowhere", 0, "next")]

    def test_that_lead_nowhere_near_a_step_leave_it_unreachable(self) -> None:
        assert found(end("over"), message("never")) == [("unreachable_step", 1, "")]


class TestACircle:
    def test_in_which_nothing_waits_is_refused_once(self) -> None:
        steps = [message("a"), message("b"), go_to("back", "a")]
        (problem,) = problems.find({"steps": steps}, house=HOUSE)
        assert (problem.code, problem.place) == ("circle_without_wait", 0)
        assert problem.facts["names"] == ["a", "b", "back"]

    def test_of_one_step_is_refused(self) -> None:
        assert found(message("a", next="a")) == [("circle_without_wait", 0, "next")]

    def test_in_which_a_step_waits_is_fine(self) -> None:
        assert found(question("a"), go_to("back", "a")) == []
        assert found(message("a", wait=True), go_to("back", "a")) == []
        assert found({"name": "a", "kind": "delay", "seconds": 60, "next": "a"}) == []

    def test_beside_one_that_waits_is_found_all_the_same(self) -> None:
        steps = [
            condition("c", path("wait", YES, next="q"), path("loop", YES, next="c")),
            question("q", next="c"),
        ]
        assert ("circle_without_wait", 0, "next") in found(*steps)

    def test_is_found_in_each_part_of_the_flow(self) -> None:
        steps = [
            condition("c", path("one", YES, next="a"), otherwise="b"),
            message("a", next="a"),
            message("b", next="b"),
        ]
        assert [place for code, place, _key in found(*steps)] == [1, 2]


class TestATarget:
    def test_that_is_missing_or_retired_is_named(self) -> None:
        assert found(team("t", "team-9")) == [("team_missing", 0, "team")]
        assert found(team("t", RETIRED)) == [("team_inactive", 0, "team")]
        assert found(team("t", "")) == [("team_required", 0, "team")]

    def test_of_a_message_may_be_left_out(self) -> None:
        assert found(message("m", template="gone")) == [("template_missing", 0, "template")]
        assert found(message("m", template="")) == []


class TestAFile:
    def test_that_is_gone_is_named(self) -> None:
        assert found(message("m", file="file-9")) == [("file_missing", 0, "file")]

    def test_that_a_channel_does_not_take_is_named_with_the_channel(self) -> None:
        house = House(files={"file-1": ("Shop", "SMS")})
        (problem,) = problems.find({"steps": [message("m", file="file-1")]}, house=house)
        assert (problem.code, problem.key) == ("file_refused", "file")
        phrase = sentence_of(problem, language_name=str)
        text = write(phrase, translate=str, translate_count=lambda one, many, n: many)
        assert "“Shop”" in text
        assert "“SMS”" in text


class TestATextOfAStep:
    def test_is_needed(self) -> None:
        assert found(message("m", text={"": " "})) == [("text_missing", 0, "text.")]

    def test_is_not_needed_where_a_template_is_sent(self) -> None:
        house = House(template={"template-1": True})
        steps = [message("m", text={}, template="template-1")]
        assert problems.find({"steps": steps}, house=house) == []

    def test_is_not_needed_where_a_file_is_sent(self) -> None:
        steps = [message("m", text={}, file="file-1")]
        assert problems.find({"steps": steps}, house=House(files={"file-1": ()})) == []

    def test_is_needed_in_every_language_that_the_flow_speaks(self) -> None:
        steps = [message("m", text={"": "Hello", "ja": "やあ"}), question("q")]
        (problem,) = problems.find({"steps": steps}, house=HOUSE)
        assert (problem.code, problem.place, problem.key) == ("text_missing_in", 1, "text.ja")

    def test_is_needed_for_whoever_speaks_another_language(self) -> None:
        steps = [message("m", text={"ja": "やあ"})]
        assert found(*steps) == [("text_missing_otherwise", 0, "text.")]


class TestACondition:
    def test_is_read_by_the_parser_of_rules(self) -> None:
        bad = {"field": "time.of_day", "operator": "gt", "value": "noon"}
        assert found(condition("c", path("yes", YES, bad))) == [
            ("not_a_time", 0, "paths.0.conditions.1.value")
        ]

    def test_has_paths_that_ask_for_something_and_have_names(self) -> None:
        assert found(condition("c")) == [("no_paths", 0, "paths")]
        assert found(condition("c", path("a", YES), path("A", YES), path("", YES), path("z"))) == [
            ("duplicate_path", 0, "paths.1.name"),
            ("unnamed_path", 0, "paths.2.name"),
            ("path_without_conditions", 0, "paths.3.conditions"),
        ]


# --- Against slow, obvious answers to the same questions


def leads_to(draft: Draft, place: int) -> list[int]:
    """Return where a step leads, asked step by step; what is not there leads nowhere."""
    steps = draft["steps"]
    step = steps[place]

    def at(name: str | None) -> list[int]:
        if not name:
            return [place + 1] if place + 1 < len(steps) else []
        return [n for n, one in enumerate(steps) if one["name"].strip() == name][:1]

    kind, after = step["kind"], []
    if kind == "condition":
        for one in step["paths"]:
            after += at(one["next"])
        after += at(step["otherwise"])
    elif kind != "end":
        after += at(step["next"])
    if kind == "question" and step["on_failed"]:
        after += at(step["on_failed"])
    is_waiting_message = kind == "message" and step["wait"]
    if (kind == "question" or is_waiting_message) and step["on_timeout"]:
        after += at(step["on_timeout"])
    return after


def is_waiting(step: Draft) -> bool:
    return step["kind"] in ("question", "delay") or (step["kind"] == "message" and step["wait"])


def can_run_on(draft: Draft) -> bool:
    """Say whether the flow can take more steps in a row than it has, without waiting."""
    steps = draft["steps"]
    now = {place for place, step in enumerate(steps) if not is_waiting(step)}
    for _one_more in steps:
        now = {
            other
            for place in now
            for other in leads_to(draft, place)
            if not is_waiting(steps[other])
        }
    return bool(now)


def can_come_to(draft: Draft) -> set[int]:
    came = {0}
    for _one_more in draft["steps"]:
        came |= {other for place in came for other in leads_to(draft, place)}
    return came


class TestFind:
    @settings(max_examples=300, deadline=None)
    @given(drafts())
    def test_agrees_with_a_slow_and_obvious_answer(self, draft: Draft) -> None:
        codes = [each.code for each in problems.find(draft, house=HOUSE)]
        if not draft["steps"]:
            assert codes == ["no_steps"]
            return
        assert ("circle_without_wait" in codes) == can_run_on(draft)
        unreachable = len(draft["steps"]) - len(can_come_to(draft))
        assert codes.count("unreachable_step") == unreachable
        unnamed = [step for step in draft["steps"] if not step["name"].strip()]
        assert codes.count("unnamed_step") == len(unnamed)

    @settings(max_examples=200, deadline=None)
    @given(drafts(), some.integers(0, 6))
    def test_names_a_new_fault_in_whatever_flow(self, draft: Draft, place: int) -> None:
        draft["steps"].insert(place, go_to("a jump", "a step that is nowhere"))
        at = min(place, len(draft["steps"]) - 1)
        named = problems.find(draft, house=HOUSE)
        assert any((each.code, each.place) == ("dangling_next", at) for each in named)

    @settings(max_examples=200, deadline=None)
    @given(drafts())
    def test_has_a_sentence_for_whatever_it_finds(self, draft: Draft) -> None:
        for problem in problems.find(draft, house=HOUSE):
            phrase = sentence_of(problem, language_name=str)
            text = write(phrase, translate=str, translate_count=lambda one, many, n: many)
            assert text
            assert "%(" not in text

    def test_has_no_sentence_without_use(self) -> None:
        sources = [each.__file__ for each in (problems, documents, reader)]
        text = "".join(Path(source).read_text() for source in sources)
        composed = {
            f"{key}_{what}"
            for key in ("team", "person", "ai_agent", "template")
            for what in ("required", "missing", "inactive")
        }
        unused = [code for code in SENTENCES if f'"{code}"' not in text and code not in composed]
        assert unused == []
