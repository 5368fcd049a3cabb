"""Who had a conversation before: read in one query, for one conversation or for many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from conversations.models import Assignment, Conversation
from conversations.models.assignment import AssignmentKind, EndReason
from teams.models import User

#: Whoever had it when it was set aside or done gets it back when it goes on.
_COMES_BACK = {EndReason.RESOLVED, EndReason.SNOOZED}


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a conversation's former owners. Empty if it never had one."""

    last_owner: User | None = None
    last_team_id: int | None = None
    lapsed_ids: tuple[int, ...] = ()
    #: In the team that has it now, without a break: how many let it lapse, and since when.
    tries: int = 0
    in_team_since: datetime | None = None
    former_team_ids: tuple[int, ...] = ()
    #: A rule, and no person, sent it to the team that has it now.
    is_sent_by_rule: bool = False


def load_history(conversation: Conversation) -> History:
    return load_histories([conversation])[conversation.pk]


def load_histories(conversations: Iterable[Conversation]) -> dict[int, History]:
    """Return the history of each, by the conversation's key.

    Whatever changes its owner gives it another version: in its first, nobody ever had it.
    """
    found: dict[int, History] = defaultdict(History)
    seen = {each.pk: each for each in conversations if each.version > 1}
    rows: defaultdict[int, list[Assignment]] = defaultdict(list)
    if seen:
        stored = Assignment.objects.filter(conversation__in=list(seen)).select_related("user")
        for row in stored.order_by("-pk"):
            rows[row.conversation_id].append(row)
    found.update({pk: _read(seen[pk], latest_first) for pk, latest_first in rows.items()})
    return found


def _read(conversation: Conversation, rows: Sequence[Assignment]) -> History:
    lapsed = {row.user_id for row in rows if row.end_reason == EndReason.LAPSED and row.user_id}
    latest = next((row for row in rows if row.user_id), rows[0])
    comes_back = latest.end_reason in _COMES_BACK
    since_opened = list(takewhile(lambda row: row.end_reason != EndReason.RESOLVED, rows))
    in_team = list(takewhile(lambda row: row.team_id == conversation.team_id, since_opened))
    former = {row.team_id for row in since_opened[len(in_team) :] if row.team_id}
    return History(
        last_owner=latest.user if comes_back else None,
        last_team_id=latest.team_id if comes_back else None,
        lapsed_ids=tuple(sorted(lapsed)),
        tries=sum(row.end_reason == EndReason.LAPSED for row in in_team if row.user_id),
        in_team_since=in_team[-1].started_at if in_team and conversation.team_id else None,
        former_team_ids=tuple(sorted(former)),
        is_sent_by_rule=any(
            row.ended_at is None and row.kind == AssignmentKind.RULE for row in rows
        ),
    )
