"""The ordered people of a team or of a channel, as rows inside its form."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from teams.admin import cells
from teams.inlines import NamedRowFormSet
from teams.models import User

LAST = 10_000


class MemberServices(Protocol):
    """What a module that keeps members offers: `teams.services.memberships`, for one."""

    join: Callable[..., Any]
    leave: Callable[..., None]
    reorder: Callable[..., None]


class MemberFormSet(NamedRowFormSet):
    """Refuses the same person twice, with a sentence instead of a broken constraint."""

    def clean(self) -> None:
        super().clean()
        seen: set[int] = set()
        for form in self.kept_forms():
            user: User = form.cleaned_data["user"]
            if user.pk in seen:
                form.add_error("user", ValidationError(_("This person is in the list already.")))
            seen.add(user.pk)

    def kept_forms(self) -> list[forms.ModelForm]:  # type: ignore[type-arg]
        """Return the rows that name a person and are to stay."""
        rows = [form for form in self.forms if getattr(form, "cleaned_data", {}).get("user")]
        return [form for form in rows if not form.cleaned_data.get("DELETE")]

    def user_ids(self) -> list[int]:
        """Return the people in the order that the numbers give; equal numbers keep their place."""
        rows = enumerate(self.kept_forms())
        ordered = sorted(rows, key=lambda row: (_place(row[1]), row[0]))
        return [form.cleaned_data["user"].pk for _index, form in ordered]


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """One person, and their place in the order, counted from 1."""

    place = forms.IntegerField(
        label=_("Order"), required=False, min_value=1, max_value=LAST, help_text=_("Empty: last.")
    )

    class Meta:
        fields = ("user",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["place"] = self.instance.position + 1


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    """People as rows: a plain list to choose from, which works without JavaScript."""

    form = MemberForm
    formset = MemberFormSet
    readonly_fields = ("place_cell", "state_cell", "load_cell")
    extra = 2

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        place = "place" if self.has_change_permission(request, obj) else "place_cell"
        return ("user", place, "state_cell", "load_cell")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("user")

    @admin.display(description=_("Order"))
    def place_cell(self, membership: Any) -> int:
        return int(membership.position) + 1

    @admin.display(description=_("State"))
    def state_cell(self, membership: Any) -> SafeString | str:
        return cells.presence_cell(membership.user) if membership.pk else "–"

    @admin.display(description=_("Load"))
    def load_cell(self, membership: Any) -> SafeString | str:
        return cells.load_cell(membership.user) if membership.pk else "–"

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:  # type: ignore[type-arg]
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.active()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:  # type: ignore[type-arg]
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "user" and formfield is not None:
            formfield.widget = getattr(formfield.widget, "widget", formfield.widget)
        return formfield


def save_members(
    owner: Any, *, formset: MemberFormSet, services: MemberServices, now: datetime
) -> bool:
    """Make the stored members those of the form, through the services; say whether any changed."""
    before = list(owner.memberships.values_list("user_id", flat=True))
    after = formset.user_ids()
    if before == after:
        return False
    people = User.objects.in_bulk([*before, *after])
    for user_id in before:
        if user_id not in after:
            services.leave(owner, user=people[user_id], now=now)
    for user_id in after:
        if user_id not in before:
            services.join(owner, user=people[user_id], now=now)
    services.reorder(owner, user_ids=after, now=now)
    return True


def save_member_forms(
    owner: Any, *, formsets: list[MemberFormSet], services: MemberServices, now: datetime
) -> None:
    """Save the rows of the form, and tell Django's change log whether they changed."""
    for formset in formsets:
        has_changed = save_members(owner, formset=formset, services=services, now=now)
        formset.new_objects, formset.deleted_objects = [], []
        formset.changed_objects = [(owner, ["user"])] if has_changed else []


def _place(form: forms.ModelForm) -> int:  # type: ignore[type-arg]
    """Return the number that a row was given; a row without one goes to the end."""
    return form.cleaned_data.get("place") or LAST + 1
