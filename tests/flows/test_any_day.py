"""Whatever happens on a floor, in whatever order: it is as anybody would have said beforehand.

`RELAYDESK_DAYS=500` lives more days than the usual few, and other ones each time.
"""

import logging
import os
from collections.abc import Callable
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
from channels.greetings import TextKind
from channels.models import Provider
from channels.providers import config_of
from channels.providers.base import InboundRequest
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.actors import Actor
from conversations.models import (
    Assignment,
    Contact,
    ContactMerge,
    Conversation,
    Event,
    Identity,
    Message,
    Survey,
)
from conversations.models.assignment import EndReason
from conversations.services import labels, lifecycle, merging, replies
from conversations.services.labels import TagsLockedError
from conversations.services.merging import MergeRefusedError
from conversations.services.replies import ReplyRefusedError
from routing.models import Decision
from routing.services import assignment, intake
from teams.models import Presence, Team, User
from teams.services import people, presence
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.faults.promises import broken_promises, different_decisions
from tests.flows.floor_model import (
    INACTIVE_AFTER,
    RATING_WAIT,
    Floor,
    Person,
    State,
    Talk,
)
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
texts = some.sampled_from(["Hello?", "Hello?", "5", "2", "STOP", "START"])
#: Longer than the longest pause between two looks at what waits.
LONG = 20
#: Nobody wrote for so long that what is answered is over, and so is every wait for a rating.
VERY_LONG = 65
STATES = {
    "new": {State.OPEN},
    "in_progress": {State.OPEN},
    "snoozed": {State.SNOOZED},
    "resolved": {State.ASKED, State.ASKED_WHY},
    "closed": {State.CLOSED},
}


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
    tables = (
        *(Assignment, Contact, ContactMerge, Conversation, Decision, Event),
        *(Identity, Message, Survey, Team, User),
    )
    return [list(table.objects.order_by("pk").values()) for table in tables]


