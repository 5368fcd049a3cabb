"""Lives the promises of `stories.py` through the real services, at past instants.

Whatever conversation a promise is about was over long before, so that nothing of the two weeks
before has to be told again.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import translation

from callbacks.demo import stories
from callbacks.demo.stories import Coming, Past
from callbacks.models import Callback
from callbacks.refusals import WarnedError
from callbacks.services import calling, changing, firing, scheduling, team_settings
from callbacks.services.scheduling import Wish
from callbacks.slots import Slot, at_instant, at_wall_time
from conversations.actors import Actor
from conversations.models import Conversation, Event
from conversations.services import closing, lifecycle
from conversations.states import Status
from conversations.wake import without_waking
from routing.demo import founding, ticks
from routing.demo.schedule import Schedule
from routing.demo.shop import LINES as LINES_OF_SHOP
from teams.models import User

#: Promises are for round times.
ROUND = timedelta(minutes=5)
#: Everything of a conversation was over before the first of these promises.
QUIET_SINCE = timedelta(hours=50)
LINES = ("tokyo", "paris")
SURVEY_WAITS = timedelta(hours=24, minutes=1)
RESOLVED_AFTER = timedelta(minutes=2)
ANYWAY = "The customer asked for this time."
Drain = Callable[..., bool]


@transaction.atomic
def tell(*, language: str, now: datetime) -> int:
    """Tell everything of the shop's promises until `now`; return how many there are."""
    with without_waking(), translation.override(language):
        teller = _Teller(now)
        for code, settings in stories.SETTINGS.items():
            team_settings.change(teller.shop.teams[code], **settings)
        for past in stories.PAST:
            teller.plan(past)
        teller.schedule.play(until=now)
        teller.promise_ahead()
        teller.promise_for_the_shop()
    # Nobody listened then: the outbox begins empty.
    Event.objects.unpublished().update(published_at=now)
    return Callback.objects.count()


