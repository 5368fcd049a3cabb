"""What people type about a callback becomes what the services take."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.models import Callback, Outcome
from callbacks.refusal_words import SENTENCES
from callbacks.services.scheduling import Claim, Usual
from callbacks.slots import HORIZON, Slot, SlotError, at_wall_time
from routing.forms import PersonChoice, people_for, teams_for
from teams.models import Team, User
from teams.time_zones import zone_choices

LONGEST_REASON = 500
LONGEST_NOTE = 2000
LONGEST_NUMBER = 40
LONGEST_NAME = 200
LONGEST_MESSAGE = 1000
_NOTE = forms.Textarea(attrs={"rows": 3})


class WhenForm(forms.Form):
    """What the clock on the customer's wall shows, and where that wall is."""

    day = forms.DateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    clock = forms.TimeField(
        label=gettext_lazy("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("By the customer's clock."),
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone of the customer"))

    def __init__(
        self, data: QueryDict | None, *, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["zone"].choices = zone_choices(now=now)  # type: ignore[attr-defined]
        today = localtime(now).date()
        # The day before and after: where the customer is, it may be another one.
        bounds = {
            "min": (today - timedelta(days=1)).isoformat(),
            "max": (today + HORIZON + timedelta(days=1)).isoformat(),
        }
        self.fields["day"].widget.attrs.update(bounds)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"day", "clock", "zone"} <= cleaned.keys():
            try:
                cleaned["slot"] = at_wall_time(
                    cleaned["day"], cleaned["clock"], zone=cleaned["zone"]
                )
            except SlotError as error:
                self.add_error("clock", str(SENTENCES[f"callback.{error.code}"]))
        return cleaned

    def slot(self) -> Slot:
        found: Slot = self.cleaned_data["slot"]
        return found


def initial_when(slot: Slot) -> dict[str, Any]:
    """Return the fields of a form that show a slot."""
    return {"day": slot.day, "clock": slot.clock, "zone": slot.zone}


class OverrideForm(WhenForm):
    """Asks for a reason as well, once something speaks against the time."""

    override_reason = forms.CharField(
        label=gettext_lazy("Why at this time all the same"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy(
            "Asked for where something speaks against the time. For example “the customer asked "
            "for it”."
        ),
    )


class ScheduleForm(OverrideForm):
    """A promise to call whoever a conversation is with."""

    number = forms.CharField(
        label=gettext_lazy("Number to call"),
        max_length=LONGEST_NUMBER,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"), queryset=Team.objects.none(), required=False, empty_label=None
    )
    whom = forms.ChoiceField(label=gettext_lazy("Who calls"), widget=forms.RadioSelect)
    agent = PersonChoice(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        required=False,
        empty_label=None,
        widget=forms.Select(
            attrs={
                "data-decides": "whom",
                "data-only-for": f"{Claim.PREFERRED.value} {Claim.OWNED.value}",
            }
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=LONGEST_NOTE, widget=_NOTE
    )

    def __init__(self, data: QueryDict | None, *, usual: Usual, user: User, now: datetime) -> None:
        initial = {
            **initial_when(usual.slot),
            "number": usual.number,
            "team": usual.team,
            "whom": Claim.ANY.value,
            "agent": user,
        }
        super().__init__(data, now=now, initial=initial)
        self.fields["whom"].choices = _claims(may_own=usual.may_own)  # type: ignore[attr-defined]
        self.fields["agent"].queryset = people_for(user)  # type: ignore[attr-defined]
        if usual.may_choose_team:
            self.fields["team"].queryset = Team.objects.active()  # type: ignore[attr-defined]
        else:
            del self.fields["team"]
        self.order_fields(["day", "clock", "zone", "number", "team", "whom", "agent", "note"])

    def claim(self) -> Claim:
        return Claim(self.cleaned_data["whom"])

    def person(self) -> User | None:
        """Return who is named; nobody where anybody may call."""
        named: User | None = self.cleaned_data.get("agent")
        return None if self.claim() == Claim.ANY else named


class RescheduleForm(OverrideForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Shown in the history."),
    )


class ReassignForm(forms.Form):
    """Which team has it, and whether one person is preferred or owns it."""

    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"), queryset=Team.objects.none(), empty_label=None
    )
    whom = forms.ChoiceField(label=gettext_lazy("Who calls"), widget=forms.RadioSelect)
    agent = PersonChoice(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.Select(
            attrs={
                "data-decides": "whom",
                "data-only-for": f"{Claim.PREFERRED.value} {Claim.OWNED.value}",
            }
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Shown in the history."),
    )

    def __init__(
        self, data: QueryDict | None, *, user: User, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"whom": Claim.ANY.value, **(initial or {})})
        self.fields["whom"].choices = _claims(may_own=True)  # type: ignore[attr-defined]
        self.fields["team"].queryset = teams_for(user)  # type: ignore[attr-defined]
        self.fields["agent"].queryset = people_for(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("whom") == Claim.ANY.value:
            cleaned["agent"] = None
        elif "whom" in cleaned and not cleaned.get("agent") and "agent" not in self.errors:
            self.add_error("agent", _("Say who."))
        return cleaned


class EditForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Number to call"),
        max_length=LONGEST_NUMBER,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Whom to ask for"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("Empty: the customer."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=LONGEST_NOTE, widget=_NOTE
    )

    def __init__(self, data: QueryDict | None, *, callback: Callback) -> None:
        initial = {"number": callback.number, "name": callback.name, "note": callback.note}
        super().__init__(data, initial=initial)


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Shown in the history, for example “answered by message”."),
    )
    message = forms.CharField(
        label=gettext_lazy("Message to the customer"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=_NOTE,
        help_text=gettext_lazy("Empty: nothing is sent."),
    )


class DoneForm(forms.Form):
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=Outcome.choices,
        initial=Outcome.REACHED.value,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=LONGEST_REASON, widget=_NOTE
    )


def _claims(*, may_own: bool) -> list[tuple[str, Any]]:
    choices = [
        (Claim.ANY.value, _("Whoever of the team is free")),
        (Claim.PREFERRED.value, _("One person if possible, else whoever is free")),
    ]
    if may_own:
        choices.append((Claim.OWNED.value, _("One person owns it, and it waits for them")))
    return choices
