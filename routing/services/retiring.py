"""A team goes: at once if nothing remembers it, else it stays behind, inactive."""

from django.db import transaction
from django.db.models import PROTECT

from conversations.models import Conversation
from conversations.states import Status
from routing.models import Rule
from teams.models import Team

#: What is over may have been the team's; everything else still is.
OVER = (Status.RESOLVED, Status.CLOSED)


class TeamInUseError(Exception):
    """A rule, another team or open work needs the team."""

    code = "team.in_use"


@transaction.atomic
def retire(team: Team) -> bool:
    """Delete a team, or make it inactive if something over remembers it; say whether it is gone.

    Raises `TeamInUseError` while a rule or another team sends something there, or while work that
    is not over is there.
    """
    team = Team.objects.select_for_update().get(pk=team.pk)
    if _is_in_use(team):
        raise TeamInUseError
    if _is_remembered(team):
        Team.objects.filter(pk=team.pk).update(is_active=False)
        return False
    team.delete()
    return True


def _is_in_use(team: Team) -> bool:
    work = Conversation.objects.filter(team=team).exclude(status__in=OVER)
    return (
        Rule.objects.filter(team=team).exists()
        or Team.objects.filter(escalation_team=team).exists()
        or work.exists()
    )


def _is_remembered(team: Team) -> bool:
    """Say whether any row would not let the team go, without reading those rows."""
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: team}).exists()
        for relation in Team._meta.related_objects
        if relation.on_delete is PROTECT
    )
