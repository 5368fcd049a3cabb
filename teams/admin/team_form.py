"""The form of a team: minutes where the row keeps seconds, and a sentence for each strategy."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.console import pick_fields
from teams.models import ReassignClock, Strategy, Team
from teams.models.team import REASSIGNING

MINUTE_S = 60
MOST_MINUTES = 7 * 24 * 60

STRATEGY_SENTENCES = {
    Strategy.ROUND_ROBIN: gettext_lazy("Round robin: members take turns, in the order below."),
    Strategy.LEAST_BUSY: gettext_lazy("Least busy: whoever has the fewest open conversations."),
    Strategy.SHIFT: gettext_lazy("Shift: those on shift take turns; the plan says who they are."),
    Strategy.DEFAULT_USER: gettext_lazy("Default user: always the same member, even when away."),
    Strategy.MANUAL: gettext_lazy("By hand: nobody; it waits until somebody takes it."),
}
#: Columns that the form writes as they are.
COLUMNS = (
    "name",
    "code",
    "description",
    "is_active",
    "hours",
    "strategy",
    "default_user",
    "capacity",
    "is_reassigning",
    "reassign_clock",
    "is_returning_when_offline",
    "escalation_team",
    "escalate_after_tries",
)
#: Field of the form -> column that holds its seconds.
IN_MINUTES = {"reassign_minutes": "reassign_after_s", "escalate_minutes": "escalate_after_s"}
_TURNS = " ".join(strategy for strategy in Strategy if strategy in REASSIGNING)
#: Field -> the strategies that it is for; the others are for every strategy.
_ONLY_FOR = {
    "default_user": Strategy.DEFAULT_USER.value,
    "is_reassigning": _TURNS,
    "reassign_minutes": _TURNS,
    "reassign_clock": _TURNS,
    "escalate_after_tries": _TURNS,
}


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A team, as it is told in words."""

    strategy = forms.ChoiceField(
        label=gettext_lazy("How a person is chosen"),
        choices=list(STRATEGY_SENTENCES.items()),
        widget=forms.RadioSelect,
        initial=Strategy.ROUND_ROBIN,
    )
    reassign_minutes = forms.IntegerField(
        label=gettext_lazy("Reassign after (minutes)"),
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        help_text=gettext_lazy(
            "From 1 to 10080 (seven days). The time ends with the person's first answer."
        ),
    )
    reassign_clock = forms.ChoiceField(
        label=gettext_lazy("Time that counts"),
        choices=ReassignClock.choices,
        required=False,
        help_text=gettext_lazy("Open time: 10 means 10 minutes of the team's business hours."),
    )
    escalate_minutes = forms.IntegerField(
        label=gettext_lazy("Escalate after (minutes)"),
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        help_text=gettext_lazy("How long it may stay in this team without an answer."),
    )

    class Meta:
        model = Team
        fields = COLUMNS
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, column in IN_MINUTES.items():
            seconds = getattr(self.instance, column)
            if name in self.fields and seconds is not None:
                self.initial.setdefault(name, seconds // MINUTE_S)
        if "escalation_team" in self.fields and self.instance.pk is not None:
            others = Team.objects.active().exclude(pk=self.instance.pk)
            self.fields["escalation_team"].queryset = others  # type: ignore[attr-defined]
        for name, strategies in _ONLY_FOR.items():
            if name in self.fields:
                attributes = {"data-decides": "strategy", "data-only-for": strategies}
                self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        strategy = cleaned.get("strategy")
        if "strategy" in self.fields and strategy not in REASSIGNING:
            # What is hidden for this strategy is not asked for, and so it is off.
            cleaned |= {"is_reassigning": False, "escalate_after_tries": None}
            cleaned["reassign_clock"] = ReassignClock.WALL.value
        cleaned["reassign_clock"] = cleaned.get("reassign_clock") or ReassignClock.WALL.value
        if strategy == Strategy.DEFAULT_USER and not cleaned.get("default_user"):
            self.add_error("default_user", _("Choose the member who gets everything."))
        if cleaned.get("is_reassigning") and not cleaned.get("reassign_minutes"):
            self.add_error("reassign_minutes", _("Say after how many minutes."))
        if "escalate_minutes" in self.fields:
            minutes = cleaned.get("escalate_minutes")
            self.instance.escalate_after_s = minutes * MINUTE_S if minutes else None
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes."""
        changed = pick_fields(self, names=COLUMNS)
        for name in ("is_reassigning", "escalate_after_tries", "reassign_clock"):
            if name in self.fields:
                changed[name] = self.cleaned_data[name]
        for name, column in IN_MINUTES.items():
            if name in self.changed_data:
                minutes = self.cleaned_data.get(name)
                changed[column] = minutes * MINUTE_S if minutes else None
        if changed.get("reassign_after_s", MINUTE_S) is None:
            del changed["reassign_after_s"]
        return changed

    def add_error(self, field: str | None, error: Any) -> None:
        """Show what the row says about its seconds at the field that asks for minutes."""
        if field is None and hasattr(error, "error_dict"):
            asked_as = {column: name for name, column in IN_MINUTES.items()}
            error = ValidationError(
                {asked_as.get(name, name): found for name, found in error.error_dict.items()}
            )
        super().add_error(field, error)