class _Teller:
    """The shop, and conversations that are over, one for each promise."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.shop = founding.find()
        self.schedule = Schedule()
        self._over = {line: _find_over(line, by=now - QUIET_SINCE) for line in LINES}

    # --- What was

    def plan(self, past: Past) -> None:
        """Plan when it was promised and due; what follows is planned when that happens."""
        conversation = next(self._over[past.line], None)
        if conversation is None:
            return
        due = _rounded(self.now - past.due)
        slot = at_instant(due, zone=conversation.channel.time_zone)
        self.schedule.plan(due - past.said, partial(self._promise, past, conversation, slot))

    def _promise(self, past: Past, conversation: Conversation, slot: Slot, now: datetime) -> None:
        callback = self._schedule(past, conversation, slot=slot, now=now)
        if past.cancelled is not None:
            at = slot.at - past.cancelled
            self.schedule.plan(at, partial(self._cancel, callback, past))
            return
        self.schedule.plan(slot.at, partial(_drain, firing.fire_next))
        hold_s = scheduling.settings_of(callback.team).owned_hold_s
        self.schedule.plan(
            slot.at + timedelta(seconds=hold_s + 1), partial(_drain, firing.follow_next)
        )
        if past.begun is not None:
            self.schedule.plan(slot.at + past.begun, partial(self._begin, callback, past, slot))

    def _begin(self, callback: Callback, past: Past, slot: Slot, now: datetime) -> None:
        user = self._somebody(past.caller)
        calling.start(callback, user=user, actor=_actor(user), now=now)
        if past.done is not None:
            self.schedule.plan(slot.at + past.done, partial(self._finish, callback, past))

    def _finish(self, callback: Callback, past: Past, now: datetime) -> None:
        user = self._somebody(past.caller)
        callback = calling.complete(
            callback, outcome=past.outcome, note=past.end_note, actor=_actor(user), now=now
        )
        if callback.conversation is not None:
            resolve = partial(self._resolve, callback.conversation, user)
            self.schedule.plan(now + RESOLVED_AFTER, resolve)

    def _resolve(self, conversation: Conversation, user: User, now: datetime) -> None:
        conversation.refresh_from_db()
        if conversation.status != Status.IN_PROGRESS:
            return
        lifecycle.resolve(conversation, actor=_actor(user), now=now)
        ticks.carry(conversation.pk, now=now)
        self.schedule.plan(now + SURVEY_WAITS, partial(_drain, closing.close_next_expired))

    def _cancel(self, callback: Callback, past: Past, now: datetime) -> None:
        actor = _actor(self._somebody("ana"))
        changing.cancel(callback, reason=past.reason, actor=actor, now=now)

    # --- What is to come

    def promise_ahead(self) -> None:
        over = {line: _find_over(line, by=self.now) for line in LINES}
        for coming in stories.COMING:
            conversation = next(over[coming.line], None)
            if conversation is not None:
                slot = self._slot(coming, zone=conversation.channel.time_zone)
                self._schedule(coming, conversation, slot=slot, now=self.now)

    def promise_for_the_shop(self) -> None:
        """Let another system promise a call to somebody who has no conversation."""
        coming = stories.FROM_THE_SHOP
        user = self._somebody(coming.by)
        wish = Wish(
            number=stories.ITS_NUMBER,
            name=stories.ITS_NAME,
            team=self.shop.teams[coming.team],
            slot=self._slot(coming, zone="Europe/London"),
            data=dict(stories.ITS_DATA),
            override_reason=ANYWAY,
            is_checked=False,
        )
        channel = self.shop.channels[coming.line]
        actor = Actor.api(user.pk, "Web shop")
        scheduling.schedule(None, wish=wish, channel=channel, actor=actor, now=self.now)

    def _slot(self, coming: Coming, *, zone: str) -> Slot:
        today = at_instant(self.now, zone=zone).day
        return at_wall_time(today + timedelta(days=coming.days), coming.clock, zone=zone)

    def _schedule(
        self, story: Past | Coming, conversation: Conversation, *, slot: Slot, now: datetime
    ) -> Callback:
        """Promise it; a time that something speaks against is one that the customer wanted."""

        def promise(reason: str) -> Callback:
            wish = Wish(
                team=self.shop.teams[story.team],
                slot=slot,
                claim=story.claim,
                agent=self.shop.people.get(story.agent),
                note=story.note,
                override_reason=reason,
                is_checked=False,
            )
            actor = _actor(self._somebody(story.by))
            return scheduling.schedule(conversation, wish=wish, actor=actor, now=now)

        try:
            return promise("")
        except WarnedError:
            return promise(ANYWAY)

    def _somebody(self, handle: str) -> User:
        return self.shop.people[handle]


def _find_over(line: str, *, by: datetime) -> Iterator[Conversation]:
    """Yield conversations of a line that were closed by then, and their customers did no more."""
    number = {each.key: each.number for each in LINES_OF_SHOP}[line]
    closed = Conversation.objects.filter(
        channel__phone_number=number, status=Status.CLOSED, closed_at__lte=by
    )
    related = ("channel", "contact", "identity__contact", "team")
    for pk in list(closed.order_by("-pk").values_list("pk", flat=True)):
        conversation = closed.select_related(*related).get(pk=pk)
        mine = Conversation.objects.filter(contact=conversation.contact_id)
        promised = Callback.objects.filter(identity__contact=conversation.contact_id)
        if not mine.filter(pk__gt=pk).exists() and not promised.exists():
            yield conversation


def _drain(do_next: Drain, now: datetime) -> None:
    while do_next(now=now):
        pass


def _rounded(at: datetime) -> datetime:
    return at - timedelta(
        minutes=at.minute % (ROUND // timedelta(minutes=1)),
        seconds=at.second,
        microseconds=at.microsecond,
    )


def _actor(user: User) -> Actor:
    return Actor.person(user.pk, user.name)
