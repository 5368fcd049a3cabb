"""What a supervisor says of a message that did not come."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from conversations import scope
from conversations.models import Contact
from routing.condition_forms import type_choices
from routing.engine.text import split_raw
from routing.forms import TagsField
from routing.models import ReplayBasis
from routing.services.rule_tester import Case
from teams.models import User

_LONGEST_TEXT = 4096
_LONGEST_NUMBER = 16
_MAIN = ("channel", "text", "type", "rules")


class PropertiesField(forms.CharField):
    """A contact's properties as people type them, "plan=gold, age=41"; the value is a mapping."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", gettext_lazy("Such as plan=gold, age=41."))
        super().__init__(required=False, max_length=500, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return ", ".join(f"{name}={each}" for name, each in value.items())
        return value

    def clean(self, value: Any) -> Any:
        pairs = [part.partition("=") for part in split_raw(super().clean(value))]
        if any(not name.strip() or not equals for name, equals, _value in pairs):
            raise forms.ValidationError(_("Write each property as name=value."))
        return {name.strip(): value.strip() for name, _equals, value in pairs}


class CaseForm(forms.Form):
    """Sent by GET, so that an address carries the whole case and can be shared."""

    channel = forms.ModelChoiceField(
        label=gettext_lazy("Channel"), queryset=Channel.objects.none(), empty_label=None
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False, choices=type_choices)
    rules = forms.ChoiceField(
        label=gettext_lazy("Rules"),
        required=False,
        choices=[
            (ReplayBasis.PUBLISHED, gettext_lazy("Published")),
            (ReplayBasis.DRAFT, gettext_lazy("Draft")),
        ],
        initial=ReplayBasis.PUBLISHED,
        widget=forms.RadioSelect,
    )
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty: now. In your time zone."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    contact = forms.CharField(
        label=gettext_lazy("Known customer"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Their number, or # and the number of their page. Empty: new."),
    )
    phone = forms.CharField(
        label=gettext_lazy("New: number"), required=False, max_length=_LONGEST_NUMBER
    )
    language = forms.CharField(label=gettext_lazy("New: language"), required=False, max_length=12)
    tags = TagsField(label=gettext_lazy("New: tags"))
    properties = PropertiesField(label=gettext_lazy("New: properties"))
    online = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Online"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy("None chosen: everybody as they are now."),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
    )
    #: A decision to compare with, where the case is a conversation's.
    then = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asker = asker
        self.fields["channel"].queryset = Channel.objects.filter(  # type: ignore[attr-defined]
            is_active=True
        ).order_by("name", "pk")
        self.fields["online"].queryset = (  # type: ignore[attr-defined]
            User.objects.active().order_by("name", "pk")
        )

    def main(self) -> list[forms.BoundField]:
        """Return the fields that every case needs."""
        return [self[name] for name in _MAIN]

    def details(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in (*_MAIN, "then")]

    def is_detailed(self) -> bool:
        """Say whether something stands in the fields that are folded away at first."""
        return any(self.data.get(field.name) for field in self.details())

    def clean_contact(self) -> Contact | None:
        """Find the customer whom the asker may see; None where nobody is named."""
        written = self.cleaned_data["contact"].strip()
        if not written:
            return None
        match = Q(identities__address=written) | Q(phone=written)
        number = written.removeprefix("#")
        if written.startswith("#") and number.isdecimal() and len(number) < _LONGEST_NUMBER:
            match = Q(pk=int(number))
        visible = scope.contacts_of(self._asker).filter(match).select_related("permanent_agent")
        found = visible.order_by("pk").first()
        if found is None:
            raise forms.ValidationError(_("No customer of yours has this number."))
        return found

    def basis(self) -> ReplayBasis:
        """Return which rules are meant, of a form that is valid."""
        return ReplayBasis(self.cleaned_data["rules"] or ReplayBasis.PUBLISHED)

    def case(self, *, now: datetime) -> Case:
        """Return the case, of a form that is valid."""
        said = self.cleaned_data
        online = frozenset(person.pk for person in said["online"])
        return Case(
            channel=said["channel"],
            at=said["at"] or now,
            text=said["text"],
            types=(said["type"] or "text",),
            contact=said["contact"],
            phone=said["phone"].strip(),
            language=said["language"].strip(),
            tags=tuple(said["tags"]),
            attributes=said["properties"],
            online_ids=online or None,
        )
