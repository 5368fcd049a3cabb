"""When a team's timers are due: on the wall clock, or only while the team is open."""

from datetime import datetime, timedelta

from conversations.models import Conversation
from routing.engine.facts import Answer, Desk, Situation, Target, TargetKind
from teams.hours import Hours, add_open_seconds, open_seconds_between
from teams.loaders import load_hours
from teams.models import ReassignClock, Team


def reply_due_at(
    conversation: Conversation,
    *,
    situation: Situation,
    answer: Answer,
    desks: dict[Target, Desk],
    now: datetime,
) -> datetime | None:
    """Return when the conversation moves on if nobody answers: to somebody else, or another team.

    None if it does neither. Without a person only the team's own limit runs.
    """
    desk = desks.get(Target(TargetKind.TEAM, answer.team_id)) if answer.team_id else None
    if desk is None:
        return None
    waits = []
    if answer.user_id is not None and desk.reassign_after_s is not None:
        waits.append(desk.reassign_after_s)
    left_s = _left_to_the_team(conversation, situation=situation, desk=desk)
    if left_s is not None:
        waits.append(left_s)
    return _later(desk, start=now, seconds=min(waits)) if waits else None


def waited_s(team: Team, *, since: datetime, now: datetime) -> int:
    """Return how long something has waited with a team, in seconds on the team's clock."""
    if team.reassign_clock == ReassignClock.WALL:
        return round((now - since).total_seconds())
    hours = _hours_of(team)
    return 0 if hours is None else round(open_seconds_between(hours, since=since, until=now))


def _left_to_the_team(
    conversation: Conversation, *, situation: Situation, desk: Desk
) -> int | None:
    """Return how many seconds are left until it escalates; None if it does not, or is over that."""
    escalation = desk.escalation
    if escalation is None or escalation.after_s is None:
        return None
    if escalation.team.id in situation.former_team_ids:
        return None
    is_there_already = conversation.team_id == desk.target.id
    left_s = escalation.after_s - (situation.waited_s if is_there_already else 0)
    return left_s if left_s > 0 else None


def _later(desk: Desk, *, start: datetime, seconds: int) -> datetime | None:
    if not desk.counts_open_hours:
        return start + timedelta(seconds=seconds)
    hours = _hours_of(Team.objects.select_related("hours").get(pk=desk.target.id))
    return None if hours is None else add_open_seconds(hours, start=start, seconds=seconds)


def _hours_of(team: Team) -> Hours | None:
    return None if team.hours is None else load_hours(team.hours)
