"""What each kind of step asks for, as a form over the step's part of the document."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from routing.admin.flows.typed import (
    Attached,
    Choice,
    Duration,
    Flag,
    Lines,
    Number,
    Pick,
    Tags,
    Timeout,
    Typed,
    Way,
)
from routing.admin.flows.ways import Ways
from routing.engine.flow.specs import USUAL_ATTEMPTS, USUAL_WAIT_S, Accepts, TagsMode

Json = dict[str, Any]

BELOW = gettext_lazy("– the step below –")
_OVER = gettext_lazy("– the flow is over –")
_ENDS = gettext_lazy("– the flow has failed –")
ACCEPTS = (
    (Accepts.ANY.value, gettext_lazy("anything")),
    (Accepts.NUMBER.value, gettext_lazy("a number")),
    (Accepts.DATE.value, gettext_lazy("a date")),
    (Accepts.EMAIL.value, gettext_lazy("an e-mail address")),
    (Accepts.PHONE.value, gettext_lazy("a telephone number")),
    (Accepts.CHOICE.value, gettext_lazy("one of these answers")),
)
TAGS_MODES = (
    (TagsMode.ADD.value, gettext_lazy("Add to the existing tags")),
    (TagsMode.REPLACE.value, gettext_lazy("Replace all tags: existing tags are lost")),
)


class StepFields(forms.Form):
    """The fields of one kind."""

    #: Keys of the document that are no fields, but rows of their own.
    rows: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, prefix: str, data: Any = None) -> None:
        super().__init__(data, prefix=prefix, label_suffix="", use_required_attribute=False)

    def fill(self, step: Mapping[str, Any], *, ways: Ways) -> None:
        """Show what the document says of the step."""
        for name, field in self.fields.items():
            value = step.get(name)
            is_way = isinstance(field, Way)
            self.initial[name] = field.lead(ways, value) if is_way else field.show(value)  # type: ignore[attr-defined]

    def taken(self) -> Json:
        """Return what was typed, as the document has it."""
        found = {name: field.take(self[name].data) for name, field in self.fields.items()}  # type: ignore[attr-defined]
        return {name: value for name, value in found.items() if value is not None}

    def own(self) -> list[forms.BoundField]:
        return [self[name] for name, field in self.fields.items() if not field.is_way]  # type: ignore[attr-defined]

    def ways(self) -> list[forms.BoundField]:
        """Return the fields that say where the flow goes on."""
        return [self[name] for name, field in self.fields.items() if field.is_way]  # type: ignore[attr-defined]


class _Tagging(StepFields):
    """Tags, and what becomes of those that are there."""

    #: The fields that have tags.
    listed: ClassVar[tuple[str, ...]] = ("conversation_tags", "contact_tags")

    def fill(self, step: Mapping[str, Any], *, ways: Ways) -> None:
        super().fill(step, ways=ways)
        if not any(step.get(name) for name in self.listed):
            # Nothing is replaced yet, so what loses nothing is offered.
            self.initial["tags_mode"] = TagsMode.ADD.value


def _tags_mode() -> Choice:
    return Choice(
        label=gettext_lazy("What becomes of the tags that are there"),
        choices=TAGS_MODES,
        usual=TagsMode.REPLACE.value,
        widget=forms.RadioSelect,
    )


def _timeout() -> Timeout:
    return Timeout(label=gettext_lazy("Waits at most"), usual=USUAL_WAIT_S)


def _on_timeout() -> Way:
    return Way(label=gettext_lazy("If nobody answers, go on with"), none=_OVER)


class MessageFields(StepFields):
    rows = ("text", "values")
    file = Attached(label=gettext_lazy("File"))
    template = Pick(
        label=gettext_lazy("Template"),
        help_text=gettext_lazy(
            "Goes out where no text may be sent: after the 24 hours, or where there is none."
        ),
    )
    buttons = Lines(
        label=gettext_lazy("Quick replies"), help_text=gettext_lazy("One a line, at most ten.")
    )
    wait = Flag(label=gettext_lazy("Wait for an answer"))
    timeout_s = _timeout()
    on_timeout = _on_timeout()
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


class QuestionFields(StepFields):
    rows = ("text",)
    answer_as = Typed(
        label=gettext_lazy("Keep the answer as"),
        help_text=gettext_lazy(
            "Such as order_number. Later texts say it by {{order_number}}, and conditions ask for "
            "the customer's property of this name."
        ),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocapitalize": "none"}),
    )
    accepts = Choice(label=gettext_lazy("Accepts"), choices=ACCEPTS, usual=Accepts.ANY.value)
    choices = Lines(
        label=gettext_lazy("Answers to choose from"),
        help_text=gettext_lazy("One a line, at most ten."),
    )
    attempts = Number(label=gettext_lazy("Asks at most so often"), usual=USUAL_ATTEMPTS)
    on_failed = Way(label=gettext_lazy("If no answer fits, go on with"), none=_ENDS)
    timeout_s = _timeout()
    on_timeout = _on_timeout()
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


class ConditionFields(StepFields):
    rows = ("paths",)
    otherwise = Way(label=gettext_lazy("If no path fits, go on with"), none=BELOW)


class UpdateFields(_Tagging):
    rows = ("attributes",)
    listed = ("tags",)
    name_of_contact = Typed(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Empty: it stays. {{answer}} stands for a kept answer."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    language = Typed(
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("Its code, such as ja. Empty: it stays."),
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    tags = Tags(
        label=gettext_lazy("Customer's tags"),
        help_text=gettext_lazy("Separate several with a comma."),
    )
    tags_mode = _tags_mode()
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


def _conversation_tags() -> Tags:
    return Tags(
        label=gettext_lazy("Conversation's tags"),
        help_text=gettext_lazy("Separate several with a comma. Empty: they stay as they are."),
    )


def _contact_tags() -> Tags:
    return Tags(
        label=gettext_lazy("Customer's tags"),
        help_text=gettext_lazy("Separate several with a comma. Empty: they stay as they are."),
    )


class TeamFields(_Tagging):
    team = Pick(label=gettext_lazy("Team"))
    respect_permanent_agent = Flag(
        label=gettext_lazy("Give it to the customer's permanent agent, if there is one")
    )
    conversation_tags = _conversation_tags()
    contact_tags = _contact_tags()
    tags_mode = _tags_mode()
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


class PersonFields(_Tagging):
    person = Pick(label=gettext_lazy("Person"))
    conversation_tags = _conversation_tags()
    contact_tags = _contact_tags()
    tags_mode = _tags_mode()
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


class DelayFields(StepFields):
    seconds = Duration(label=gettext_lazy("Wait for"))
    next = Way(label=gettext_lazy("Then go on with"), none=BELOW)


class AiAgentFields(StepFields):
    ai_agent = Pick(label=gettext_lazy("AI agent"))
    next = Way(label=gettext_lazy("If it cannot answer, go on with"), none=BELOW)


class GoToFields(StepFields):
    next = Way(label=gettext_lazy("Go on with"), none=gettext_lazy("– choose –"))


class EndFields(StepFields):
    """Nothing is asked: the flow is over."""


FIELDS: dict[str, type[StepFields]] = {
    "message": MessageFields,
    "question": QuestionFields,
    "condition": ConditionFields,
    "update_contact": UpdateFields,
    "team": TeamFields,
    "person": PersonFields,
    "delay": DelayFields,
    "ai_agent": AiAgentFields,
    "go_to": GoToFields,
    "end": EndFields,
}
