"""Teams: how a person is chosen, who is in it, and what happens when nobody answers."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from teams.admin.console import EmptyState, pill
from teams.admin.members import MemberFormSet, MemberInline, save_member_forms
from teams.admin.shifts import ShiftPages
from teams.admin.team_form import MINUTE_S, TeamForm
from teams.directory_rows import export_teams
from teams.durations import in_words
from teams.models import Membership, Presence, ReassignClock, Strategy, Team
from teams.services import directory, memberships
from teams.viewers import viewer


class TeamMemberFormSet(MemberFormSet):
    """Also watches over the default user, who must be one of the members."""

    def clean(self) -> None:
        super().clean()
        team: Team = self.instance
        if team.strategy != Strategy.DEFAULT_USER or team.default_user is None:
            return
        if team.default_user_id not in self.user_ids():
            text = _("%(name)s is the default user, so this team needs %(name)s as a member.")
            raise forms.ValidationError(text % {"name": team.default_user})


def may_edit_members(request: HttpRequest, team: Team | None) -> bool:
    """Say whether the viewer may change who is in a team: supervisors, in those of their own.

    Members see their team's conversations, so nobody lets themselves into another team.
    """
    if request.user.has_perm("teams.change_team"):
        return True
    if not request.user.has_perm("teams.change_membership"):
        return False
    return team is None or team.memberships.filter(user=viewer(request)).exists()


class MembershipInline(MemberInline):
    model = Membership
    formset = TeamMemberFormSet
    verbose_name_plural = gettext_lazy("Members, in the order in which they take turns")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and may_edit_members(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit_members(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_edit_members(request, obj)


class TeamAdmin(ShiftPages):
    form = TeamForm
    export_filename = "teams.csv"
    actions = ("export_selected",)
    inlines = (MembershipInline,)
    list_title = gettext_lazy("Teams")
    add_label = gettext_lazy("Add a team")
    list_lead = gettext_lazy("A team is a queue and the people who answer it.")
    list_display = ("name", "code", "members_cell", "strategy_cell", "reassign_cell", "state_cell")
    list_filter = ("strategy", "is_active")
    search_fields = ("name", "code")
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("Team"), {"fields": ("name", "code", "description", "is_active", "hours")}),
        (
            gettext_lazy("How a person is chosen"),
            {"fields": ("strategy", "default_user", "capacity")},
        ),
        (
            gettext_lazy("If nobody answers"),
            {
                "fields": (
                    "is_reassigning",
                    "reassign_minutes",
                    "reassign_clock",
                    "is_returning_when_offline",
                    "escalation_team",
                    "escalate_minutes",
                    "escalate_after_tries",
                )
            },
        ),
    )

    def export(self, rows: QuerySet[Team]) -> str:
        return export_teams(rows)

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No team yet."),
            _("Rules can send conversations to single people only, and nobody shares a queue."),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        online = Q(members__presence=Presence.ONLINE, members__is_active=True)
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(
            member_count=Count("members", distinct=True),
            online_count=Count("members", filter=online, distinct=True),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the code once it is there, and everything but the members from supervisors."""
        if not request.user.has_perm("teams.change_team"):
            return tuple(name for _title, part in self.fieldsets for name in part["fields"])
        return ("code",) if obj else ()

    @admin.display(description=gettext_lazy("Reassign after (minutes)"))
    def reassign_minutes(self, team: Team) -> int:
        return team.reassign_after_s // MINUTE_S

    @admin.display(description=gettext_lazy("Escalate after (minutes)"))
    def escalate_minutes(self, team: Team) -> int | None:
        seconds = team.escalate_after_s
        return None if seconds is None else seconds // MINUTE_S

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let supervisors in as well: they look after the members of their own teams."""
        return may_edit_members(request, obj)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001 - Django's signature
        return form.instance

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:  # noqa: FBT001
        if not request.user.has_perm("teams.change_team"):
            return
        if change:
            directory.update_team(obj, **form.changes())
            return
        fields = form.changes()
        fields.setdefault("strategy", form.cleaned_data["strategy"])
        team = directory.create_team(**fields)
        obj.pk, obj.public_id = team.pk, team.public_id
        obj._state.adding = False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        team: Team = form.instance
        save_member_forms(team, formsets=formsets, services=memberships, now=timezone.now())
        _warn(request, team)

    @admin.display(description=gettext_lazy("Members"), ordering="member_count")
    def members_cell(self, team: Any) -> str:
        text = ngettext("%(n)d member", "%(n)d members", team.member_count)
        online = _("%(n)d online") % {"n": team.online_count}
        return f"{text % {'n': team.member_count}}, {online}"

    @admin.display(description=gettext_lazy("How a person is chosen"), ordering="strategy")
    def strategy_cell(self, team: Team) -> str:
        return team.get_strategy_display()

    @admin.display(description=gettext_lazy("If nobody answers"))
    def reassign_cell(self, team: Team) -> str:
        if not team.is_reassigning:
            return _("stays")
        delay = in_words(timedelta(seconds=team.reassign_after_s))
        if team.reassign_clock == ReassignClock.OPEN_HOURS:
            return _("moves on after %(delay)s of open time") % {"delay": delay}
        return _("moves on after %(delay)s") % {"delay": delay}

    @admin.display(description=gettext_lazy("State"), ordering="is_active")
    def state_cell(self, team: Team) -> SafeString:
        return pill("good", _("Active")) if team.is_active else pill("quiet", _("Off"))


def _warn(request: HttpRequest, team: Team) -> None:
    """Say what is allowed but will surprise somebody."""
    count = team.memberships.count()
    if count == 0:
        messages.warning(
            request, _("%(team)s has no members: what is sent there will wait.") % {"team": team}
        )
    elif count == 1 and team.is_reassigning:
        messages.warning(
            request,
            _("%(team)s has one member: there is nobody to reassign to.") % {"team": team},
        )
