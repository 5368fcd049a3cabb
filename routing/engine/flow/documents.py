"""Flows as JSON and back. One reader for the form, the API and imports. Pure.

A draft may be unfinished: a text, a team or a next step may be missing, and names may be doubled.
That is for `problems`. What is refused here could not even be kept: wrong types, unknown keys,
values beyond a limit, and conditions that can never be understood.
"""

import re
from collections.abc import Callable
from typing import Any

from conversations import properties
from routing.engine.conditions import ConditionError, ConditionSpec, validate
from routing.engine.flow import specs
from routing.engine.flow.reader import LONGEST_NAME, Fault, Reader
from routing.engine.flow.specs import DAY_S, Accepts, Deed, FlowSpec, Kind, Step, TagsMode

MOST_STEPS = 100
MOST_PATHS, MOST_CONDITIONS = 20, 20
MOST_BUTTONS, LONGEST_BUTTON = 10, 60
MOST_TAGS, LONGEST_TAG = 20, 64
LONGEST_TEXT = 4000
#: What an answer is kept as: it fills `{{name}}` and is asked for as `contact.attribute.name`.
LONGEST_ANSWER_NAME = 64
SHORTEST_WAIT_S, LONGEST_WAIT_S = 10, 30 * DAY_S
MOST_ATTEMPTS = 10
_LANGUAGE = re.compile(r"([a-z]{2,3}(-[a-z0-9]{2,8})*)?", re.ASCII)
_ANSWER_NAME = re.compile(r"[A-Za-z0-9_]{0,64}", re.ASCII)

Json = dict[str, Any]


