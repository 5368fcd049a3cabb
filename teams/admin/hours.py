"""Business hours: the week, other dates, and whether it is open now."""

from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.console import Confirmation, EmptyState, pick_fields
from teams.admin.days import clock_changes, days_ahead, in_day
from teams.admin.holidays import HolidayPages
from teams.admin.openings import opening_cell
from teams.hours import DayException, Interval, open_spans
from teams.inlines import NamedRowFormSet
from teams.loaders import DAYS_A_WEEK, load_hours
from teams.models import BusinessHours, HoursException, HoursInterval
from teams.services import hours
from teams.time_zones import time_zones

COLUMNS = ("name", "code", "time_zone")


class HoursForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")

    class Meta:
        model = BusinessHours
        fields = COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            self.fields["time_zone"].choices = [(z, z) for z in sorted(time_zones())]  # type: ignore[attr-defined]


class LinesFormSet(NamedRowFormSet):
    """Rows that stand for something as a whole."""

    def kept(self) -> list[dict[str, Any]]:
        """Return what stands in the rows that are to stay."""
        rows = [getattr(form, "cleaned_data", {}) for form in self.forms]
        return [row for row in rows if row and not row.get("DELETE")]


class WeekFormSet(LinesFormSet):
    """The intervals of a week, which may not lie over each other."""

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            hours.check_week(self.week())

    def week(self) -> list[list[Interval]]:
        week: list[list[Interval]] = [[] for _day in range(DAYS_A_WEEK)]
        for row in self.kept():
            if row.get("weekday") is not None:
                week[row["weekday"]].append(Interval(row["start"], row["end"]))
        return week


class DatesFormSet(LinesFormSet):
    """The dates that are not like their weekday."""

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            hours.check_exceptions(self.exceptions())

    def exceptions(self) -> list[DayException]:
        found: dict[tuple[date, bool], DayException] = {}
        for row in self.kept():
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


class LabelledCheckbox(forms.CheckboxInput):
    """Says what it is where the columns have no headings: on a phone."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        return format_html('{} <span class="phone-only">{}</span>', box, self.label)


class ExceptionForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and (cleaned["start"] is None) != (cleaned["end"] is None):
            text = _("Give both times, or neither for a day that is closed.")
            self.add_error("start" if cleaned["start"] is None else "end", text)
        return cleaned


class _Lines(admin.TabularInline):  # type: ignore[type-arg]
    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("start", "end"):
            kwargs["widget"] = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        if db_field.name == "date":
            kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        if db_field.name in ("is_yearly", "is_holiday"):
            kwargs["widget"] = LabelledCheckbox(str(db_field.verbose_name))
        return db_field.formfield(**kwargs)


class IntervalInline(_Lines):
    model = HoursInterval
    formset = WeekFormSet
    fields = ("weekday", "start", "end")
    verbose_name_plural = gettext_lazy("Every week")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 2 if obj else 5


class ExceptionInline(_Lines):
    model = HoursException
    form = ExceptionForm
    formset = DatesFormSet
    fields = ("date", "label", "is_holiday", "is_yearly", "start", "end")
    extra = 2
    verbose_name_plural = gettext_lazy("Other dates: without times it is closed")


@admin.register(BusinessHours)
class BusinessHoursAdmin(HolidayPages):
    form = HoursForm
    inlines = (IntervalInline, ExceptionInline)
    list_title = gettext_lazy("Business hours")
    add_label = gettext_lazy("Add business hours")
    list_lead = gettext_lazy(
        "When teams and channels are open. Timers can stop while nobody is expected to work, and"
        " customers can be told that nobody is there."
    )
    list_display = ("name", "code", "time_zone", "now_cell", "teams_cell")
    search_fields = ("name", "code")
    fieldsets: ClassVar[Any] = ((gettext_lazy("Calendar"), {"fields": COLUMNS}),)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No business hours yet."),
            _("Timers run all the time, also at night and on holidays."),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessHours]:
        rows: QuerySet[BusinessHours] = super().get_queryset(request)
        return rows.prefetch_related("intervals", "exceptions", "teams", "channels")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

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
            context["days"] = _days(calendar)
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
        week, dates = formsets
        hours.update(form.instance, week=week.week(), exceptions=dates.exceptions())
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

    @admin.display(description=gettext_lazy("Used by"))
    def teams_cell(self, calendar: BusinessHours) -> str:
        users = [*calendar.teams.all(), *calendar.channels.all()]
        return ", ".join(sorted(user.name for user in users)) or "–"


def _days(calendar: BusinessHours) -> list[dict[str, Any]]:
    value = load_hours(calendar)
    now = timezone.now()
    zone = ZoneInfo(calendar.time_zone)
    return [
        {
            "day": day,
            "notices": clock_changes(day, zones=[calendar.time_zone]),
            "times": in_day(
                open_spans(value, since=day.since, until=day.until), day=day, zone=zone
            ),
        }
        for day in days_ahead(now=now, zone=zone)
    ]
