"""The pages of teams with what only routing knows: who would get the next conversation."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from routing.rendering import render_answer
from routing.services import preview
from teams.admin.teams import TeamAdmin
from teams.models import Team


@admin.register(Team)
class ChoosingTeamAdmin(TeamAdmin):
    """Teams, with the next person: looked up, and nothing is changed by looking."""

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        team = kwargs.get("obj")
        if team is not None:
            answer = preview.next_person(team, now=timezone.now())
            context["next_person"] = render_answer(answer)
        return super().render_change_form(request, context, *args, **kwargs)
