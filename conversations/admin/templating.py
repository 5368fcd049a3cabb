"""Answering with a template: choose one, fill its placeholders, look at it, send it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from channels.models import Template, TemplateStatus
from channels.placeholders import LONGEST_VALUE, faults_in, fill
from conversations.models import Conversation
from teams.identifiers import new_public_id
from teams.texts import Text

_PREFIX = "value-"


@dataclass(frozen=True, slots=True)
class Choice:
    """A template to choose from, with its text as it stands at the provider."""

    template: Template
    is_chosen: bool


class ValuesForm(forms.Form):
    """One field for each placeholder. `key` names the message: a double click sends it once."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, template: Template, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key": new_public_id()})
        self.template = template
        for name in template.variables:
            self.fields[f"{_PREFIX}{name}"] = forms.CharField(
                label=_("Placeholder %(name)s") % {"name": f"{{{{{name}}}}}"},
                max_length=LONGEST_VALUE,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                error_messages={"required": _("Without this the provider refuses the message.")},
            )

    def values(self) -> dict[str, str]:
        """Return what was written into the placeholders, as far as anything was."""
        names = self.template.variables
        if not self.is_bound:
            return {}
        found = {name: str(self.data.get(f"{_PREFIX}{name}", "")).strip() for name in names}
        return {name: value for name, value in found.items() if value}

    def preview(self) -> str:
        return fill(self.template.body, self.values())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        faults = faults_in(tuple(self.template.variables), self.values())
        for name, fault in faults.items():
            if fault == "line_break" and f"{_PREFIX}{name}" in self.fields:
                self.add_error(f"{_PREFIX}{name}", _("One line, without tabs or many blanks."))
        return cleaned


def choices_for(conversation: Conversation, *, chosen: str) -> list[Choice]:
    """Return the channel's templates that may be sent."""
    usable = Template.objects.filter(
        channel=conversation.channel_id, status=TemplateStatus.APPROVED, removed_at=None
    )
    return [Choice(each, str(each.public_id) == chosen) for each in usable]


def explain_none(conversation: Conversation) -> Text:
    """Say why there is nothing to choose from."""
    if Template.objects.filter(channel=conversation.channel_id, removed_at=None).exists():
        return _("None of this channel's templates is approved yet.")
    return _(
        "This channel has no templates here. An administrator can fetch them from the provider."
    )
