"""The pages of teams with what only callbacks know: what a team allows and does about them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from callbacks.admin.settings_form import SettingsForm
from callbacks.services import team_settings
from callbacks.services.checks import settings_of
from routing.admin.teams import ChoosingTeamAdmin, NeededTeamForm
from teams.models import Team
from teams.viewers import posted


class PromisedTeamForm(NeededTeamForm):
    """A team that is to call somebody is not switched off."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_going = "is_active" in self.changed_data and not cleaned.get("is_active")
        if is_going and self.instance.pk:
            count = team_settings.count_promises(self.instance)
            if count:
                self.add_error("is_active", team_settings.still_promised(count))
        return cleaned


@admin.register(Team)
class CallbackTeamAdmin(ChoosingTeamAdmin):
    form = PromisedTeamForm

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.callbacks_view)
        own = path("<path:pk>/callbacks/", view, name="teams_team_callbacks")
        return [own, *super().get_urls()]

    def callbacks_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show a team's settings to whoever may see the team; change them for administrators."""
        team: Team | None = self.find(request, pk)
        if team is None:
            return self.gone(request, pk)
        may_edit = request.user.has_perm("callbacks.change_callbacksettings")
        if request.method == "POST" and not may_edit:
            raise PermissionDenied
        form = SettingsForm(posted(request), instance=settings_of(team), may_edit=may_edit)
        if request.method == "POST" and form.is_valid():
            team_settings.change(team, **form.changes())
            self.log_change(request, team, f"callbacks: {', '.join(form.changed_data)}")
            messages.success(
                request, _("The callback settings of %(team)s were saved.") % {"team": team}
            )
            return HttpResponseRedirect(reverse("admin:teams_team_callbacks", args=[team.pk]))
        context = {
            **self._shell(request, team, _("Callbacks of %(team)s") % {"team": team}),
            "form": form,
            "may_edit": may_edit,
        }
        return TemplateResponse(request, "admin/teams/team/callbacks.html", context)