class FlowDocumentError(ValueError):
    """A document that is no flow, with everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(", ".join(f"{fault.path}: {fault.code}" for fault in faults))


def parse(document: Any) -> FlowSpec:
    """Return the flow that a document describes. Raises `FlowDocumentError` naming every fault."""
    spec, faults = read(document)
    if faults:
        raise FlowDocumentError(faults)
    return spec


def read(document: Any) -> tuple[FlowSpec, tuple[Fault, ...]]:
    """Return as much of a flow as can be understood, and everything that cannot."""
    faults: list[Fault] = []
    reader = Reader.of(document, "", faults)
    steps = reader.each("steps", _read_step, most=MOST_STEPS)
    reader.finish()
    return FlowSpec(steps), tuple(faults)


def dump(spec: FlowSpec) -> Json:
    """Return the document of a flow: only what is set, in one order."""
    return {"steps": [_dump_step(step) for step in spec.steps]}


def _read_step(reader: Reader) -> Step | None:
    name = reader.text("name", longest=LONGEST_NAME).strip()
    kind = reader.take("kind")
    if not isinstance(kind, str) or kind not in set(Kind):
        reader.refuse("kind", "unknown_kind", kinds=[each.value for each in Kind])
        reader.seen.update(reader.node)  # what its keys mean, nobody knows
        return None
    deed = _READ[Kind(kind)](reader)
    has_next = not isinstance(deed, specs.Condition | specs.End)
    return Step(name, deed, reader.way("next") if has_next else None)


def _read_message(reader: Reader) -> Deed:
    is_waiting = reader.flag("wait")
    wait = _read_wait(reader)  # known keys, also where they mean nothing
    return specs.Message(
        text=_read_text(reader),
        file=reader.text("file", longest=36),
        template=reader.text("template", longest=36),
        values=_read_values(reader, "values"),
        buttons=reader.texts("buttons", most=MOST_BUTTONS, longest=LONGEST_BUTTON),
        wait=wait if is_waiting else None,
    )


def _read_question(reader: Reader) -> Deed:
    answer_as = reader.text("answer_as", longest=LONGEST_ANSWER_NAME).strip()
    if not _ANSWER_NAME.fullmatch(answer_as):
        reader.refuse("answer_as", "not_a_name")
    return specs.Question(
        text=_read_text(reader),
        answer_as=answer_as,
        accepts=reader.choice("accepts", Accepts.ANY),
        choices=reader.texts("choices", most=MOST_BUTTONS, longest=LONGEST_BUTTON),
        attempts=reader.number("attempts", least=1, most=MOST_ATTEMPTS, usual=specs.USUAL_ATTEMPTS),
        on_failed=reader.way("on_failed"),
        wait=_read_wait(reader),
    )


def _read_wait(reader: Reader) -> specs.Wait:
    timeout_s = reader.number(
        "timeout_s", least=SHORTEST_WAIT_S, most=LONGEST_WAIT_S, usual=specs.USUAL_WAIT_S
    )
    return specs.Wait(timeout_s, reader.way("on_timeout"))


def _read_text(reader: Reader) -> dict[str, str]:
    """Return a text by language. A plain text is one for everybody."""
    value = reader.take("text")
    if isinstance(value, str):
        text = reader.check_text("text", value, longest=LONGEST_TEXT)
        return {"": text} if text else {}
    texts: dict[str, str] = {}
    for language, text in reader.mapping("text").items():
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            reader.refuse(f"text.{language}", "not_a_language")
        elif text is not None:
            texts[language] = reader.check_text(f"text.{language}", text, longest=LONGEST_TEXT)
    return texts


def _read_values(reader: Reader, key: str) -> dict[str, str]:
    """Return texts by name: of properties, or of placeholders."""
    values: dict[str, str] = {}
    found = reader.mapping(key)
    if len(found) > properties.MOST:
        reader.refuse(key, "too_many", limit=properties.MOST)
        return {}
    for name, text in found.items():
        if not isinstance(name, str) or not properties.is_name(name):
            reader.refuse(f"{key}.{name}", "not_a_name")
        elif text is not None:
            longest = properties.LONGEST_VALUE
            values[name] = reader.check_text(f"{key}.{name}", text, longest=longest)
    return values


def _read_condition(reader: Reader) -> Deed:
    paths = reader.each("paths", _read_path, most=MOST_PATHS)
    return specs.Condition(paths, reader.way("otherwise"))


def _read_path(reader: Reader) -> specs.Path:
    return specs.Path(
        name=reader.text("name", longest=LONGEST_NAME).strip(),
        conditions=reader.each("conditions", _read_one_condition, most=MOST_CONDITIONS),
        next=reader.way("next"),
    )


def _read_one_condition(reader: Reader) -> ConditionSpec:
    spec = ConditionSpec(
        field=reader.text("field", longest=96),
        operator=reader.text("operator", longest=16),
        value=reader.text("value", longest=LONGEST_TEXT),
    )
    try:
        validate(spec)
    except ConditionError as error:
        facts = {"detail": error.detail} if error.detail else {}
        reader.refuse(error.part, error.code, **facts)
    return spec


def _read_update(reader: Reader) -> Deed:
    language = reader.text("language", longest=12) if "language" in reader.node else None
    if language and not _LANGUAGE.fullmatch(language):
        reader.refuse("language", "not_a_language")
    return specs.UpdateContact(
        name=reader.text("contact_name", longest=200) or None,
        language=language or None,
        attributes=_read_values(reader, "attributes"),
        tags=reader.texts("tags", most=MOST_TAGS, longest=LONGEST_TAG),
        tags_mode=reader.choice("tags_mode", TagsMode.REPLACE),
    )


def _read_team(reader: Reader) -> Deed:
    return specs.Team(
        team=reader.text("team", longest=36),
        tags=_read_tags(reader),
        respect_permanent_agent=reader.flag("respect_permanent_agent"),
    )


def _read_person(reader: Reader) -> Deed:
    return specs.Person(person=reader.text("person", longest=36), tags=_read_tags(reader))


def _read_tags(reader: Reader) -> specs.Tags:
    return specs.Tags(
        conversation=reader.texts("conversation_tags", most=MOST_TAGS, longest=LONGEST_TAG),
        contact=reader.texts("contact_tags", most=MOST_TAGS, longest=LONGEST_TAG),
        mode=reader.choice("tags_mode", TagsMode.REPLACE),
    )


def _read_delay(reader: Reader) -> Deed:
    return specs.Delay(reader.number("seconds", least=1, most=LONGEST_WAIT_S, usual=specs.MINUTE_S))


_READ: dict[Kind, Callable[[Reader], Deed]] = {
    Kind.MESSAGE: _read_message,
    Kind.QUESTION: _read_question,
    Kind.CONDITION: _read_condition,
    Kind.UPDATE_CONTACT: _read_update,
    Kind.TEAM: _read_team,
    Kind.PERSON: _read_person,
    Kind.DELAY: _read_delay,
    Kind.AI_AGENT: lambda reader: specs.AiAgent(reader.text("ai_agent", longest=36)),
    Kind.GO_TO: lambda reader: specs.GoTo(),
    Kind.END: lambda reader: specs.End(),
}


def _dump_step(step: Step) -> Json:
    return {"name": step.name, "kind": step.kind.value} | _set_only(
        **_DUMP[step.kind](step.deed), next=step.next
    )


def _set_only(**values: Any) -> Json:
    """Leave out what is not set."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, False)}


