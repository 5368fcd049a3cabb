"""Giving the archive's conversations to people, by the real rules and the real engine."""

from dataclasses import dataclass
from datetime import datetime

from conversations.actors import Actor
from conversations.models import Assignment
from conversations.models.assignment import AssignmentKind, EndReason
from routing import loaders
from routing.demo.floor import Floor, Snapshot
from routing.demo.folder import Folder
from routing.demo.founding import Shop
from routing.demo.pace import LONGEST_WAIT, Pace
from routing.demo.roster import Roster
from routing.engine import serial
from routing.engine.decide import decide, decide_named
from routing.engine.facts import Answer, Situation, Target, TargetKind, Trigger
from routing.models import Decision


@dataclass(frozen=True, slots=True)
class Handover:
    """A decision that is to be written down, with the assignment that it made."""

    situation: Situation
    desks: Snapshot
    answer: Answer
    trigger: Trigger
    kind: AssignmentKind
    actor: Actor
    targets: tuple[Target, ...] = ()


class Dispatcher:
    """Decides for one conversation after the other, in the order of time."""

    def __init__(self, shop: Shop, *, roster: Roster, pace: Pace) -> None:
        self.roster = roster
        self.pace = pace
        self.handles = {user.pk: handle for handle, user in shop.people.items()}
        self.names = {user.pk: user.name for user in shop.people.values()}
        self.floor = Floor(roster=roster, handles=self.handles)
        self.version = loaders.current_version()
        self.rules = loaders.load_rules(self.version)

    def assign(self, told: Folder, *, at: datetime) -> datetime:
        """Decide; what nobody could take is taken from the queue later. Return when that was."""
        contact = told.conversation.contact
        is_new = contact.created_at == at
        situation = Situation(
            at=at,
            zone=told.channel.time_zone,
            channel_id=told.channel.pk,
            channel_name=told.channel.name,
            text=told.messages[0].body,
            is_new_contact=is_new,
            contact_tags=() if is_new else tuple(contact.tags),
        )
        desks = self.floor.at(at)
        answer = decide(situation, rules=self.rules, open_desk=desks.open)
        kind = AssignmentKind.RULE if answer.via == "rule" else AssignmentKind.STRATEGY
        made = Handover(situation, desks, answer, Trigger.INBOUND, kind, Actor.system())
        self._write(told, made, now=at)
        if answer.user_id is not None:
            return at
        return self._take_from_queue(told, team_id=answer.team_id, at=at)

    def _take_from_queue(self, told: Folder, *, team_id: int | None, at: datetime) -> datetime:
        queue = (
            Target(TargetKind.CHANNEL, told.channel.pk)
            if team_id is None
            else Target(TargetKind.TEAM, team_id)
        )
        now, user_id = self._first_taker(queue, since=at)
        person = Target(TargetKind.PERSON, user_id)
        targets = (person,) if team_id is None else (queue, person)
        situation = Situation(
            at=now,
            zone=told.channel.time_zone,
            channel_id=told.channel.pk,
            channel_name=told.channel.name,
            asked_by=self.names[user_id],
            asked_by_id=user_id,
        )
        desks = Snapshot(self.floor, now)
        answer = decide_named(situation, targets=targets, open_desk=desks.open)
        actor = Actor.person(user_id, self.names[user_id])
        made = Handover(
            situation, desks, answer, Trigger.MANUAL, AssignmentKind.CLAIM, actor, targets
        )
        _end_queue(told, now=now)
        self._write(told, made, now=now)
        return now

    def _first_taker(self, queue: Target, *, since: datetime) -> tuple[datetime, int]:
        """Return who takes it from the queue, and when: whoever is there first."""
        people = [c.user_id for c in self.floor.show(queue, now=since).candidates if c.is_receiving]
        latest = since + LONGEST_WAIT
        arrivals = [
            (self.roster.first_online(self.handles[user_id], since=since) or latest, user_id)
            for user_id in people
        ]
        online, user_id = min(arrivals)
        return min(self.pace.later(online, 12), latest), user_id

    def _write(self, told: Folder, made: Handover, *, now: datetime) -> None:
        """Write assignment, decision and event, as `decide_and_apply` does."""
        answer = made.answer
        assignment = None
        if answer.user_id is not None or answer.team_id is not None:
            assignment = Assignment(
                team_id=answer.team_id,
                user_id=answer.user_id,
                kind=made.kind,
                actor_id=made.actor.user_id,
                started_at=now,
            )
            told.assignments.append(assignment)
        self.floor.take(answer, now=now)
        decision = Decision(
            assignment=assignment,
            trigger=made.trigger,
            outcome=answer.outcome,
            rule_set_version=self.version if made.trigger is Trigger.INBOUND else None,
            rule_id=answer.rule_id,
            facts=serial.facts_to_json(made.situation, desks=made.desks.seen, targets=made.targets),
            steps=serial.steps_to_json(answer.steps),
            answer=serial.answer_to_json(answer),
            decided_at=now,
        )
        told.decisions.append(decision)
        told.note(
            "conversation.queued" if answer.user_id is None else "conversation.assigned",
            actor=made.actor,
            now=now,
            decision=str(decision.public_id),
            outcome=answer.outcome.value,
            user_id=answer.user_id,
            team_id=answer.team_id,
        )
        _apply(told, answer)


def _apply(told: Folder, answer: Answer) -> None:
    conversation = told.conversation
    conversation.version += 1
    conversation.assignee_id, conversation.team_id = answer.user_id, answer.team_id
    conversation.tags = list(dict.fromkeys([*conversation.tags, *answer.add_tags]))
    if answer.set_priority is not None:
        conversation.priority = answer.set_priority


def _end_queue(told: Folder, *, now: datetime) -> None:
    """The team's stretch of waiting ends when a person takes the conversation."""
    if told.assignments:
        queued = told.assignments[-1]
        queued.ended_at, queued.end_reason = now, EndReason.REPLACED
