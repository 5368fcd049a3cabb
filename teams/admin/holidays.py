"""Holidays from a file: a page that takes it, shows what it would do, and then does that."""

from dataclasses import asdict
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from teams.admin.console import GuardedAdmin
from teams.holiday_files import MAX_BYTES, Holiday
from teams.models import BusinessHours
from teams.services import holidays
from teams.services.holidays import REFUSALS, HolidayPlan
from teams.viewers import posted

_SALT = "holidays"
#: Whoever looks at a plan for longer uploads the file again.
_PLAN_AGE_S = 3600


class HolidayFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("iCalendar file"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
        help_text=gettext_lazy("At most 512 KB. Whole days from today to the end of next year."),
    )


class HolidayPages(GuardedAdmin):
    """The page of a calendar on which holidays are imported."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.holidays_view)
        own = [path("<path:pk>/holidays/", view, name="teams_businesshours_holidays")]
        return own + super().get_urls()

    def holidays_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Take a file, show its plan, and close the dates when that is confirmed."""
        calendar = self.get_object(request, pk)
        if calendar is None:
            return HttpResponseRedirect(reverse("admin:teams_businesshours_changelist"))
        if not self.has_change_permission(request, calendar):
            raise PermissionDenied
        if "plan" in request.POST:
            return self._apply(request, calendar)
        form = HolidayFileForm(posted(request), request.FILES or None)
        plan = _plan(form, calendar) if form.is_bound and form.is_valid() else None
        return self._show(request, calendar, form, plan)

    def _show(
        self,
        request: HttpRequest,
        calendar: BusinessHours,
        form: HolidayFileForm,
        plan: HolidayPlan | None,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import holidays"),
            "list_title": self.list_title,
            "calendar": calendar,
            "form": form,
            "plan": plan,
            "refused": [(e.name or "–", REFUSALS[e.code]) for e in plan.refused] if plan else [],
            "signed": _sign(plan) if plan else "",
        }
        return TemplateResponse(request, "admin/teams/businesshours/holidays.html", context)

    def _apply(self, request: HttpRequest, calendar: BusinessHours) -> HttpResponse:
        page = reverse("admin:teams_businesshours_change", args=[calendar.pk])
        try:
            plan = holidays.apply(calendar, holidays=_read(request.POST["plan"]))
        except signing.BadSignature:
            messages.error(request, _("This plan cannot be used any more. Upload the file again."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            text = ngettext(
                "Closed on one more date.", "Closed on %(n)d more dates.", len(plan.added)
            )
            messages.success(request, text % {"n": len(plan.added)})
        return HttpResponseRedirect(page)


def _plan(form: HolidayFileForm, calendar: BusinessHours) -> HolidayPlan | None:
    raw = form.cleaned_data["file"].read(MAX_BYTES + 1)
    try:
        return holidays.plan(calendar, raw=raw, now=timezone.now())
    except ValidationError as error:
        form.add_error("file", error)
        return None


def _sign(plan: HolidayPlan) -> str:
    rows = [{**asdict(holiday), "day": holiday.day.isoformat()} for holiday in plan.added]
    return signing.dumps(rows, salt=_SALT, compress=True)


def _read(signed: str) -> list[Holiday]:
    rows: list[dict[str, Any]] = signing.loads(signed, salt=_SALT, max_age=_PLAN_AGE_S)
    return [Holiday(date.fromisoformat(r["day"]), r["name"], r["is_yearly"]) for r in rows]
