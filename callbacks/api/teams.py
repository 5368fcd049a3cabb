"""What a team allows and does about callbacks."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callbacks.api.bodies import SettingsChanges
from callbacks.api.serializers import CallbackSettingsOut
from callbacks.services import team_settings
from callbacks.services.checks import settings_of
from channels.models import Channel
from routing.api.teams import RetiringTeamEndpoint
from routing.services.retiring import TeamInUseError
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import ConflictProblem, FieldProblem
from teams.api.references import pick
from teams.models import Team
from teams.permissions import Right
from teams.scopes import Scope

NO_SUCH_CHANNEL = ("does_not_exist", _("There is no such channel."))


class CallbackSettingsEndpoint(Endpoint):
    """The defaults hold until somebody changes something."""

    scopes = {"PATCH": Scope.TEAMS}
    rights = {"PATCH": Right.EDIT_TEAMS}

    @describe("getCallbackSettings", "Read a team's callback settings", answer=CallbackSettingsOut)
    def get(self, request: Request, reference: str) -> Response:
        team = pick(Team.objects.select_related("callback_settings"), reference)
        return Response(CallbackSettingsOut(settings_of(team)).data)

    @describe(
        "updateCallbackSettings",
        "Change a team's callback settings",
        body=SettingsChanges,
        answer=CallbackSettingsOut,
        examples={
            "people own callbacks": {
                "is_owning_enabled": True,
                "owned_ahead_s": 604_800,
                "owned_hold_s": 14_400,
            }
        },
    )
    @once
    def patch(self, request: Request, reference: str) -> Response:
        team = pick(Team.objects.all(), reference)
        changes = _with_channels(self.read_body(SettingsChanges))
        settings = team_settings.change(team, **changes)
        return Response(CallbackSettingsOut(settings).data)


class CallingTeamEndpoint(RetiringTeamEndpoint):
    """A team, which may go once nobody waits for its call."""

    def refuse_switching_off(self, team: Team) -> None:
        super().refuse_switching_off(team)
        _refuse_while_promised(team)

    @describe("deleteTeam", "Delete a team", status=status.HTTP_204_NO_CONTENT, refusals=(409,))
    def delete(self, request: Request, reference: str) -> Response:
        """Delete a team that is not in use. If conversations remember it, it stays, inactive."""
        _refuse_while_promised(pick(Team.objects.all(), reference))
        return super().delete(request, reference)


def _refuse_while_promised(team: Team) -> None:
    if count := team_settings.count_promises(team):
        raise ConflictProblem(TeamInUseError.code, team_settings.still_promised(count))


def _with_channels(body: dict[str, Any]) -> dict[str, Any]:
    """Put the channels that the body names in the place of their ids."""
    changes = dict(body)
    for name in ("channel", "voice_channel"):
        if changes.get(name) is None:
            continue
        channel = Channel.objects.filter(public_id=changes[name]).order_by("pk").first()
        if channel is None:
            raise FieldProblem({name: NO_SUCH_CHANNEL})
        changes[name] = channel
    return changes
