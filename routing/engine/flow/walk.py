"""One event in the life of a flow: from where it stands to where it waits, or to its end. Pure.

Nothing is sent or written here: what is to be done comes back as effects, in their order, and what
each step did as a log. The same flow, state, event and scene give the same answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from channels.greetings import choose_language
from channels.placeholders import faults_in, fill, names_in
from conversations.properties import LONGEST_VALUE
from routing.engine.conditions import ConditionError
from routing.engine.flow import specs
from routing.engine.flow.answers import choose, read_answer
from routing.engine.flow.progress import (
    TO_CHANNEL,
    ChangeContact,
    Effect,
    Ending,
    Entry,
    Goal,
    Happened,
    Say,
    Scene,
    SetTags,
    State,
    TemplateFacts,
    Walked,
    join_tags,
)
from routing.engine.flow.specs import FlowSpec, Kind, Step
from routing.engine.observer import Observed
from routing.engine.observer import walk as walk_conditions

#: More steps than these for one event: it goes round in circles.
MOST_STEPS = 100
#: As much of an answer as the log keeps.
_QUOTED = 80
#: The file of a step is gone, or the channel takes none of its kind or size.
FILE_REFUSED = "file.refused"


def walk(spec: FlowSpec, *, state: State, happened: Happened, scene: Scene) -> Walked | None:
    """Return how far a run gets; None where nothing changes: it waits on.

    A customer who writes while the flow waits for a time does not hurry it.
    """
    walker = _Walker(spec, scene, state, scene.situation)
    if happened is Happened.BEGAN:
        return walker.run(spec.steps[0] if spec.steps else None)
    step = spec.find(state.step)
    if step is None:
        return walker.over(Ending.FAILED, "no_step")
    if happened is Happened.TIME_PASSED:
        return walker.go_on(step, walker.time_passed(step))
    if step.wait is None:
        return None
    return walker.go_on(step, walker.hear(step))


@dataclass(frozen=True, slots=True)
class _On:
    """Go on: with the step that is named, or (None) with the one below."""

    way: str | None


@dataclass(frozen=True, slots=True)
class _Stay:
    """Wait here."""

    seconds: int


@dataclass(frozen=True, slots=True)
class _Over:
    ending: Ending = Ending.COMPLETED
    problem: str = ""


_Next = _On | _Stay | _Over


@dataclass(slots=True)
class _Walker:
    """What is known on the way. The situation changes as the flow changes the contact."""

    spec: FlowSpec
    scene: Scene
    state: State
    situation: Any
    effects: list[Effect] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    count: int = 0

    def run(self, step: Step | None) -> Walked:
        """Do step after step, until one waits or the flow is over."""
        while step is not None:
            if self.count >= MOST_STEPS:
                return self.over(Ending.FAILED, "too_many_steps")
            self.count += 1
            self.state = replace(self.state, step=step.name, attempts=0)
            following = _DO[step.kind](self, step)
            if not isinstance(following, _On):
                return self.halt(following)
            if following.way is not None and self.spec.find(following.way) is None:
                return self.over(Ending.FAILED, "no_step")
            step = self.spec.behind(step, following.way)
        return self.over(Ending.COMPLETED, self.state.warning)

    def go_on(self, step: Step, following: _Next) -> Walked:
        """Go on behind a step that waited."""
        if not isinstance(following, _On):
            return self.halt(following)
        if following.way is not None and self.spec.find(following.way) is None:
            return self.over(Ending.FAILED, "no_step")
        return self.run(self.spec.behind(step, following.way))

    def halt(self, following: _Stay | _Over) -> Walked:
        if isinstance(following, _Over):
            return self.over(following.ending, following.problem or self.state.warning)
        return Walked(self.state, tuple(self.effects), tuple(self.log), following.seconds)

    def over(self, ending: Ending, problem: str = "") -> Walked:
        if ending is Ending.FAILED and self.state.goal is None:
            self.state = replace(self.state, goal=TO_CHANNEL)
        return Walked(
            self.state, tuple(self.effects), tuple(self.log), ending=ending, problem=problem
        )

    def note(self, step: Step, outcome: str, **facts: Any) -> None:
        self.log.append(Entry(step.name, step.kind.value, outcome, {"step": step.name, **facts}))

    # --- Events

    def time_passed(self, step: Step) -> _Next:
        if isinstance(step.deed, specs.Delay):
            self.note(step, "over")
            return _On(step.next)
        self.note(step, "timed_out")
        if step.wait is None or step.wait.on_timeout is None:
            return _Over(Ending.EXPIRED)
        return _On(step.wait.on_timeout)

    def hear(self, step: Step) -> _Next:
        """Take what the customer wrote as the answer to a step that waits for one."""
        if isinstance(step.deed, specs.Question):
            return self.hear_answer(step, step.deed)
        deed = step.deed
        buttons = deed.buttons if isinstance(deed, specs.Message) else ()
        # Whoever answers "2" means the second button: so conditions behind it see that.
        answer = choose(self.situation.text, buttons) or self.situation.text
        self.situation = replace(self.situation, text=answer)
        self.note(step, "answered", answer=answer[:_QUOTED])
        return _On(step.next)

    def hear_answer(self, step: Step, deed: specs.Question) -> _Next:
        text = self.situation.text
        if not text.strip() and deed.accepts is specs.Accepts.ANY:
            text = ", ".join(self.situation.message_types)  # a picture is an answer, too
        answer = read_answer(
            text,
            accepts=deed.accepts,
            choices=deed.choices,
            phone=self.situation.contact_phone,
        )
        if answer is None:
            return self.ask_again(step, deed, text)
        answers = {**self.state.answers, deed.answer_as: answer} if deed.answer_as else None
        self.state = replace(self.state, answers=answers or self.state.answers)
        if deed.accepts is specs.Accepts.CHOICE:
            self.situation = replace(self.situation, text=answer)
        self.note(step, "answered", answer=answer[:_QUOTED])
        return _On(step.next)

    def ask_again(self, step: Step, deed: specs.Question, text: str) -> _Next:
        attempts = self.state.attempts + 1
        self.state = replace(self.state, attempts=attempts)
        self.note(step, "not_fitting", answer=text[:_QUOTED])
        if attempts >= deed.attempts:
            if deed.on_failed is None:
                return _Over(Ending.FAILED, "attempts")
            return _On(deed.on_failed)
        refusal = self.say(deed.text, deed.choices)
        if refusal and refusal != _NOTHING:
            self.note(step, "failed", problem=refusal)
            return _Over(Ending.FAILED, refusal)
        return _Stay(deed.wait.timeout_s)

    # --- Steps

    def send(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Message)  # noqa: S101 - by its kind
        refusal = self.say(deed.text, deed.buttons, file=deed.file)
        if refusal and deed.template:
            refusal = self.say_template(deed)
        if refusal == _NOTHING:
            self.note(step, "nothing")
        elif refusal:
            self.note(step, "failed", problem=refusal)
            return _Over(Ending.FAILED, refusal)
        else:
            self.note(step, "sent")
        return _On(step.next) if deed.wait is None else _Stay(deed.wait.timeout_s)

    def ask(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Question)  # noqa: S101 - by its kind
        refusal = self.say(deed.text, deed.choices)
        if refusal and refusal != _NOTHING:
            self.note(step, "failed", problem=refusal)
            return _Over(Ending.FAILED, refusal)
        self.note(step, "asked")
        return _Stay(deed.wait.timeout_s)

    def decide(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Condition)  # noqa: S101 - by its kind
        seen = self.seen()
        try:
            for path in deed.paths:
                prepared = [condition.prepared for condition in path.conditions]
                holds, findings = walk_conditions(prepared, observed=seen)
                if holds:
                    self.note(step, "path", path=path.name, findings=findings)
                    return _On(path.next)
        except ConditionError as error:
            self.note(step, "failed", problem=error.code)
            return _Over(Ending.FAILED, "broken_condition")
        self.note(step, "otherwise")
        return _On(deed.otherwise)

    def update_contact(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.UpdateContact)  # noqa: S101 - by its kind
        attributes = self.filled_attributes(deed.attributes)
        name = self.filled(deed.name)[:200] if deed.name else ""
        change = ChangeContact(name or None, deed.language, attributes)
        if change != ChangeContact():
            self.effects.append(change)
            self.change_situation(change)
        self.set_tags("contact", deed.tags, deed.tags_mode)
        self.note(step, "changed", attributes=sorted(attributes))
        return _On(step.next)

    def choose_team(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Team)  # noqa: S101 - by its kind
        goal = Goal("team", deed.team, deed.respect_permanent_agent)
        return self.choose_goal(step, goal, deed.tags)

    def choose_person(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Person)  # noqa: S101 - by its kind
        return self.choose_goal(step, Goal("person", deed.person), deed.tags)

    def choose_goal(self, step: Step, goal: Goal, tags: specs.Tags) -> _Next:
        self.set_tags("conversation", tags.conversation, tags.mode)
        self.set_tags("contact", tags.contact, tags.mode)
        self.state = replace(self.state, goal=goal)
        self.note(step, "chosen", target=self.scene.titles.get(goal.id, ""))
        return _On(step.next)

    def delay(self, step: Step) -> _Next:
        deed = step.deed
        assert isinstance(deed, specs.Delay)  # noqa: S101 - by its kind
        self.note(step, "began", seconds=deed.seconds)
        return _Stay(deed.seconds)

    def hand_to_ai(self, step: Step) -> _Next:
        """Let an AI agent go on; where it cannot, people do unless the flow says otherwise."""
        deed = step.deed
        assert isinstance(deed, specs.AiAgent)  # noqa: S101 - by its kind
        title = self.scene.titles.get(deed.ai_agent, "")
        if deed.ai_agent in self.scene.able_ai:
            self.state = replace(self.state, goal=Goal("ai", deed.ai_agent))
            self.note(step, "accepted", target=title)
            return _Over()
        goal = self.state.goal or TO_CHANNEL
        self.state = replace(self.state, goal=goal, warning="ai_unable")
        self.note(step, "unable", target=title)
        return _On(step.next)

    def follow(self, step: Step) -> _Next:
        self.note(step, "followed")
        return _On(step.next)

    def end(self, step: Step) -> _Next:
        self.note(step, "reached")
        return _Over()

    # --- What steps share

    def seen(self) -> Observed:
        """Return what conditions see: an answer is seen as the contact's property of its name."""
        known = {**self.situation.contact_attributes, **self.state.answers}
        return Observed(replace(self.situation, contact_attributes=known))

    def say(self, texts: Mapping[str, str], choices: tuple[str, ...], *, file: str = "") -> str:
        """Say a text in the customer's language; return why it cannot be, as a code.

        A file goes with it, or alone; without a file that belongs to it, nothing is said.
        """
        language = choose_language(texts, language=self.situation.contact_language, default="")
        text = "" if language is None else self.filled(texts[language])
        listed = [f"{number}. {choice}" for number, choice in enumerate(choices, start=1)]
        text = "\n".join(part for part in (text, *listed) if part)
        if not text and not file:
            return _NOTHING
        if self.scene.refusal:
            return self.scene.refusal
        if file and file not in self.scene.files:
            return FILE_REFUSED
        self.effects.append(Say(text, file))
        return ""

    def say_template(self, deed: specs.Message) -> str:
        known = self.scene.templates.get(deed.template, TemplateFacts("template.not_approved"))
        if known.refusal:
            return known.refusal
        values = {name: self.filled(text) for name, text in deed.values.items()}
        if faults_in(known.variables, values):
            return "template.values"
        self.effects.append(Say(template=deed.template, values=values))
        return ""

    def filled(self, text: str) -> str:
        """Put answers, properties and names into a text; what nobody knows leaves no trace."""
        known = {
            "contact_name": self.scene.contact_name,
            "channel_name": self.situation.channel_name,
            **{key: _as_text(value) for key, value in self.situation.contact_attributes.items()},
            **self.state.answers,
        }
        return fill(text, {name: known.get(name, "") for name in names_in(text)}, missing="")

    def filled_attributes(self, wanted: Mapping[str, str]) -> dict[str, str | None]:
        """Return the properties to write. One whose placeholder has no value stays as it was."""
        changes: dict[str, str | None] = {}
        for name, text in wanted.items():
            value = self.filled(text).strip()[:LONGEST_VALUE]
            if value or not text.strip():
                changes[name] = value or None
        return changes

    def change_situation(self, change: ChangeContact) -> None:
        known = {**self.situation.contact_attributes, **change.attributes}
        self.scene = replace(self.scene, contact_name=change.name or self.scene.contact_name)
        self.situation = replace(
            self.situation,
            contact_language=change.language or self.situation.contact_language,
            contact_attributes={key: value for key, value in known.items() if value is not None},
        )

    def set_tags(self, of: str, tags: tuple[str, ...], mode: specs.TagsMode) -> None:
        if not tags:
            return
        self.effects.append(SetTags(of, tags, mode))
        there = getattr(self.situation, f"{of}_tags")
        self.situation = replace(self.situation, **{f"{of}_tags": join_tags(there, tags, mode)})


#: Not a refusal: a text that is empty in every language.
_NOTHING = "nothing"


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_DO: dict[Kind, Callable[[_Walker, Step], _Next]] = {
    Kind.MESSAGE: _Walker.send,
    Kind.QUESTION: _Walker.ask,
    Kind.CONDITION: _Walker.decide,
    Kind.UPDATE_CONTACT: _Walker.update_contact,
    Kind.TEAM: _Walker.choose_team,
    Kind.PERSON: _Walker.choose_person,
    Kind.DELAY: _Walker.delay,
    Kind.AI_AGENT: _Walker.hand_to_ai,
    Kind.GO_TO: _Walker.follow,
    Kind.END: _Walker.end,
}
