"""Business hours: the week, other dates, and whether it is open now."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.clocks import ClockField
from teams.admin.console import Confirmation, EmptyState, pick_fields
from teams.admin.holidays import HolidayPages
from teams.admin.openings import opening_cell
from teams.admin.strip import build_strip
from teams.admin.week import Week, WeekField, week_in_words
from teams.hours import DayException, Interval
from teams.inlines import LabelledCheckbox, NamedRowFormSet
from teams.loaders import load_hours
from teams.models import BusinessHours, HoursException
from teams.services import hours
from teams.time_zones import zone_choices

COLUMNS = ("name", "code", "time_zone")


class HoursForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")
    week = WeekField(label="")

    class Meta:
        model = BusinessHours
        fields = COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            self.fields["time_zone"].choices = zone_choices(now=timezone.now())  # type: ignore[attr-defined]
        if self.instance.pk is not None:
            week = load_hours(self.instance).week
            self.initial["week"] = Week(week, self.instance.times_of_closed_days)


class DatesFormSet(NamedRowFormSet):
    """The dates that are not like their weekday."""

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            hours.check_exceptions(self.exceptions())

    def exceptions(self) -> list[DayException]:
        found: dict[tuple[date, bool], DayException] = {}
        for row in self._kept():
            day, is_yearly = row["date"], row["is_yearly"]
            earlier = found.get((day, is_yearly), DayException(day))
            times = (Interval(row["start"], row["end"]),) if row["start"] is not None else ()
            if (day, is_yearly) in found and not (times and earlier.intervals):
                raise ValidationError(_("A date is either closed or has times: not both."))
            found[(day, is_yearly)] = DayException(
                day,
                (*earlier.intervals, *times),
                earlier.label or row["label"],
                is_yearly=is_yearly,
                is_holiday=row["is_holiday"],
            )
        return list(found.values())

    def _kept(self) -> list[dict[str, Any]]:
        """Return what stands in the rows that are to stay."""
        rows = [getattr(form, "cleaned_data", {}) for form in self.forms]
        return [row for row in rows if row and not row.get("DELETE")]


class ExceptionForm(forms.ModelForm):  # type: ignore[type-arg]
    start = ClockField(gettext_lazy("From"))
    end = ClockField(gettext_lazy("To"), is_end=True)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and (cleaned["start"] is None) != (cleaned["end"] is None):
            text = _("Give both times, or neither for a day that is closed.")
            self.add_error("start" if cleaned["start"] is None else "end", text)
        return cleaned


class ExceptionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = HoursException
    form = ExceptionForm
    formset = DatesFormSet
    fields = ("date", "label", "is_holiday", "is_yearly", "start", "end")
    extra = 2
    verbose_name = gettext_lazy("date")
    verbose_name_plural = gettext_lazy("Other dates: without times it is closed")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "date":
            kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        if db_field.name in ("is_yearly", "is_holiday"):
            kwargs["widget"] = LabelledCheckbox(str(db_field.verbose_name))
        return db_field.formfield(**kwargs)


@admin.register(BusinessHours)
class BusinessHoursAdmin(HolidayPages):
    form = HoursForm
    inlines = (ExceptionInline,)
    list_title = gettext_lazy("Business hours")
    add_label = gettext_lazy("Add business hours")
    list_lead = gettext_lazy(
        "When teams and channels are open. Timers can stop while nobody is expected to work, and"
        " customers can be told that nobody is there."
    )
    list_display = ("name", "code", "time_zone", "now_cell", "teams_cell")
    search_fields = ("name", "code")

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No business hours yet."),
            _("Timers run all the time, also at night and on holidays."),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessHours]:
        rows: QuerySet[BusinessHours] = super().get_queryset(request)
        return rows.prefetch_related("intervals", "exceptions", "teams", "channels")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_read = obj is not None and not self.has_change_permission(request, obj)
        description = _(
            "Several intervals a day are possible. One that ends before it begins goes on into the"
            " next day. Midnight at the end of a day is 24:00."
        )
        week = {"fields": ("week_cell",)} if is_read else {"fields": ("week",)}
        return (
            (_("Calendar"), {"fields": COLUMNS}),
            (_("Every week"), week if is_read else {**week, "description": description}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "week_cell") if obj else ("week_cell",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.remove_view)
        own = [path("<path:pk>/remove/", view, name="teams_businesshours_remove")]
        return own + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        calendar = kwargs.get("obj")
        if calendar is not None:
            context["now_open"] = self.now_cell(calendar)
            context["strip"] = build_strip(load_hours(calendar), now=timezone.now())
            context["can_remove"] = self.has_change_permission(request, calendar)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001 - Django's signature
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            hours.update(obj, **pick_fields(form, names=COLUMNS))
            return
        calendar = hours.create(**{name: form.cleaned_data[name] for name in COLUMNS})
        obj.pk, obj.public_id = calendar.pk, calendar.public_id
        obj._state.adding = False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        (dates,) = formsets
        week = form.cleaned_data["week"]
        hours.update(
            form.instance,
            week=week.intervals,
            times_of_closed_days=week.kept,
            exceptions=dates.exceptions(),
        )
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def remove_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Delete a calendar that nobody goes by, after asking."""
        calendar = self.get_object(request, pk)
        listed = reverse("admin:teams_businesshours_changelist")
        if calendar is None:
            return HttpResponseRedirect(listed)
        if not self.has_change_permission(request, calendar):
            raise PermissionDenied
        if request.method == "POST":
            return self._remove(request, calendar)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Delete “%(name)s”?") % {"name": calendar.name},
                _("The calendar is gone for good. Teams that go by it keep it from being deleted."),
                _("Delete the calendar"),
                reverse("admin:teams_businesshours_change", args=[calendar.pk]),
            ),
        )

    def _remove(self, request: HttpRequest, calendar: BusinessHours) -> HttpResponse:
        try:
            hours.delete(calendar)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            page = reverse("admin:teams_businesshours_change", args=[calendar.pk])
            return HttpResponseRedirect(page)
        messages.success(request, _("“%(name)s” was deleted.") % {"name": calendar.name})
        return HttpResponseRedirect(reverse("admin:teams_businesshours_changelist"))

    @admin.display(description=gettext_lazy("Now"))
    def now_cell(self, calendar: BusinessHours) -> SafeString:
        return opening_cell(load_hours(calendar), now=timezone.now())

    @admin.display(description="")
    def week_cell(self, calendar: BusinessHours) -> SafeString:
        return week_in_words(load_hours(calendar).week)

    @admin.display(description=gettext_lazy("Used by"))
    def teams_cell(self, calendar: BusinessHours) -> str:
        users = [*calendar.teams.all(), *calendar.channels.all()]
        return ", ".join(sorted(user.name for user in users)) or "–"
