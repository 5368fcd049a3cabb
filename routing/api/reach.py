"""Whom a caller may give a conversation to."""

from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation
from teams.api.problems import ForbiddenProblem
from teams.models import Membership, Team, User
from teams.permissions import Right, is_allowed


def refuse_target(
    user: User, conversation: Conversation | None, *, team: Team | None, person: User | None
) -> None:
    """Refuse a target that is out of the caller's reach; no target means "nobody".

    Administrators reach everybody; supervisors their teams and the people in them; agents take
    for themselves what nobody has, and give back what is theirs.
    """
    if is_allowed(user, Right.ASSIGN_ANYWHERE):
        return
    if is_allowed(user, Right.ASSIGN_WITHIN_TEAMS):
        is_reached = _is_in_own_teams(user, team=team, person=person)
    else:
        is_reached = _is_for_oneself(user, conversation, team=team, person=person)
    if not is_reached:
        detail = _("Your role may not assign to this team or person.")
        raise ForbiddenProblem("auth.role_insufficient", detail)


def _is_in_own_teams(user: User, *, team: Team | None, person: User | None) -> bool:
    own = Membership.objects.filter(user=user).values("team")
    if team is not None and not own.filter(team=team).exists():
        return False
    if person is None or person.pk == user.pk:
        return True
    return Membership.objects.filter(user=person, team__in=own).exists()


def _is_for_oneself(
    user: User, conversation: Conversation | None, *, team: Team | None, person: User | None
) -> bool:
    is_free = conversation is None or conversation.assignee_id in (None, user.pk)
    if person is None:
        return is_free and team is None
    is_same_team = team is None or (conversation is not None and conversation.team_id == team.pk)
    return is_free and person.pk == user.pk and is_same_team
