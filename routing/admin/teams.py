"""The pages of teams with what only routing knows: who would get the next conversation."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.engine.facts import Target, TargetKind
from routing.flow_uses import find_flows, needed_by
from routing.rendering import render_answer
from routing.services import preview
from routing.services.rule_uses import rules_that_name
from teams.admin.team_form import TeamForm
from teams.admin.teams import TeamAdmin
from teams.models import Team


class NeededTeamForm(TeamForm):
    """A team to which a flow sends conversations is not switched off."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_going = "is_active" in self.changed_data and not cleaned.get("is_active")
        if is_going and self.instance.pk and (names := find_flows(self.instance)):
            self.add_error("is_active", needed_by(names))
        return cleaned


class ChoosingTeamAdmin(TeamAdmin):
    """Teams, with the next person: looked up, and nothing is changed by looking.

    Registered by whoever has the last word on a team's pages.
    """

    form = NeededTeamForm

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        team = kwargs.get("obj")
        if team is not None:
            answer = preview.next_person(team, now=timezone.now())
            context["next_person"] = render_answer(answer)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_related(request, form, formsets, change)
        team: Team = form.instance
        rules = [] if team.is_active else rules_that_name(Target(TargetKind.TEAM, team.pk))
        if rules:
            messages.warning(
                request,
                _("These rules name %(name)s and will be passed over: %(rules)s.")
                % {"name": team.name, "rules": ", ".join(f"“{rule}”" for rule in rules)},
            )
