"""Two weeks in the fictional shop, lived through the real services at past instants.

Everybody acts by the same seed: customers write, people answer in their own time, conversations
are resolved and rated. What is planned for later than the end stays undone: that is the present.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation
from conversations.services import closing, lifecycle, replies
from conversations.services.replies import ReplyRefusedError
from conversations.states import OPEN, Status
from routing.demo import ticks
from routing.demo.crowd import Crowd, Talk
from routing.demo.founding import Shop
from routing.demo.pace import Pace
from routing.demo.roster import Change, Roster
from routing.demo.schedule import Schedule
from routing.demo.shop import PEOPLE
from routing.demo.talk import NOTES
from routing.services import assignment, intake, reassignment, waiting
from routing.simulator.requests import Caller, as_inbound_request, build_inbound
from teams.models import Presence, User
from teams.services import presence

FAILURES = ("63016", "63024", "30008")
PACES = {person.handle: person.pace for person in PEOPLE}
TAKEN_FROM_QUEUE_BY = ("ines", "min")
RESOLVED_STAYS_OPEN = timedelta(hours=25)


class Life:
    """The shop, its customers, and what everybody is about to do."""

    def __init__(self, shop: Shop, *, roster: Roster, crowd: Crowd, rng: random.Random) -> None:
        self.shop = shop
        self.roster = roster
        self.rng = rng
        self.pace = Pace(rng)
        self.crowd = crowd
        self.schedule = Schedule()
        self.talks: dict[int, Talk] = {}
        self.handles = {user.pk: handle for handle, user in shop.people.items()}
        self._seen_assignment = 0
        self._waiting: set[int] = set()

    def live(
        self,
        arrivals: Iterable[tuple[datetime, str]],
        *,
        unattended: Iterable[tuple[datetime, str]],
        until: datetime,
    ) -> None:
        """Play everything from the first arrival to `until`. Nobody takes the unattended ones."""
        for change in self.roster.changes:
            self.schedule.plan(change.at, partial(self._change_presence, change))
        for at, line in arrivals:
            self.schedule.plan(at, partial(self._begin, line))
        for at, line in unattended:
            self.schedule.plan(at, partial(self._begin_unattended, line))
        self.schedule.play(until=until)

    # --- Customers

    def _begin(self, line: str, now: datetime) -> None:
        self._open_talk(self.crowd.start_talk(line, now=now), now)

    def _begin_unattended(self, line: str, now: datetime) -> None:
        """Somebody asks what a team answers that takes from its queue by hand: it waits."""
        talk = self.crowd.start_talk_about("order", line=line, now=now)
        talk.is_unattended = True
        self._open_talk(talk, now)

    def _open_talk(self, talk: Talk, now: datetime) -> None:
        talk.customer.free_at = datetime.max.replace(tzinfo=now.tzinfo)
        self.write(talk, self.rng.choice(talk.script.asks), now)

    def write(self, talk: Talk, text: str, now: datetime) -> None:
        """Let the customer write, through the same intake as any provider's request."""
        channel = self.shop.channels[talk.line]
        caller = Caller(talk.customer.number, talk.customer.name)
        sid = f"SM{self.rng.getrandbits(128):032x}"
        request = build_inbound(channel, caller=caller, text=text, sid=sid)
        receipt = intake.receive(channel, request=as_inbound_request(request), now=now)
        if receipt.conversation_id is None or receipt.conversation_id in self.talks:
            self._notice_assignments(now)
            return
        talk.conversation_id = receipt.conversation_id
        self.talks[talk.conversation_id] = talk
        self._introduce(talk)
        if talk.conversation_id not in self._notice_assignments(now):
            self._wait(talk.conversation_id, now)

    def _wait(self, conversation_id: int, now: datetime) -> None:
        """The team that works by hand takes it at some time; the others' sweep finds somebody."""
        conversation = self._open(conversation_id)
        if self.talks[conversation_id].is_unattended:
            return
        if conversation is None or conversation.team_id == self.shop.teams["success"].pk:
            self._plan(now, 12, partial(self._take_from_queue, conversation_id))
        else:
            self._waiting.add(conversation_id)

    def _introduce(self, talk: Talk) -> None:
        """What a CRM would know of a customer after the first message."""
        tags = ["vip"] if talk.customer.is_vip else []
        Contact.objects.filter(conversations=talk.conversation_id, language="").update(
            language=talk.customer.voice.language, tags=tags
        )

    def _add(self, talk: Talk, now: datetime) -> None:
        conversation = self._open(talk.conversation_id)
        if conversation is None:
            return
        self.write(talk, self.rng.choice(talk.script.adds), now)
        if conversation.assignee_id is not None:
            self._plan_answer(conversation.pk, conversation.assignee_id, now)

    def _thank(self, talk: Talk, now: datetime) -> None:
        if self._open(talk.conversation_id) is not None:
            self.write(talk, self.rng.choice(talk.customer.voice.thanks), now)
            self._plan(now, 4, partial(self._resolve, talk.conversation_id))

    def _rate(self, talk: Talk, now: datetime) -> None:
        self.write(talk, str(self.pace.rating()), now)

    def _come_back(self, talk: Talk, now: datetime) -> None:
        talk.rounds = 0
        self.write(talk, self.rng.choice(talk.customer.voice.regrets), now)

    # --- People

    def _change_presence(self, change: Change, now: datetime) -> None:
        user = self.shop.people[change.handle]
        reason = _(change.reason) if change.reason else ""
        presence.set_presence(user, presence=change.presence, now=now, reason=reason)
        if change.presence == Presence.ONLINE:
            self._place_waiting(now)

    def _answer(self, conversation_id: int, user_id: int, now: datetime) -> None:
        conversation = self._open(conversation_id)
        if conversation is None or conversation.assignee_id != user_id:
            return
        handle = self.handles[user_id]
        online = self.roster.first_online(handle, since=now)
        if online is None:
            return
        if online > now:
            self._plan(online, 8, partial(self._answer, conversation_id, user_id))
            return
        self._write_answer(self.talks[conversation_id], conversation, handle, now)

    def _write_answer(
        self, talk: Talk, conversation: Conversation, handle: str, now: datetime
    ) -> None:
        user = self.shop.people[handle]
        actor = Actor.person(user.pk, user.name)
        if self.pace.happens("notes"):
            note = self.rng.choice(NOTES)
            replies.add_note(conversation, author=user, body=note, actor=actor, now=now)
        is_last = talk.rounds <= 0
        texts = talk.script.answers
        body = texts[min(talk.answers, len(texts) - 1)]
        if is_last and talk.answers:
            body = self.rng.choice(talk.customer.voice.closing)
        try:
            replies.queue_reply(conversation, author=user, body=body, actor=actor, now=now)
        except ReplyRefusedError:
            # Outside the 24 hours only a template could go, so the person phones and is done.
            lifecycle.resolve(conversation, actor=actor, now=now)
            return
        self._send(conversation.pk, now)
        talk.answers += 1
        self._go_on(talk, conversation, now)

    def _go_on(self, talk: Talk, conversation: Conversation, now: datetime) -> None:
        """Plan what follows an answer: another question, thanks, another team, or the end."""
        talk.rounds -= 1
        if talk.answers == 1 and self.pace.happens("hands_over"):
            self._plan(now, 3, partial(self._hand_over, conversation.pk))
        elif talk.rounds >= 0:
            self._plan(now, 6, partial(self._add, talk))
        elif self.pace.happens("thanks"):
            self._plan(now, 7, partial(self._thank, talk))
        else:
            self._plan(now, 14, partial(self._resolve, conversation.pk))

    def _hand_over(self, conversation_id: int, now: datetime) -> None:
        conversation = self._open(conversation_id)
        if conversation is None or conversation.assignee is None:
            return
        other = "support" if conversation.team_id != self.shop.teams["support"].pk else "sales"
        actor = Actor.person(conversation.assignee.pk, conversation.assignee.name)
        team = self.shop.teams[other]
        assignment.assign_to(conversation, team=team, actor=actor, now=now)
        self._notice_assignments(now)

    def _take_from_queue(self, conversation_id: int, now: datetime) -> None:
        """Somebody of the team that works by hand takes what waits, when there is room."""
        conversation = self._open(conversation_id)
        if conversation is None or conversation.assignee_id is not None:
            return
        takers = [(self.roster.first_online(h, since=now), h) for h in TAKEN_FROM_QUEUE_BY]
        online, handle = min((at, h) for at, h in takers if at is not None)
        user = User.objects.get(pk=self.shop.people[handle].pk)
        is_free = user.capacity is None or user.load < user.capacity
        is_theirs = conversation.team_id == self.shop.teams["success"].pk
        if online > now or not is_free or not is_theirs:
            later = max(online, now)
            self._plan(later, 20, partial(self._take_from_queue, conversation_id))
            return
        actor = Actor.person(user.pk, user.name)
        assignment.claim(conversation, user=user, actor=actor, now=now)
        self._notice_assignments(now)

    def _resolve(self, conversation_id: int, now: datetime) -> None:
        conversation = self._open(conversation_id)
        if conversation is None or conversation.status != Status.IN_PROGRESS:
            return
        assignee = conversation.assignee
        actor = Actor.person(assignee.pk, assignee.name) if assignee else Actor.system()
        lifecycle.resolve(conversation, actor=actor, now=now)
        self._send(conversation_id, now)
        self._place_waiting(now)
        talk = self.talks[conversation_id]
        talk.customer.free_at = now + RESOLVED_STAYS_OPEN
        self.schedule.plan(now + timedelta(hours=24, minutes=1), self._close_expired)
        if self.pace.happens("rates"):
            self._plan(now, 12, partial(self._rate, talk))
        elif self.pace.happens("comes_back"):
            self._plan(now, 60, partial(self._come_back, talk))

    # --- What runs by itself

    def _send(self, conversation_id: int, now: datetime) -> None:
        """Send what was just queued, and let the provider report on it."""
        failure = self.rng.choice(FAILURES) if self.pace.happens("fails") else ""
        message = ticks.carry(conversation_id, now=now, failure=failure)
        if message is not None and not failure and self.pace.happens("reads"):
            self._plan(now, 2, partial(ticks.read, message))

    def _place_waiting(self, now: datetime) -> None:
        while self._waiting and waiting.place_next(now=now):
            pass
        self._notice_assignments(now)

    def _reassign(self, now: datetime) -> None:
        while reassignment.reassign_next(now=now):
            pass
        self._notice_assignments(now)

    def _close_expired(self, now: datetime) -> None:
        while closing.close_next_expired(now=now):
            pass

    def _notice_assignments(self, now: datetime) -> set[int]:
        """Let everybody who was just given something plan to answer it; return what was given."""
        given = Assignment.objects.filter(pk__gt=self._seen_assignment, user__isnull=False)
        rows = given.order_by("pk").values_list(
            "pk", "conversation_id", "user_id", "conversation__reply_due_at"
        )
        noticed = set()
        for pk, conversation_id, user_id, reply_due_at in rows:
            self._seen_assignment = pk
            noticed.add(conversation_id)
            self._waiting.discard(conversation_id)
            self._plan_answer(conversation_id, user_id, now)
            if reply_due_at is not None:
                self.schedule.plan(reply_due_at + timedelta(seconds=2), self._reassign)
        return noticed

    def _plan_answer(self, conversation_id: int, user_id: int, now: datetime) -> None:
        minutes = 55.0 if self.pace.happens("forgets") else 4.0
        pace = PACES[self.handles[user_id]]
        self._plan(now, minutes * pace, partial(self._answer, conversation_id, user_id))

    def _plan(self, now: datetime, minutes: float, happening: partial[None]) -> None:
        """Plan something for about so many minutes from now."""
        self.schedule.plan(self.pace.later(now, minutes), happening)

    def _open(self, conversation_id: int) -> Conversation | None:
        """Return the conversation as it is now, if it is open."""
        return (
            Conversation.objects.select_related("assignee")
            .filter(pk=conversation_id, status__in=OPEN)
            .first()
        )
