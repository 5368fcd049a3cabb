"""Forms about rules and assignments: what people type becomes what the services take."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.engine.text import split_raw
from routing.models import Flow, Rule
from teams.models import Team, User
from teams.permissions import Right, is_allowed

MOST_TAGS = 20
LONGEST_TAG = 64
LARGEST_ORDER = 10_000
LOWEST_PRIORITY, HIGHEST_PRIORITY = -100, 100


class TagsField(forms.CharField):
    """Tags as people type them, "a, b、c"; the value is a list without doubles."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", gettext_lazy("Separate several with a comma."))
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "vTextField"}))
        super().__init__(required=False, max_length=1000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        tags = list(dict.fromkeys(split_raw(super().clean(value))))
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            raise ValidationError(_("At most 20 tags of 64 characters."))
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != list(split_raw(str(data or "")))


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule without its conditions, which are rows below it."""

    order = forms.IntegerField(
        label=gettext_lazy("Order"),
        required=False,
        min_value=1,
        max_value=LARGEST_ORDER,
        help_text=gettext_lazy("1 is tried first. Empty: last."),
    )
    add_tags = TagsField(label=gettext_lazy("Add tags"))
    set_priority = forms.IntegerField(
        label=gettext_lazy("Set priority"),
        required=False,
        min_value=LOWEST_PRIORITY,
        max_value=HIGHEST_PRIORITY,
        help_text=gettext_lazy(
            "From −100 to 100; usual is 0. Of those who wait, the highest is served first."
        ),
        error_messages={
            "min_value": gettext_lazy("The priority goes from −100 to 100."),
            "max_value": gettext_lazy("The priority goes from −100 to 100."),
        },
    )

    class Meta:
        model = Rule
        fields = (
            "name",
            "is_active",
            "channels",
            "match",
            "team",
            "person",
            "ai_agent",
            "flow",
            "add_tags",
            "set_priority",
            "pins_contact",
            "note",
        )
        widgets = {
            "channels": forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
            "match": forms.RadioSelect,
            "note": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["order"] = getattr(self.instance, "place", None)
        if "match" in self.fields:
            self.fields["match"].help_text = _(
                "Several values, separated by commas, mean any of them. Conditions of one group "
                "count as one: with “all”, one of them is enough; with “any”, all must hold."
            )
        if "team" in self.fields:
            self.fields["team"].queryset = Team.objects.active()  # type: ignore[attr-defined]
            self.fields["person"].queryset = User.objects.active()  # type: ignore[attr-defined]
            self.fields["team"].help_text = _("Its strategy then chooses the person.")
            self.fields["person"].help_text = _("Only while online and below capacity.")
            self.fields["ai_agent"].help_text = _("Only while it runs and has some budget left.")
            self.fields["flow"].queryset = Flow.objects.filter(  # type: ignore[attr-defined]
                published__isnull=False
            ).order_by("name")
            self.fields["flow"].help_text = _("Only while it is on.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "team" in self.errors or "person" in self.errors or "team" not in self.fields:
            return cleaned
        targets = [cleaned.get(name) for name in ("team", "person", "ai_agent", "flow")]
        if cleaned.get("pins_contact") and cleaned.get("person") is None:
            self.add_error("pins_contact", _("Only a person can keep a customer for good."))
        chosen = sum(target is not None for target in targets)
        if chosen > 1:
            self.add_error("person", _("Choose one: a team, a person, an AI agent or a flow."))
        elif chosen == 0:
            self.add_error("team", _("Say who gets it: a team, a person, an AI agent or a flow."))
        return cleaned


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """People with what one wants to know before giving them more."""

    def label_from_instance(self, obj: Any) -> str:
        load = str(obj.load) if obj.capacity is None else f"{obj.load} / {obj.capacity}"
        label = f"{obj.name} · {obj.get_presence_display()} · {load}"
        is_full = obj.capacity is not None and obj.load >= obj.capacity
        return _("%(person)s (full)") % {"person": label} if is_full else label


class AssignForm(forms.Form):
    """To whom: a team, a person, or a person within a team, as far as the giver's right goes."""

    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=gettext_lazy("– no team –"),
        help_text=gettext_lazy("A team alone: its strategy chooses the person."),
    )
    person = PersonChoice(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("– let the team choose –"),
        help_text=gettext_lazy("A person named here gets it whatever their presence and load."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Shown in the explanation, for example “speaks Japanese”."),
    )

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams_for(giver)  # type: ignore[attr-defined]
        self.fields["person"].queryset = people_for(giver)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        team, person = cleaned.get("team"), cleaned.get("person")
        if not self.errors and team is None and person is None:
            raise ValidationError(_("Choose a team or a person."))
        if team and person and not team.memberships.filter(user=person).exists():
            text = _("%(person)s is not a member of %(team)s. Choose one of the two.")
            self.add_error("person", text % {"person": person.name, "team": team.name})
        return cleaned


class PermanentAgentForm(forms.Form):
    """Whose customer this is; nobody in particular is an answer, too."""

    person = PersonChoice(
        label=gettext_lazy("Permanent agent"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("– nobody in particular –"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Shown in the history, for example “their contract names her”."),
    )

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_for(giver)  # type: ignore[attr-defined]


def teams_for(giver: User) -> "QuerySet[Team]":
    """Return the teams that somebody may give conversations to."""
    if is_allowed(giver, Right.ASSIGN_ANYWHERE):
        return Team.objects.active()
    return Team.objects.active().filter(members=giver)


def people_for(giver: User) -> "QuerySet[User]":
    """Return the people that somebody may give conversations to: colleagues of their teams."""
    everybody: QuerySet[User] = User.objects.active().order_by("name", "pk")
    if is_allowed(giver, Right.ASSIGN_ANYWHERE):
        return everybody
    colleagues = User.objects.filter(teams__in=giver.teams.all()).values("pk")
    return everybody.filter(pk__in=colleagues) | everybody.filter(pk=giver.pk)
