"""Whatever happens on a floor, in whatever order: it is as anybody would have said beforehand.

`RELAYDESK_DAYS=500` lives more days than the usual few, and other ones each time.
"""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.base import InboundRequest
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation, Event, Message
from conversations.models.assignment import EndReason
from conversations.services import lifecycle, replies
from conversations.services.replies import ReplyRefusedError
from conversations.states import OPEN
from routing.models import Decision
from routing.services import assignment, intake
from teams.models import Presence, Team, User
from teams.services import people, presence
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.faults.promises import broken_promises, different_decisions
from tests.flows.floor_model import Floor, Person
from tests.moments import WEDNESDAY_MORNING
from tests.settle import settle

DAYS = int(os.environ.get("RELAYDESK_DAYS", "25"))
ACTS_A_DAY = 40
SYSTEM = Actor.system()
NAMES = ("Alice", "Bob", "Chen")
CUSTOMERS = {
    name: f"+8190000000{number:02d}" for number, name in enumerate(("Dora", "Emil", "Fay"))
}
names, customers = some.sampled_from(NAMES), some.sampled_from(list(CUSTOMERS))
#: Longer than the longest pause between two looks at what waits.
LONG = 20


class CrashError(Exception):
    """The process fell before it committed."""


class Mishaps(logging.Handler):
    """Remembers what went wrong and was only written down: sweeps go on over a row that fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


def everything() -> list[Any]:
    tables = (Assignment, Contact, Conversation, Decision, Event, Message, Team, User)
    return [list(table.objects.order_by("pk").values()) for table in tables]


class AnyDay(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.day = transaction.atomic()
        self.day.__enter__()
        self.mishaps = Mishaps()
        logging.getLogger().addHandler(self.mishaps)

    def teardown(self) -> None:
        logging.getLogger().removeHandler(self.mishaps)
        transaction.set_rollback(True)
        self.day.__exit__(None, None, None)

    @initialize(capacities=some.tuples(*[some.none() | some.integers(0, 2)] * 3))
    def open_the_floor(self, capacities: tuple[int | None, ...]) -> None:
        self.now, self.sent = WEDNESDAY_MORNING, 0
        self.rows = {
            name: make_agent(name=name, capacity=capacity)
            for name, capacity in zip(NAMES, capacities, strict=True)
        }
        self.team = make_team(
            members=tuple(self.rows.values()), is_reassigning=True, reassign_after_s=180
        )
        make_rule(team=self.team)
        self.channel = make_channel()
        self.floor = Floor({name: Person(capacity=row.capacity) for name, row in self.rows.items()})

    # --- What customers, colleagues and other systems do

    @rule(who=customers)
    def write(self, who: str) -> None:
        self._pass(seconds=1)
        self._send(who)
        talk = self.floor.talks.get(who)
        if talk is None or not talk.is_open:
            self.floor.start(who, self._latest(who).pk)

    @rule(who=customers, name=names)
    def assign_to_a_person(self, who: str, name: str) -> None:
        if self._is_open(who):
            self._assign(who, person=self.rows[name])
            self.floor.give_to(who, name)

    @rule(who=customers)
    def assign_to_the_team(self, who: str) -> None:
        if self._is_open(who):
            self._assign(who, team=self.team)
            self.floor.give_to_team(who)

    @rule(who=customers)
    def unassign(self, who: str) -> None:
        if self._is_open(who):
            self._pass(seconds=1)
            assignment.unassign(self._latest(who), actor=SYSTEM, now=self.now)
            self.floor.take_away(who)

    @rule(who=customers, name=names)
    def pin(self, who: str, name: str) -> None:
        if who in self.floor.talks:
            self._pin(who, name)
            self.floor.pins[who] = name
            if self.floor.talks[who].is_open:
                self.floor.give_to(who, name)

    @rule(who=customers)
    def unpin(self, who: str) -> None:
        if who in self.floor.talks:
            assignment.unpin(self._latest(who).contact, actor=SYSTEM, now=self.now)
            self.floor.pins.pop(who, None)

    @rule(who=customers)
    def answer(self, who: str) -> None:
        """Let whoever has it answer: nothing is due any more, and nothing moves."""
        owner = self.floor.talks[who].owner if self._is_open(who) else None
        if owner is not None:
            self._pass(seconds=1)
            self._reply(who, author=self.rows[owner])

    @rule(who=customers)
    def resolve(self, who: str) -> None:
        if self._is_open(who):
            self._pass(seconds=1)
            lifecycle.resolve(self._latest(who), actor=SYSTEM, now=self.now)
            self.floor.talks[who].is_open = False

    @rule(who=customers)
    def reopen(self, who: str) -> None:
        """Open it again: it is routed at once, to whom it belongs or who had it."""
        talk = self.floor.talks.get(who)
        if talk is not None and not talk.is_open:
            self._pass(seconds=1)
            lifecycle.reopen(self._latest(who), actor=SYSTEM, now=self.now)
            assert assignment.route_next(now=self.now)
            self.floor.start(who, talk.pk, before=talk.owner)
            self._see_which_are_the_teams()

    # --- What the people of the team do

    @rule(name=names, state=some.sampled_from(Presence.values))
    def come_or_go(self, name: str, state: str) -> None:
        self._pass(seconds=1)
        presence.set_presence(self.rows[name], presence=Presence(state), now=self.now)
        self.floor.people[name].presence = state

    @rule(name=names, more=some.none() | some.integers(0, 2))
    def change_the_limit(self, name: str, more: int | None) -> None:
        limit = None if more is None else self.floor.load(name) + more
        people.set_capacity(self.rows[name], capacity=limit, now=self.now)
        self.floor.people[name].capacity = limit

    # --- What time does, and what falls

    @rule(minutes=some.sampled_from([1, 4, LONG]))
    def tick(self, minutes: int) -> None:
        self._tick(minutes)

    @rule()
    def let_answers_lapse(self) -> None:
        self._tick(4)

    @rule(name=names)
    def come_back_and_get_what_waits(self, name: str) -> None:
        self.come_or_go(name, Presence.ONLINE)
        self._tick(LONG)

    def _tick(self, minutes: int) -> None:
        """Let time pass and every sweep run: answers lapse, and what waits is placed."""
        self._pass(seconds=60 * minutes)
        before = {who: (talk.owner, talk.in_team) for who, talk in self.floor.talks.items()}
        settle(now=self.now)
        self._look()
        for who, (owner, in_team) in before.items():
            self._check_move(who, owner=owner, in_team=in_team)
        self._check_order()
        if minutes == LONG:
            self._check_that_nobody_able_is_idle()

    @precondition(lambda self: self.floor.talks)
    @rule(data=some.data(), who=customers, name=names)
    def fall(self, data: some.DataObject, who: str, name: str) -> None:
        """Let a process fall before it commits: it is as if it had never begun."""
        acts = [
            lambda: self._send(who),
            lambda: settle(now=self.now + timedelta(minutes=LONG)),
        ]
        if who in self.floor.talks:
            acts.append(lambda: self._pin(who, name))
        if self._is_open(who):
            acts.append(lambda: self._assign(who, team=self.team))
            acts.append(lambda: self._assign(who, person=self.rows[name]))
        act = data.draw(some.sampled_from(acts))
        before, instant = everything(), self.now

        with pytest.raises(CrashError):
            self._fall_after(act)

        self.now = instant
        assert everything() == before

    # --- What holds after each of them

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        for who, talk in self.floor.talks.items():
            row = self._latest(who)
            assert (row.pk, row.status in OPEN) == (talk.pk, talk.is_open), who
            if talk.is_open:
                owner = row.assignee.name if row.assignee else None
                assert (owner, row.team_id is not None) == (talk.owner, talk.in_team), who
        for name, row in self.rows.items():
            row.refresh_from_db()
            assert row.load == self.floor.load(name), name

    @invariant()
    def every_promise_is_kept(self) -> None:
        assert not broken_promises()

    @invariant()
    def every_decision_comes_out_the_same_again(self) -> None:
        assert not different_decisions()

    @invariant()
    def nothing_went_wrong_unseen(self) -> None:
        assert not self.mishaps.seen

    # --- Steps

    def _pass(self, *, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def _latest(self, who: str) -> Conversation:
        theirs = Conversation.objects.filter(identity__address=CUSTOMERS[who])
        return theirs.select_related("contact", "assignee").order_by("-pk")[0]

    def _is_open(self, who: str) -> bool:
        return who in self.floor.talks and self.floor.talks[who].is_open

    def _send(self, who: str) -> None:
        self.sent += 1
        config, url = config_of(self.channel), inbound_url(self.channel)
        fields = message_fields(
            config,
            address=CUSTOMERS[who],
            text="Hello?",
            message_sid=f"SM{self.sent:032x}",
            profile_name=who,
        )
        body, headers = build_signed_form(config, url=url, fields=fields)
        kind = headers["Content-Type"]
        request = InboundRequest(url=url, content_type=kind, body=body, headers=headers)
        intake.receive(self.channel, request=request, now=self.now)

    def _assign(self, who: str, **to: Any) -> None:
        self._pass(seconds=1)
        assignment.assign_to(self._latest(who), actor=SYSTEM, now=self.now, **to)

    def _pin(self, who: str, name: str) -> None:
        self._pass(seconds=1)
        chat = self._latest(who)
        person = self.rows[name]
        assignment.pin(chat.contact, person=person, conversation=chat, actor=SYSTEM, now=self.now)

    def _reply(self, who: str, *, author: User) -> None:
        actor = Actor.person(author.pk, author.name)
        with suppress(ReplyRefusedError):  # the customer wrote more than a day ago
            replies.queue_reply(
                self._latest(who), author=author, body="Hello.", actor=actor, now=self.now
            )

    @transaction.atomic
    def _fall_after(self, act: Callable[[], object]) -> None:
        act()
        raise CrashError

    def _look(self) -> None:
        """Take over what the sweeps did: the rules for that are checked apart."""
        for who, talk in self.floor.talks.items():
            row = self._latest(who)
            if talk.is_open:
                talk.owner = row.assignee.name if row.assignee else None
        self._see_which_are_the_teams()

    def _see_which_are_the_teams(self) -> None:
        for who, talk in self.floor.talks.items():
            if talk.is_open:
                talk.in_team = self._latest(who).team_id is not None
        cursor = Team.objects.select_related("cursor_member").get().cursor_member
        self.floor.last = cursor.name if cursor else None

    # --- Laws of the sweeps

    def _check_move(self, who: str, *, owner: str | None, in_team: bool) -> None:
        """What somebody has stays with them or goes on in the team; only the team's is moved."""
        talk = self.floor.talks[who]
        if not talk.is_open or talk.owner == owner:
            return
        assert in_team, who
        assert talk.owner is not None, who
        assert self.floor.people[talk.owner].presence == Presence.ONLINE, who

    def _check_order(self) -> None:
        """Of what waited, whoever was given something had waited longest."""
        given = Decision.objects.filter(decided_at=self.now, trigger="waiting", outcome="assigned")
        placed = [
            (decision.conversation.waiting_since, decision.conversation_id)
            for decision in given.select_related("conversation").order_by("pk")
        ]
        has_lapsed = Assignment.objects.filter(end_reason=EndReason.LAPSED).exists()
        assert has_lapsed or placed == sorted(placed)

    def _check_that_nobody_able_is_idle(self) -> None:
        for who, talk in self.floor.talks.items():
            if talk.is_open and talk.owner is None and talk.in_team:
                lapsed = Assignment.objects.filter(
                    conversation=talk.pk, end_reason=EndReason.LAPSED
                ).values_list("user__name", flat=True)
                able = [name for name in NAMES if self.floor.is_able(name) and name not in lapsed]
                assert not able, f"{who} waits beside {able}"


@pytest.mark.django_db
def test_any_day() -> None:
    run_state_machine_as_test(
        AnyDay,
        settings=settings(
            max_examples=DAYS,
            stateful_step_count=ACTS_A_DAY,
            derandomize="RELAYDESK_DAYS" not in os.environ,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