def _dump_message(deed: specs.Message) -> Json:
    wait = {} if deed.wait is None else {"wait": True, **_dump_wait(deed.wait)}
    return {
        "text": dict(deed.text),
        "file": deed.file,
        "template": deed.template,
        "values": dict(deed.values),
        "buttons": list(deed.buttons),
        **wait,
    }


def _dump_question(deed: specs.Question) -> Json:
    return {
        "text": dict(deed.text),
        "answer_as": deed.answer_as,
        "accepts": deed.accepts.value,
        "choices": list(deed.choices),
        "attempts": deed.attempts,
        "on_failed": deed.on_failed,
        **_dump_wait(deed.wait),
    }


def _dump_wait(wait: specs.Wait) -> Json:
    return {"timeout_s": wait.timeout_s, "on_timeout": wait.on_timeout}


def _dump_condition(deed: specs.Condition) -> Json:
    return {"paths": [_dump_path(path) for path in deed.paths], "otherwise": deed.otherwise}


def _dump_path(path: specs.Path) -> Json:
    conditions = [
        {"field": each.field, "operator": each.operator, "value": each.value}
        for each in path.conditions
    ]
    return {"name": path.name, "conditions": conditions} | _set_only(next=path.next)


def _dump_update(deed: specs.UpdateContact) -> Json:
    return {
        "contact_name": deed.name,
        "language": deed.language,
        "attributes": dict(deed.attributes),
        "tags": list(deed.tags),
        "tags_mode": deed.tags_mode.value if deed.tags else None,
    }


def _dump_team(deed: specs.Team) -> Json:
    respects = deed.respect_permanent_agent
    return {"team": deed.team, **_dump_tags(deed.tags), "respect_permanent_agent": respects}


def _dump_tags(tags: specs.Tags) -> Json:
    return {
        "conversation_tags": list(tags.conversation),
        "contact_tags": list(tags.contact),
        "tags_mode": tags.mode.value,
    }


_DUMP: dict[Kind, Callable[[Any], Json]] = {
    Kind.MESSAGE: _dump_message,
    Kind.QUESTION: _dump_question,
    Kind.CONDITION: _dump_condition,
    Kind.UPDATE_CONTACT: _dump_update,
    Kind.TEAM: _dump_team,
    Kind.PERSON: lambda deed: {"person": deed.person, **_dump_tags(deed.tags)},
    Kind.DELAY: lambda deed: {"seconds": deed.seconds},
    Kind.AI_AGENT: lambda deed: {"ai_agent": deed.ai_agent},
    Kind.GO_TO: lambda deed: {},
    Kind.END: lambda deed: {},
}
