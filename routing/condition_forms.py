"""Forms of conditions: one row each, checked by the engine that will evaluate it."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.properties import LONGEST_NAME
from routing.engine.condition_words import NAMES, PROBLEMS
from routing.engine.conditions import ConditionError, ConditionSpec, validate
from routing.engine.fields import (
    OPERATORS,
    Field,
    Operator,
    read_field,
    write_field,
)
from routing.engine.written import TYPES
from routing.models import Condition
from teams.inlines import NamedRowFormSet

FIELD_LABELS = {
    Field.MESSAGE_TEXT: gettext_lazy("the message"),
    Field.MESSAGE_TYPE: gettext_lazy("the type of the message"),
    Field.MESSAGE_LANGUAGE: gettext_lazy("the language of the message"),
    Field.CONTACT_TAG: gettext_lazy("the customer's tags"),
    Field.CONTACT_IS_NEW: gettext_lazy("the customer is new"),
    Field.CONTACT_LANGUAGE: gettext_lazy("the customer's language"),
    Field.CONTACT_COUNTRY: gettext_lazy("the country of the customer's number"),
    Field.CONTACT_PHONE: gettext_lazy("the customer's number"),
    Field.CONTACT_ATTRIBUTE: gettext_lazy("a property of the customer"),
    Field.CONVERSATION_TAG: gettext_lazy("the conversation's tags"),
    Field.CONVERSATION_PRIORITY: gettext_lazy("the conversation's priority"),
    Field.CHANNEL: gettext_lazy("the channel"),
    Field.OPEN_HOURS: gettext_lazy("the channel is open"),
    Field.TIME_OF_DAY: gettext_lazy("the time of day"),
    Field.WEEKDAY: gettext_lazy("the day of the week"),
    Field.DATE: gettext_lazy("the date"),
}
OPERATOR_LABELS = {
    Operator.CONTAINS: gettext_lazy("contains any of"),
    Operator.NOT_CONTAINS: gettext_lazy("contains none of"),
    Operator.EQUALS: gettext_lazy("is"),
    Operator.NOT_EQUALS: gettext_lazy("is not"),
    Operator.STARTS_WITH: gettext_lazy("starts with"),
    Operator.MATCHES: gettext_lazy("matches the pattern"),
    Operator.IN: gettext_lazy("is one of"),
    Operator.NOT_IN: gettext_lazy("is none of"),
    Operator.GT: gettext_lazy("is after, or more than"),
    Operator.GTE: gettext_lazy("is from … on"),
    Operator.LT: gettext_lazy("is before, or less than"),
    Operator.LTE: gettext_lazy("is at most"),
    Operator.IS_SET: gettext_lazy("is there"),
    Operator.IS_NOT_SET: gettext_lazy("is missing"),
}
EXAMPLES = {
    Field.MESSAGE_TEXT: gettext_lazy("refund, broken, 返金"),
    Field.MESSAGE_TYPE: "image, video, document",
    Field.MESSAGE_LANGUAGE: "ja, ko, zh",
    Field.CONTACT_TAG: gettext_lazy("vip, wholesale"),
    Field.CONTACT_IS_NEW: gettext_lazy("yes or no"),
    Field.CONTACT_LANGUAGE: "ja, fr",
    Field.CONTACT_COUNTRY: "JP, FR",
    Field.CONTACT_PHONE: "+81, +8190",
    Field.CONTACT_ATTRIBUTE: gettext_lazy("gold"),
    Field.CONVERSATION_TAG: gettext_lazy("refund, urgent"),
    Field.CONVERSATION_PRIORITY: "10",
    Field.CHANNEL: gettext_lazy("the channel's name"),
    Field.OPEN_HOURS: gettext_lazy("yes or no"),
    Field.TIME_OF_DAY: gettext_lazy("18:00"),
    Field.WEEKDAY: gettext_lazy("saturday, sunday"),
    Field.DATE: "2026-12-31",
}


def type_choices() -> list[tuple[str, str]]:
    """Return each type of message and its name, to choose from."""
    names = NAMES[Field.MESSAGE_TYPE]
    return [(each, _(names[each])) for each in TYPES]


_LETTERS = "ABCDEFGHIJ"


class ConditionRow(forms.Form):
    """A condition as a row of fields, wherever it is kept."""

    field = forms.ChoiceField(
        label=gettext_lazy("If"), choices=list(FIELD_LABELS.items()), initial=Field.MESSAGE_TEXT
    )
    name = forms.CharField(
        label=gettext_lazy("Property"),
        required=False,
        strip=True,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"class": "vTextField", "placeholder": "plan"}),
    )
    operator = forms.ChoiceField(
        label=gettext_lazy("compares"),
        choices=list(OPERATOR_LABELS.items()),
        initial=Operator.CONTAINS,
    )
    value = forms.CharField(
        label=gettext_lazy("with"),
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        error_messages={
            "null_characters_not_allowed": gettext_lazy("Invisible characters are not allowed.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "field" not in self.fields:
            return
        self.fields["field"].widget.attrs.update(
            {
                "data-operators": json.dumps({f: _in_order(OPERATORS[f]) for f in Field}),
                "data-examples": json.dumps({f: str(EXAMPLES[f]) for f in Field}),
                "data-named": Field.CONTACT_ATTRIBUTE.value,
            }
        )


class ConditionForm(forms.ModelForm, ConditionRow):  # type: ignore[type-arg]
    group = forms.ChoiceField(
        label=gettext_lazy("Group"),
        required=False,
        choices=[("", "–"), *((letter, letter) for letter in _LETTERS)],
    )

    class Meta:
        model = Condition
        fields = ("group", "field", "operator", "value")

    field_order = ("group", "field", "name", "operator", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = read_field(self.instance.field)
        if asked is not None and asked.name:
            self.initial.update(field=asked.field.value, name=asked.name)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not {"field", "name", "operator", "value"} <= cleaned.keys():
            return cleaned
        is_property = cleaned["field"] == Field.CONTACT_ATTRIBUTE
        if is_property and not cleaned["name"]:
            self.add_error("name", _("Say which property, for example plan."))
            return cleaned
        if cleaned["name"] and not is_property:
            self.add_error("name", _("Only a property of the customer has a name here."))
            return cleaned
        cleaned["field"] = write_field(cleaned["field"], name=cleaned["name"])
        try:
            validate(self.spec())
        except ConditionError as error:
            self._refuse(error)
        return cleaned

    def _refuse(self, error: ConditionError) -> None:
        sentence = _(PROBLEMS.get(error.code, error.code))
        if error.detail:
            sentence = f"{sentence} ({error.detail})"
        part = "name" if error.code == "unknown_field" else error.part
        self.add_error(part, sentence)

    def spec(self) -> ConditionSpec:
        """Return the condition as the engine takes it."""
        return ConditionSpec(
            **{name: self.cleaned_data[name] for name in ("field", "operator", "value", "group")}
        )


class ConditionFormSet(NamedRowFormSet):
    def specs(self) -> list[ConditionSpec]:
        """Return the conditions that are to be kept, in the order of the rows."""
        forms: list[Any] = self.forms
        kept = (form for form in forms if form.has_changed() or form.instance.pk)
        return [form.spec() for form in kept if not form.cleaned_data.get("DELETE")]


def _in_order(operators: frozenset[Operator]) -> list[str]:
    return [operator.value for operator in OPERATOR_LABELS if operator in operators]
