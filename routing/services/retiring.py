"""A team goes: at once if nothing remembers it, else it stays behind, inactive."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import PROTECT

from conversations.models import Conversation
from conversations.states import Status
from routing.engine.facts import Target, TargetKind
from routing.flow_uses import refuse_if_needed
from routing.services.rule_uses import rules_that_name
from teams.models import Team

#: What is over may have been the team's; everything else still is.
OVER = (Status.RESOLVED, Status.CLOSED)


class TeamInUseError(Exception):
    """Rules, another team or open work need the team. `rules` are the rules' names."""

    code = "team.in_use"

    def __init__(self, rules: Sequence[str] = ()) -> None:
        self.rules = tuple(rules)
        super().__init__(self.code)


@transaction.atomic
def retire(team: Team) -> bool:
    """Delete a team, or make it inactive if something over remembers it; say whether it is gone.

    Raises `TeamInUseError` while a rule (published or not) or another team sends something there,
    or while work that is not over is there, and `NeededByFlowError` while a flow does.
    """
    team = Team.objects.select_for_update().get(pk=team.pk)
    refuse_if_needed(team)
    rules = rules_that_name(Target(TargetKind.TEAM, team.pk))
    if rules or _is_in_use(team):
        raise TeamInUseError(rules)
    if _is_remembered(team):
        Team.objects.filter(pk=team.pk).update(is_active=False)
        return False
    team.delete()
    return True


def _is_in_use(team: Team) -> bool:
    work = Conversation.objects.filter(team=team).exclude(status__in=OVER)
    return Team.objects.filter(escalation_team=team).exists() or work.exists()


def _is_remembered(team: Team) -> bool:
    """Say whether any row would not let the team go, without reading those rows."""
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: team}).exists()
        for relation in Team._meta.related_objects
        if relation.on_delete is PROTECT
    )
