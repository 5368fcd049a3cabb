"""The forms about endpoints: an address with what it wants to hear, and what is sent again."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.egress import LONGEST_URL, REASONS
from channels.event_filters import EVERYTHING
from channels.models import Channel, Endpoint
from channels.services.endpoints import MOST_PER_CHANNEL
from conversations.event_types import group_by_subject
from conversations.models import ForwardStatus
from conversations.services import forward_replays
from teams.texts import Text

PLAIN_FIELDS = (
    "name",
    "url",
    "channel",
    "event_types",
    "has_raw_payload",
    "description",
    "is_active",
)
SUBJECTS = {
    "contact": gettext_lazy("Contacts"),
    "conversation": gettext_lazy("Conversations"),
    "message": gettext_lazy("Messages"),
    "note": gettext_lazy("Notes"),
    "survey": gettext_lazy("Ratings"),
}
STRETCHES = {
    "dead": ((ForwardStatus.DEAD,), gettext_lazy("What was given up")),
    "delivered": ((ForwardStatus.DELIVERED,), gettext_lazy("What was delivered")),
    "all": (forward_replays.FINISHED, gettext_lazy("Both")),
}


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address and what it wants to hear. `refusal` is what was found out about the address."""

    refusal: ClassVar[str] = ""
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=LONGEST_URL,
        widget=forms.TextInput(attrs={"class": "vTextField", "inputmode": "url"}),
        help_text=gettext_lazy(
            "For example https://crm.example.com/events. Private networks are refused."
        ),
    )
    channel = forms.ModelChoiceField(
        label=gettext_lazy("Channel"),
        queryset=Channel.objects.order_by("name", "pk"),
        required=False,
        empty_label=gettext_lazy("All channels"),
    )
    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
        help_text=gettext_lazy("None chosen: every event, also those of later versions."),
    )
    has_raw_payload = forms.BooleanField(
        label=gettext_lazy("With the provider's raw request"),
        required=False,
        help_text=gettext_lazy(
            "For systems that decide themselves who gets a conversation. They hear of their own "
            "changes, too: “actor” says who made each one."
        ),
    )

    class Meta:
        model = Endpoint
        fields = PLAIN_FIELDS
        widgets: ClassVar[dict[str, Any]] = {
            "description": forms.Textarea(attrs={"class": "vLargeTextField", "rows": 3})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event_types" in self.fields:
            self.fields["event_types"].choices = list(_choices())  # type: ignore[attr-defined]
            wanted = self.initial.get("event_types") or []
            self.initial["event_types"] = [one for one in wanted if one != EVERYTHING]

    def clean_url(self) -> str:
        if self.refusal:
            raise forms.ValidationError(_(REASONS[self.refusal]), code="blocked_url")
        return str(self.cleaned_data["url"])

    def clean_channel(self) -> Channel | None:
        """Stop at ten; the service counts once more, behind a lock."""
        channel: Channel | None = self.cleaned_data["channel"]
        siblings = Endpoint.objects.filter(channel=channel).exclude(pk=self.instance.pk)
        if siblings.count() >= MOST_PER_CHANNEL:
            raise forms.ValidationError(_("There are ten endpoints already, which is the most."))
        return channel


class ReplayForm(forms.Form):
    """Which deliveries are sent again."""

    what = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[(name, label) for name, (_statuses, label) in STRETCHES.items()],
        initial="dead",
        widget=forms.RadioSelect,
    )
    since = forms.DateTimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    until = forms.DateTimeField(
        label=gettext_lazy("To"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: without a limit."),
    )


def _choices() -> Iterable[tuple[Text, list[tuple[str, Text]]]]:
    for subject, types in group_by_subject().items():
        everything = (f"{subject}.*", _("%(pattern)s: all of them") % {"pattern": f"{subject}.*"})
        title = SUBJECTS.get(subject, subject)
        yield title, [everything, *((type_, type_) for type_ in types)]