def refusal_of(act: Callable[[], object]) -> str:
    """Do it; return the code with which it was refused, blank if it was not."""
    try:
        act()
    except (MergeRefusedError, ReplyRefusedError, TagsLockedError) as refused:
        return refused.code
    return ""


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

    @initialize(
        capacities=some.tuples(*[some.none() | some.integers(0, 2)] * 3),
        is_asking=some.booleans(),
        is_asking_why=some.booleans(),
    )
    def open_the_floor(
        self, *, capacities: tuple[int | None, ...], is_asking: bool, is_asking_why: bool
    ) -> None:
        self.now, self.sent = WEDNESDAY_MORNING, 0
        self.rows = {
            name: make_agent(name=name, capacity=capacity)
            for name, capacity in zip(NAMES, capacities, strict=True)
        }
        self.team = make_team(
            members=tuple(self.rows.values()), is_reassigning=True, reassign_after_s=180
        )
        make_rule(team=self.team)
        self.channel = make_channel(
            provider=Provider.SIMULATOR,
            has_survey=is_asking,
            survey_wait_s=RATING_WAIT.total_seconds(),
            auto_resolve_after_s=INACTIVE_AFTER.total_seconds(),
            texts={TextKind.SURVEY_COMMENT: "Why?"} if is_asking_why else {},
        )
        crew = {name: Person(capacity=row.capacity) for name, row in self.rows.items()}
        self.floor = Floor(crew, is_asking, is_asking_why)
        self.contacts: dict[str, Contact] = {}

    # --- What customers, colleagues and other systems do

    @rule(who=customers, text=texts)
    def write(self, who: str, text: str) -> None:
        self._pass(seconds=1)
        self._send(who, text)
        talk = self.floor.hear(who, text, now=self.now)
        if talk is None:
            newest = Conversation.objects.select_related("contact").latest("pk")
            self.contacts.setdefault(who, newest.contact)
            talk = self.floor.begin(who, newest.pk, now=self.now)
        if text == "STOP":
            self.floor.opted_out |= {who, talk.by}
        elif text == "START":
            self.floor.opted_out -= {who, talk.by}

    @rule(who=customers, rating=some.sampled_from(["1", "4"]), comment=texts)
    def say_how_it_was(self, who: str, rating: str, comment: str) -> None:
        if self._state(who) == State.ASKED:
            self.write(who, rating)
        if self._state(who) == State.ASKED_WHY:
            self.write(who, comment)

    @rule(who=customers, name=names)
    def assign_to_a_person(self, who: str, name: str) -> None:
        if talk := self._open(who):
            self._assign(talk, person=self.rows[name])
            self.floor.give_to(talk, name)

    @rule(who=customers)
    def assign_to_the_team(self, who: str) -> None:
        if talk := self._open(who):
            self._assign(talk, team=self.team)
            self.floor.give_to_team(talk)

    @rule(who=customers)
    def unassign(self, who: str) -> None:
        if talk := self._open(who):
            self._pass(seconds=1)
            assignment.unassign(self._row(talk), actor=SYSTEM, now=self.now)
            self.floor.take_away(talk)

    @rule(who=customers, name=names)
    def pin(self, who: str, name: str) -> None:
        if talk := self.floor.current(who):
            self._pin(talk, name)
            self.floor.pins[self.floor.contacts[who]] = name
            if talk.is_open:
                self.floor.give_to(talk, name)

    @rule(who=customers)
    def unpin(self, who: str) -> None:
        if talk := self.floor.current(who):
            assignment.unpin(self._row(talk).contact, actor=SYSTEM, now=self.now)
            self.floor.pins.pop(self.floor.contacts[who], None)

    @rule(who=customers)
    def answer(self, who: str) -> None:
        """Let whoever has it answer: nothing is due any more, and nothing moves."""
        talk = self._open(who)
        if talk and talk.owner:
            self._pass(seconds=1)
            refusal = self._reply(talk, author=self.rows[talk.owner])
            assert (refusal == "") == self.floor.may_be_written_to(talk, now=self.now), refusal
            if not refusal:
                talk.is_answered, talk.said_at = True, self.now

    @rule(who=customers, is_forever=some.booleans())
    def snooze(self, *, who: str, is_forever: bool) -> None:
        if talk := self._open(who):
            self._pass(seconds=1)
            until = None if is_forever else self.now + timedelta(minutes=10)
            lifecycle.snooze(self._row(talk), until=until, actor=SYSTEM, now=self.now)
            self.floor.snooze(talk, until=until)

    @rule(who=customers)
    def resolve(self, who: str) -> None:
        if self._state(who) in (State.OPEN, State.SNOOZED):
            self._pass(seconds=1)
            self._resolve(who)
            talk = self.floor.current(who)
            assert talk is not None
            self.floor.resolve(talk, now=self.now)

    @rule(who=customers)
    def reopen(self, who: str) -> None:
        """Open it again: it is routed at once, to whom it belongs or who had it."""
        talk = self.floor.current(who)
        if talk is not None and not talk.is_open:
            self._pass(seconds=1)
            lifecycle.reopen(self._row(talk), actor=SYSTEM, now=self.now)
            assert assignment.route_next(now=self.now)
            self.floor.open_again(talk)
            self._see_which_are_the_teams()

    @rule(who=customers, priority=some.none() | some.integers(-1, 1), tag=some.sampled_from("ab"))
    def label(self, who: str, priority: int | None, tag: str) -> None:
        if talk := self.floor.current(who):
            row, tags = self._row(talk), (*talk.tags, tag)
            refusal = refusal_of(
                lambda: labels.change(row, tags=tags, priority=priority, actor=SYSTEM, now=self.now)
            )
            assert (refusal != "") == (talk.state == State.CLOSED)
            if not refusal:
                talk.tags = tuple(dict.fromkeys(tags))
                talk.priority = talk.priority if priority is None else priority

    # --- Who is who

    @rule(who=customers, into=customers)
    def merge(self, who: str, into: str) -> None:
        if {who, into} <= set(self.contacts):
            wanted = self.floor.why_not_merge(who, into)
            assert refusal_of(lambda: self._merge(who, into)) == wanted
            if not wanted:
                self.floor.merge(who, into)

    @rule(who=customers)
    def part(self, who: str) -> None:
        if who in self.contacts:
            wanted = self.floor.why_not_part(who)
            assert refusal_of(lambda: self._part(who)) == wanted
            if not wanted:
                self.floor.part(who)

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

    @rule(minutes=some.sampled_from([1, 4, LONG, VERY_LONG]))
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
        before = [(talk, talk.owner, talk.in_team) for talk in self.floor.talks if talk.is_open]
        asleep = [(t, t.owner) for t in self.floor.talks if t.state == State.SNOOZED]
        settle(now=self.now)
        for talk in self.floor.talks:
            self.floor.let_time_pass(talk, now=self.now)
        self._check_waking(asleep)
        self._look()
        for talk, owner, in_team in before:
            self._check_move(talk, owner=owner, in_team=in_team)
        self._check_order()
        if minutes >= LONG:
            self._check_that_nobody_able_is_idle()

    @precondition(lambda self: self.floor.talks)
    @rule(data=some.data(), who=customers, into=customers, name=names, text=texts)
    def fall(self, data: some.DataObject, who: str, into: str, name: str, text: str) -> None:
        """Let a process fall before it commits: it is as if it had never begun."""
        acts: list[Callable[[], object]] = [
            lambda: self._send(who, text),
            lambda: settle(now=self.now + timedelta(minutes=LONG)),
        ]
        if {who, into} <= set(self.contacts):
            acts.append(lambda: refusal_of(lambda: self._merge(who, into)))
            acts.append(lambda: refusal_of(lambda: self._part(who)))
        if current := self.floor.current(who):
            acts.append(lambda: self._pin(current, name))
        if talk := self._open(who):
            acts.append(lambda: self._assign(talk, team=self.team))
            acts.append(lambda: self._assign(talk, person=self.rows[name]))
            acts.append(lambda: self._resolve(who))
        act = data.draw(some.sampled_from(acts))
        before, instant = everything(), self.now

        with pytest.raises(CrashError):
            self._fall_after(act)

        self.now = instant
        assert everything() == before

    # --- What holds after each of them

    @invariant()
    def everybody_has_what_the_model_says(self) -> None:
        rows = Conversation.objects.select_related("assignee", "contact").in_bulk()
        assert set(rows) == {talk.pk for talk in self.floor.talks}
        for talk in self.floor.talks:
            row = rows[talk.pk]
            assert talk.state in STATES[row.status], (row.status, talk)
            assert row.contact == self.contacts[self.floor.contacts[talk.by]], talk
            assert (tuple(row.tags), row.priority) == (talk.tags, talk.priority), talk
            if talk.is_open:
                owner = row.assignee.name if row.assignee else None
                assert (owner, row.team_id is not None) == (talk.owner, talk.in_team), talk
        for name, person in self.rows.items():
            person.refresh_from_db()
            assert person.load == self.floor.load(name), name

    @invariant()
    def every_resolution_is_asked_about_once(self) -> None:
        stored: dict[int, list[Any]] = {talk.pk: [] for talk in self.floor.talks}
        for row in Survey.objects.order_by("pk"):
            stored[row.conversation_id].append((row.status, row.rating, row.comment))
        for talk in self.floor.talks:
            asked = [(each.status, each.rating, each.comment) for each in talk.surveys]
            assert stored[talk.pk] == asked, talk

    @invariant()
    def whoever_wants_no_messages_is_known(self) -> None:
        rows = Identity.objects.filter(opted_out_at__isnull=False)
        opted_out = set(rows.values_list("address", flat=True))
        assert opted_out == {CUSTOMERS[who] for who in self.floor.opted_out}

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

    def _row(self, talk: Talk) -> Conversation:
        rows = Conversation.objects.select_related("contact", "assignee", "channel")
        return rows.get(pk=talk.pk)

    def _state(self, who: str) -> State | None:
        talk = self.floor.current(who)
        return talk.state if talk else None

    def _open(self, who: str) -> Talk | None:
        talk = self.floor.current(who)
        return talk if talk and talk.is_open else None

    def _send(self, who: str, text: str) -> None:
        self.sent += 1
        config, url = config_of(self.channel), inbound_url(self.channel)
        fields = message_fields(
            config,
            address=CUSTOMERS[who],
            text=text,
            message_sid=f"SM{self.sent:032x}",
            profile_name=who,
        )
        body, headers = build_signed_form(config, url=url, fields=fields)
        kind = headers["Content-Type"]
        request = InboundRequest(url=url, content_type=kind, body=body, headers=headers)
        intake.receive(self.channel, request=request, now=self.now)

    def _assign(self, talk: Talk, **to: Any) -> None:
        self._pass(seconds=1)
        assignment.assign_to(self._row(talk), actor=SYSTEM, now=self.now, **to)

    def _pin(self, talk: Talk, name: str) -> None:
        self._pass(seconds=1)
        chat = self._row(talk)
        person = self.rows[name]
        assignment.pin(chat.contact, person=person, conversation=chat, actor=SYSTEM, now=self.now)

    def _resolve(self, who: str) -> None:
        talk = self.floor.current(who)
        assert talk is not None
        lifecycle.resolve(self._row(talk), actor=SYSTEM, now=self.now)

    def _reply(self, talk: Talk, *, author: User) -> str:
        actor = Actor.person(author.pk, author.name)
        return refusal_of(
            lambda: replies.queue_reply(
                self._row(talk), author=author, body="Hello.", actor=actor, now=self.now
            )
        )

    def _merge(self, who: str, into: str) -> None:
        source, target = self.contacts[who], self.contacts[into]
        merging.merge(source, into=target, actor=SYSTEM, now=self.now)

    def _part(self, who: str) -> None:
        merging.unmerge(self.contacts[who], actor=SYSTEM, now=self.now)

    @transaction.atomic
    def _fall_after(self, act: Callable[[], object]) -> None:
        act()
        raise CrashError

    def _look(self) -> None:
        """Take over what the sweeps did: the rules for that are checked apart."""
        for talk in self.floor.talks:
            if talk.is_open:
                row = self._row(talk)
                talk.owner = row.assignee.name if row.assignee else None
        self._see_which_are_the_teams()

    def _see_which_are_the_teams(self) -> None:
        for talk in self.floor.talks:
            if talk.is_open:
                talk.in_team = self._row(talk).team_id is not None
        cursor = Team.objects.select_related("cursor_member").get().cursor_member
        self.floor.last = cursor.name if cursor else None

    # --- Laws of the sweeps

    def _check_waking(self, asleep: list[tuple[Talk, str | None]]) -> None:
        """What woke is with whom it belongs to, or who set it aside; nobody's may be anybody's."""
        for talk, before in asleep:
            if talk.is_open and (belongs := self.floor.pin_of(talk) or before):
                assert self._row(talk).assignee == self.rows[belongs], talk

    def _check_move(self, talk: Talk, *, owner: str | None, in_team: bool) -> None:
        """What somebody has stays with them or goes on in the team; only the team's is moved."""
        if not talk.is_open or talk.owner == owner:
            return
        assert in_team, talk
        assert talk.owner is not None, talk
        assert self.floor.people[talk.owner].presence == Presence.ONLINE, talk

    def _check_order(self) -> None:
        """Of what waited, whoever was given something was first in the queue."""
        given = Decision.objects.filter(decided_at=self.now, trigger="waiting", outcome="assigned")
        placed = [
            (-each.conversation.priority, each.conversation.waiting_since, each.conversation_id)
            for each in given.select_related("conversation").order_by("pk")
        ]
        has_lapsed = Assignment.objects.filter(end_reason=EndReason.LAPSED).exists()
        assert has_lapsed or placed == sorted(placed)

    def _check_that_nobody_able_is_idle(self) -> None:
        for talk in self.floor.talks:
            if talk.is_open and talk.owner is None and talk.in_team:
                lapsed = Assignment.objects.filter(
                    conversation=talk.pk, end_reason=EndReason.LAPSED
                ).values_list("user__name", flat=True)
                able = [name for name in NAMES if self.floor.is_able(name) and name not in lapsed]
                assert not able, f"{talk} waits beside {able}"


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
