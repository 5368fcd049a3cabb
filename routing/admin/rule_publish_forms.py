"""What is said when rules are published: now, or at a time to come."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy

from routing.models.rule import LONGEST_NOTE
from routing.services.rule_publishing import Plan
from teams.time_zones import zone_choices
from teams.wall_clocks import begins_at


class PublishForm(forms.Form):
    """What is published is the revision that the page showed."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=gettext_lazy("Why, for whoever reads the history. May stay empty."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )


class PlanForm(PublishForm):
    """The same, with a time on the wall of some place."""

    date = forms.DateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    time = forms.TimeField(
        label=gettext_lazy("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    def __init__(
        self, data: QueryDict | None, *, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        zone = timezone.get_current_timezone_name()
        super().__init__(data, initial={"zone": zone, **(initial or {})}, auto_id="id_plan_%s")
        self.fields["zone"].choices = zone_choices(now=now)  # type: ignore[attr-defined]

    def plan(self) -> Plan:
        """Return the instant that was meant, see `wall_clocks.begins_at`."""
        cleaned = self.cleaned_data
        at = begins_at(cleaned["date"], cleaned["time"], zone=cleaned["zone"])
        return Plan(at, cleaned["zone"], cleaned["note"])
