"""What assignments would do: the same refusals and the same engine, without a lock or a write."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from conversations.actors import Actor
from conversations.models import Contact, Conversation
from conversations.states import ASSIGNABLE
from routing.desk_book import ReadOnlyDesks
from routing.engine.facts import Answer, Candidate, Desk, Target
from routing.services import assignment
from routing.services.assignment import AssignmentRefusedError
from teams.models import Team, User


@dataclass(slots=True)
class Rehearsal:
    """Assignments that are only thought. Each sees what the ones before it would have changed.

    Owners are changed on the objects that are handed in, and nowhere else. Of a team so large that
    not everybody is read, those who come first now are all that is known.
    """

    now: datetime
    _conversations: dict[int, Conversation] = field(default_factory=dict)
    _given: set[int] = field(default_factory=set)
    _loads: Counter[int] = field(default_factory=Counter)
    _cursors: dict[Target, int] = field(default_factory=dict)

    def look(self, conversation: Conversation) -> Conversation:
        """Return the conversation as the assignments before would have left it."""
        return self._conversations.setdefault(conversation.pk, conversation)

    def is_given(self, conversation: Conversation) -> bool:
        """Say whether somebody, or another team, would have it since now."""
        return conversation.pk in self._given

    def assign_to(
        self,
        conversation: Conversation,
        *,
        actor: Actor,
        team: Team | None = None,
        person: User | None = None,
        reason: str = "",
    ) -> Answer | None:
        """Answer as `assignment.assign_to` would; None if it is exactly theirs already."""
        assignment.refuse_named(conversation, team=team, person=person)
        question = assignment.pose_named(
            conversation, team=team, person=person, actor=actor, reason=reason, now=self.now
        )
        if question is None:
            return None
        answer = question.ask(self._open)
        self._move(conversation, user_id=answer.user_id, team_id=answer.team_id)
        if answer.cursor is not None and answer.user_id is not None:
            self._cursors[answer.cursor] = answer.user_id
        return answer

    def unassign(self, conversation: Conversation) -> None:
        self._move(conversation, user_id=None, team_id=None)

    def pin(
        self,
        contact: Contact,
        *,
        person: User,
        actor: Actor,
        conversation: Conversation | None = None,
        reason: str = "",
    ) -> Answer | None:
        """Answer as `assignment.pin` would."""
        if not person.is_active:
            raise AssignmentRefusedError("member.inactive")
        answer = None
        if conversation is not None and conversation.status in ASSIGNABLE:
            answer = self.assign_to(conversation, person=person, actor=actor, reason=reason)
        contact.permanent_agent = person
        return answer

    def unpin(self, contact: Contact) -> None:
        contact.permanent_agent = None

    def _move(
        self, conversation: Conversation, *, user_id: int | None, team_id: int | None
    ) -> None:
        if conversation.assignee_id is not None:
            self._loads[conversation.assignee_id] -= 1
        if user_id is not None:
            self._loads[user_id] += 1
        conversation.assignee_id, conversation.team_id = user_id, team_id
        if user_id is None and team_id is None:
            self._given.discard(conversation.pk)
        else:
            self._given.add(conversation.pk)

    def _open(self, target: Target) -> Desk:
        desk = ReadOnlyDesks(at=self.now).open(target)
        return replace(
            desk,
            candidates=tuple(map(self._as_left, desk.candidates)),
            cursor_user_id=self._cursors.get(target, desk.cursor_user_id),
        )

    def _as_left(self, candidate: Candidate) -> Candidate:
        change = self._loads[candidate.user_id]
        last = self.now if change > 0 else candidate.last_assigned_at
        return replace(candidate, load=candidate.load + change, last_assigned_at=last)
