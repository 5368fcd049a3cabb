"""One team, which may go."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from routing.flow_uses import NeededByFlowError, refuse_if_needed
from routing.services import retiring
from routing.services.retiring import TeamInUseError
from teams.api.operations import describe
from teams.api.problems import ConflictProblem
from teams.api.references import pick
from teams.api.teams import TeamEndpoint
from teams.models import Team
from teams.permissions import Right
from teams.scopes import Scope
from teams.texts import Text

IN_USE = gettext_lazy("Another team or a conversation that is not over needs this team.")


class RetiringTeamEndpoint(TeamEndpoint):
    """A team, which may go."""

    scopes = {**TeamEndpoint.scopes, "DELETE": Scope.TEAMS}
    rights = {**TeamEndpoint.rights, "DELETE": Right.EDIT_TEAMS}

    def refuse_switching_off(self, team: Team) -> None:
        try:
            refuse_if_needed(team)
        except NeededByFlowError as error:
            raise ConflictProblem(TeamInUseError.code, error.sentence) from error

    @describe("deleteTeam", "Delete a team", status=status.HTTP_204_NO_CONTENT, refusals=(409,))
    def delete(self, request: Request, reference: str) -> Response:
        """Delete a team that is not in use. If conversations remember it, it stays, inactive."""
        try:
            retiring.retire(pick(Team.objects.all(), reference))
        except TeamInUseError as error:
            raise ConflictProblem(error.code, _why(error)) from error
        except NeededByFlowError as error:
            raise ConflictProblem(TeamInUseError.code, error.sentence) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


def _why(error: TeamInUseError) -> Text:
    if not error.rules:
        return IN_USE
    return _("These rules send conversations to this team: %(rules)s.") % {
        "rules": ", ".join(f"“{name}”" for name in error.rules)
    }
