"""The plan of a team: who is on shift now, the days ahead, and each member's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from teams.admin.console import LARGEST_KEY
from teams.admin.days import Day, clock_changes, days_ahead, in_day
from teams.admin.exports import ExportingAdmin
from teams.admin.shift_form import MOST_IN_FORM, build_formset, in_words, read_plan
from teams.loaders import shift_specs
from teams.models import Membership, Strategy, Team
from teams.services import shifts
from teams.shifts import ShiftSpec, is_on_shift, next_change, spans
from teams.time_zones import time_zones
from teams.viewers import posted


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """A member, whether on shift, until when that stays so, and their lines in words."""

    membership: Membership
    is_on_shift: bool
    changes_at: datetime | None
    lines: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A date with what is special about it, and who is on shift when."""

    day: Day
    notices: tuple[str, ...]
    people: tuple[tuple[str, str], ...]


class ShiftPages(ExportingAdmin):
    """The addresses of a team's plan. What is shown is for whoever may see the team."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/shifts/", view(self.shifts_view), name="teams_team_shifts"),
            path("<path:pk>/shifts/<int:user_id>/", view(self.plan_view), name="teams_team_plan"),
        ]
        return own + super().get_urls()

    def shifts_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show who is on shift now, and in the days ahead."""
        team = self._team(request, pk)
        if team is None:
            return self.gone(request, pk)
        now = timezone.now()
        members = _members(team)
        plans = {m.user.name: shift_specs(m.shifts.all()) for m in members}
        context = {
            **self._shell(request, team, _("Shifts of %(team)s") % {"team": team}),
            "members": [_member_plan(m, now=now) for m in members],
            "days": _days(plans, now=now),
            "counts": team.strategy == Strategy.SHIFT,
            "can_edit": self.has_change_permission(request, team),
            "zone": timezone.get_current_timezone_name(),
        }
        return TemplateResponse(request, "admin/teams/team/shifts.html", context)

    def plan_view(self, request: HttpRequest, pk: str, user_id: int) -> HttpResponse:
        """Change the lines of one member."""
        team = self._team(request, pk)
        member = _members(team).filter(user_id=min(user_id, LARGEST_KEY)).first() if team else None
        if team is None or member is None:
            return self.gone(request, pk)
        if not self.has_change_permission(request, team):
            raise PermissionDenied
        plan = shift_specs(member.shifts.all())
        if len(plan) > MOST_IN_FORM:
            text = _("This plan has more lines than a page can show: it is kept over the API.")
            messages.warning(request, text)
            return HttpResponseRedirect(_address(team))
        formset = build_formset(posted(request), plan=plan, home_zone=member.user.time_zone)
        if request.method == "POST" and formset.is_valid():
            shifts.set_shifts(member, shifts=read_plan(formset), now=timezone.now())
            self.log_change(request, team, f"shifts: {member.user}")
            messages.success(
                request, _("The shifts of %(name)s were saved.") % {"name": member.user}
            )
            return HttpResponseRedirect(_address(team))
        context = {
            **self._shell(request, team, _("Shifts of %(team)s") % {"team": member.user}),
            "formset": formset,
            "member": member.user,
            "zones": sorted(time_zones()),
            "cancel_url": _address(team),
        }
        return TemplateResponse(request, "admin/teams/team/plan.html", context)

    def _team(self, request: HttpRequest, pk: str) -> Team | None:
        team: Team | None = self.get_object(request, unquote(pk))
        if team is not None and not self.has_view_permission(request, team):
            raise PermissionDenied
        return team

    def _shell(self, request: HttpRequest, team: Team, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "team": team,
            "list_title": self.list_title,
        }


def _members(team: Team) -> Any:
    rows = team.memberships.select_related("user", "team").prefetch_related("shifts")
    return rows.order_by("position", "pk")


def _member_plan(membership: Membership, *, now: datetime) -> MemberPlan:
    plan = shift_specs(membership.shifts.all())
    return MemberPlan(
        membership,
        is_on_shift=is_on_shift(plan, at=now),
        changes_at=next_change(plan, after=now),
        lines=tuple(
            phrase if zone == membership.user.time_zone else f"{phrase} ({zone})"
            for phrase, zone in in_words(plan)
        ),
        url=reverse("admin:teams_team_plan", args=[membership.team_id, membership.user_id]),
    )


def _days(plans: Mapping[str, Sequence[ShiftSpec]], *, now: datetime) -> list[PlannedDay]:
    zone = timezone.get_current_timezone()
    zones = {shift.zone for plan in plans.values() for shift in plan}
    return [
        PlannedDay(
            day,
            notices=tuple(clock_changes(day, zones=zones)),
            people=tuple(
                (name, in_day(on, day=day, zone=zone))
                for name, plan in plans.items()
                if (on := spans(plan, since=day.since, until=day.until))
            ),
        )
        for day in days_ahead(now=now, zone=zone)
    ]


def _address(team: Team) -> str:
    return reverse("admin:teams_team_shifts", args=[team.pk])
