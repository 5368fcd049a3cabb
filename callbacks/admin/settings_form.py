"""The form of a team's callback settings: hours and minutes where the row keeps seconds."""

import math
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.models import CallbackSettings
from callbacks.models.callback_settings import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    OWNED_AHEAD_S,
    OWNED_HOLD_S,
    Dialling,
)
from channels.models import Channel, Provider
from teams.texts import Text

_DIALS = f"{Dialling.AGENT_FIRST.value} {Dialling.CUSTOMER_FIRST.value}"
#: Field -> the ways of dialling that it is for; the others are for every one.
_ONLY_FOR = {
    "voice_channel": _DIALS,
    "caller_id": _DIALS,
    "caller_id_name": _DIALS,
    "ring_s": _DIALS,
    "is_detecting_machines": Dialling.CUSTOMER_FIRST.value,
    "most_retries": _DIALS,
    "retry_after_s": _DIALS,
}
SECTIONS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Scheduling"),
        ("is_team_choosable", "call_from", "call_until", "channel"),
    ),
    (
        gettext_lazy("Owning"),
        ("is_owning_enabled", "owned_ahead_s", "owned_hold_s", "on_expiry"),
    ),
    (gettext_lazy("When it is due"), ("alerting_s", "late_after_s")),
    (
        gettext_lazy("Dialling"),
        (
            "dialling",
            "voice_channel",
            "caller_id",
            "caller_id_name",
            "ring_s",
            "is_detecting_machines",
            "most_retries",
            "retry_after_s",
        ),
    ),
)


class LengthField(forms.FloatField):
    """A length of time that people give in hours or minutes; the value is whole seconds."""

    def __init__(self, *, unit_s: int, least_s: int, most_s: int, **kwargs: Any) -> None:
        self.unit_s, self.least_s, self.most_s = unit_s, least_s, most_s
        widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        super().__init__(widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return self._in_units(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        number = super().to_python(value)
        if number is None:
            return None
        if not math.isfinite(number):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return round(number * self.unit_s)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not self.least_s <= value <= self.most_s:
            facts = {"least": self._in_units(self.least_s), "most": self._in_units(self.most_s)}
            raise ValidationError(_("From %(least)s to %(most)s.") % facts)

    def _in_units(self, seconds: int) -> str:
        return f"{round(seconds / self.unit_s, 2):g}"


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a team allows and does about callbacks."""

    owned_ahead_s = LengthField(
        label=gettext_lazy("Own at most so far ahead (hours)"),
        unit_s=HOUR_S,
        least_s=OWNED_AHEAD_S[0],
        most_s=OWNED_AHEAD_S[1],
        help_text=gettext_lazy("From 1 to 720 (30 days)."),
    )
    owned_hold_s = LengthField(
        label=gettext_lazy("Wait for the owner (hours)"),
        unit_s=HOUR_S,
        least_s=OWNED_HOLD_S[0],
        most_s=OWNED_HOLD_S[1],
        help_text=gettext_lazy("From its time on. From 1 to 168 (seven days)."),
    )
    late_after_s = LengthField(
        label=gettext_lazy("Late after (minutes)"),
        unit_s=MINUTE_S,
        least_s=0,
        most_s=DAY_S,
        help_text=gettext_lazy("Who looks at the list sees it in red from then on."),
    )
    retry_after_s = LengthField(
        label=gettext_lazy("Try again after (minutes)"),
        unit_s=MINUTE_S,
        least_s=MINUTE_S,
        most_s=DAY_S,
    )

    class Meta:
        model = CallbackSettings
        fields = tuple(name for _title, names in SECTIONS for name in names)
        widgets = {
            "dialling": forms.RadioSelect,
            "on_expiry": forms.RadioSelect,
            "call_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "call_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }
        help_texts = {
            "call_from": gettext_lazy("By the customer's clock."),
            "call_until": gettext_lazy(
                "At other times people are warned, and have to say why all the same."
            ),
            "alerting_s": gettext_lazy("How long one person is asked. From 7 to 3600."),
        }

    def __init__(self, *args: Any, may_edit: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        callers = Channel.objects.filter(provider=Provider.TWILIO, is_active=True)
        self.fields["voice_channel"].queryset = callers.order_by("name", "pk")  # type: ignore[attr-defined]
        for name, ways in _ONLY_FOR.items():
            attributes = {"data-decides": "dialling", "data-only-for": ways}
            self.fields[name].widget.attrs.update(attributes)
        for field in self.fields.values():
            field.disabled = not may_edit

    def sections(self) -> list[tuple[Text, list[forms.BoundField]]]:
        """Return the fields under their headings."""
        return [(title, [self[name] for name in names]) for title, names in SECTIONS]

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
