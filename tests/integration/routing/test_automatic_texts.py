"""Greeting and unavailable message: once, at the right time, and never instead of anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from time_machine import Traveller

from channels.greetings import TextKind
from channels.models import Channel
from channels.services import texts
from conversations.actors import Actor
from conversations.models import AutomaticText, Contact, Conversation, Event, Identity, Message
from conversations.models.message import AuthorKind, Direction
from conversations.services import lifecycle, replies, surveys
from conversations.states import Status
from routing.models import Decision
from teams.hours import Interval
from teams.models import BusinessHours
from teams.services import hours
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db

# Tokyo is open on weekdays from 9 to 18: from 00:00 to 09:00 UTC.
MORNING = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)  # Wednesday, 10:00
NIGHT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)  # Wednesday, 22:00
HOUR = timedelta(hours=1)
GREETINGS = {"en": "Hello {contact_name}!", "ja": "{contact_name}様、こんにちは。"}
CLOSED = {
    "en": "{channel_name} is closed. We open {next_opening}.",
    "ja": "ただいま営業時間外です。{next_opening}から対応いたします。",
}


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def tokyo(clock: object) -> BusinessHours:
    office = (Interval(time(9), time(18)),)
    return hours.create(
        code="tokyo",
        name="Tokyo",
        time_zone="Asia/Tokyo",
        week=[office if day < 5 else () for day in range(7)],
    )


@pytest.fixture
def channel(tokyo: BusinessHours) -> Channel:
    channel = make_channel(
        name="Hoshi Bikes",
        provider="simulator",
        hours=tokyo,
        has_greeting=True,
        has_unavailable_message=True,
    )
    texts.replace(channel, kind=TextKind.GREETING, texts=GREETINGS)
    texts.replace(channel, kind=TextKind.UNAVAILABLE, texts=CLOSED)
    return channel


def sent() -> list[str]:
    """Return what customers were written, in order."""
    rows = Message.objects.filter(direction=Direction.OUTBOUND).order_by("pk")
    return list(rows.values_list("body", flat=True))


def skipped() -> list[tuple[str, str]]:
    events = Event.objects.filter(type="automatic_text.skipped").order_by("pk")
    return [(event.data["automatic"], event.data["reason"]) for event in events]


class TestTheGreeting:
    def test_is_off_unless_it_is_switched_on(self, channel: Channel) -> None:
        Channel.objects.update(has_greeting=False)

        customer_writes(channel, "Hi")

        assert sent() == []
        assert AutomaticText.objects.get(kind="greeting").reason == "off"

    def test_goes_out_as_an_automatic_message(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")

        greeting = Message.objects.get(direction=Direction.OUTBOUND)
        assert (greeting.body, greeting.author_kind) == ("Hello Dora!", AuthorKind.SYSTEM)
        assert (greeting.sequence, greeting.delivery_status) == (2, "queued")
        queued = Event.objects.get(type="message.queued")
        assert queued.data == {
            "automatic": "greeting",
            "message": str(greeting.public_id),
            "sequence": 2,
        }
        settle(now=MORNING)
        greeting.refresh_from_db()
        assert greeting.delivery_status == "sent"

    def test_is_no_answer(self, channel: Channel) -> None:
        alice = make_agent()
        make_rule(team=make_team(members=(alice,), reassign_after_s=600, is_reassigning=True))

        customer_writes(channel, "Hi")

        conversation = Conversation.objects.get()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert conversation.waiting_since == MORNING
        assert conversation.first_replied_at is None
        assert conversation.reply_due_at == MORNING + timedelta(minutes=10)

    def test_comes_with_the_first_message_only(self, channel: Channel, clock: Traveller) -> None:
        customer_writes(channel, "Hi")
        clock.shift(HOUR)
        customer_writes(channel, "Anybody there?")

        assert sent() == ["Hello Dora!"]

    def test_does_not_come_after_a_reopening(self, channel: Channel, clock: Traveller) -> None:
        Channel.objects.update(has_survey=True)
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        clock.shift(HOUR)
        customer_writes(channel, "One more thing")

        assert Conversation.objects.get().status == Status.NEW
        assert sent()[0] == "Hello Dora!"
        assert len(sent()) == 2  # and the question for a rating

    def test_comes_with_the_next_conversation(self, channel: Channel, clock: Traveller) -> None:
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        clock.shift(HOUR)
        customer_writes(channel, "Hi again")

        assert Conversation.objects.count() == 2
        assert sent() == ["Hello Dora!", "Hello Dora!"]

    def test_speaks_the_customers_language(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        Contact.objects.update(language="ja")
        customer_writes(channel, "こんにちは")

        assert sent()[1] == "Dora様、こんにちは。"

    def test_comes_once_however_often_the_message_arrives(self, channel: Channel) -> None:
        for _ in range(3):
            customer_writes(channel, "Hi", message_sid="SM" + "1" * 32)

        assert len(sent()) == 1

    def test_is_once_by_the_database_itself(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")

        with pytest.raises(IntegrityError), transaction.atomic():
            AutomaticText.objects.create(
                conversation=Conversation.objects.get(), kind="greeting", created_at=MORNING
            )

    def test_goes_to_nobody_who_opted_out(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        Identity.objects.update(opted_out_at=MORNING)
        customer_writes(channel, "Hi again")

        assert len(sent()) == 1
        assert skipped() == [("greeting", "opted_out")]

    def test_does_not_answer_a_word_that_stops_messages(self, channel: Channel) -> None:
        Channel.objects.update(stop_words="stop")
        customer_writes(channel, "Stop")

        assert sent() == []
        assert skipped() == [("greeting", "keyword")]

    def test_never_answers_our_own_number(self, channel: Channel) -> None:
        customer_writes(channel, "Hello Dora!", address=channel.phone_number)

        assert sent() == []
        assert skipped() == [("greeting", "own_number")]

    def test_that_has_no_text_says_so(self, channel: Channel) -> None:
        channel.texts.all().delete()
        customer_writes(channel, "Hi")

        assert sent() == []
        assert skipped() == [("greeting", "no_text")]

    def test_that_fails_leaves_the_message_safe(
        self, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alice = make_agent()
        make_rule(team=make_team(members=(alice,)))

        def fail(*_args: object, **_kwargs: object) -> None:
            raise IntegrityError("somebody else was faster")

        monkeypatch.setattr(surveys, "queue_automatic", fail)

        assert customer_writes(channel, "Hi").status_code == 200
        assert Conversation.objects.get().assignee == alice
        assert not AutomaticText.objects.exists()


class TestTheUnavailableMessage:
    def test_takes_the_place_of_the_greeting(self, channel: Channel, clock: Traveller) -> None:
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi")

        assert sent() == ["Hoshi Bikes is closed. We open Thursday, November 19, 09:00 (Tokyo)."]
        assert skipped() == [("greeting", "other_text")]

    def test_does_not_come_while_it_is_open(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")
        customer_writes(channel, "Hello?")

        assert sent() == ["Hello Dora!"]

    def test_comes_once_in_a_closure_and_again_in_the_next(
        self, channel: Channel, clock: Traveller
    ) -> None:
        for later in (0, 1, 3, 10):  # 22:00, 23:00, after midnight, just before nine
            clock.move_to(NIGHT + later * HOUR)
            customer_writes(channel, "Hi")
        assert len(sent()) == 1

        for at in (NIGHT + 12 * HOUR, NIGHT + 24 * HOUR, NIGHT + 30 * HOUR):
            clock.move_to(at)
            customer_writes(channel, "Hi")
        assert len(sent()) == 2
        told = AutomaticText.objects.filter(kind="unavailable").order_by("pk")
        assert [row.closed_since for row in told] == [
            datetime(2026, 11, day, 9, tzinfo=UTC) for day in (18, 19)
        ]

    def test_does_not_come_twice_over_a_weekend(self, channel: Channel, clock: Traveller) -> None:
        for day in (20, 21, 22):
            clock.move_to(datetime(2026, 11, day, 13, tzinfo=UTC))
            customer_writes(channel, "Hi")

        assert len(sent()) == 1

    def test_waits_while_a_person_is_writing(self, channel: Channel, clock: Traveller) -> None:
        alice = make_agent()
        customer_writes(channel, "Hi")
        clock.move_to(NIGHT)
        replies.queue_reply(
            Conversation.objects.get(),
            author=alice,
            body="I am still here.",
            actor=Actor.person(alice.pk, "Alice"),
            now=NIGHT,
        )
        for minutes in (1, 2):
            clock.move_to(NIGHT + timedelta(minutes=minutes))
            customer_writes(channel, "Great!")
        assert sent()[1:] == ["I am still here."]
        assert skipped() == [("unavailable", "person_wrote")]

        clock.move_to(NIGHT + timedelta(minutes=5))
        customer_writes(channel, "Are you there?")
        assert len(sent()) == 3
        told = AutomaticText.objects.get(kind="unavailable", closed_since__isnull=False)
        assert told.message is not None

    def test_leaves_routing_as_it_is(self, channel: Channel, clock: Traveller) -> None:
        alice = make_agent()
        make_rule(team=make_team(members=(alice,)))
        clock.move_to(NIGHT)

        customer_writes(channel, "Hi")

        assert Conversation.objects.get().assignee == alice

    def test_is_asked_for_again_when_a_conversation_reopens(
        self, channel: Channel, clock: Traveller
    ) -> None:
        Channel.objects.update(has_survey=True, has_greeting=False)
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        clock.move_to(NIGHT)
        customer_writes(channel, "One more thing")

        assert sent()[-1].startswith("Hoshi Bikes is closed.")

    def test_does_not_answer_a_rating(self, channel: Channel, clock: Traveller) -> None:
        Channel.objects.update(has_survey=True, has_greeting=False)
        customer_writes(channel, "Hi")
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        clock.move_to(NIGHT)
        customer_writes(channel, "5")

        assert len(sent()) == 1

    def test_tells_the_opening_in_the_customers_zone_and_language(
        self, channel: Channel, clock: Traveller
    ) -> None:
        Channel.objects.update(has_greeting=False)
        customer_writes(channel, "Hi", address="+33612345678")
        Contact.objects.update(language="ja")
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi", address="+33612345678")

        assert "木曜日, 11月19日, 01:00 (Paris)" in sent()[0]

    def test_follows_a_calendar_that_is_changed(
        self, channel: Channel, clock: Traveller, tokyo: BusinessHours
    ) -> None:
        customer_writes(channel, "Hi")
        hours.update(tokyo, week=[()] * 7)
        customer_writes(channel, "Hi")

        assert sent() == ["Hello Dora!", "Hoshi Bikes is closed. We open."]

    def test_without_a_text_makes_room_for_the_greeting(
        self, channel: Channel, clock: Traveller
    ) -> None:
        texts.replace(channel, kind=TextKind.UNAVAILABLE, texts={})
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi")

        assert sent() == ["Hello Dora!"]
        assert skipped() == [("unavailable", "no_text")]


class TestWhatIsKept:
    """Of each text, where a conversation starts; of the unavailable one, in each closure."""

    def kept(self) -> list[tuple[str, str]]:
        return list(AutomaticText.objects.order_by("pk").values_list("kind", "reason"))

    def test_names_both_texts_while_it_is_open(self, channel: Channel) -> None:
        customer_writes(channel, "Hi")
        customer_writes(channel, "Hello?")

        assert self.kept() == [("unavailable", "open"), ("greeting", "")]

    def test_names_what_is_switched_off(self, channel: Channel, clock: Traveller) -> None:
        Channel.objects.update(has_greeting=False)
        customer_writes(channel, "Hi")
        Channel.objects.update(has_greeting=True, has_unavailable_message=False)
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi", address="+819000000002")

        assert self.kept() == [
            ("unavailable", "open"),
            ("greeting", "off"),
            ("unavailable", "off"),
            ("greeting", ""),
        ]
        assert skipped() == []

    def test_is_nothing_where_both_are_off(self, channel: Channel, clock: Traveller) -> None:
        Channel.objects.update(has_greeting=False, has_unavailable_message=False)
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi")

        assert self.kept() == []

    def test_gets_a_row_for_each_closure(self, channel: Channel, clock: Traveller) -> None:
        customer_writes(channel, "Hi")
        for day in (0, 1):
            clock.move_to(NIGHT + timedelta(days=day))
            customer_writes(channel, "Still there?")

        assert self.kept() == [
            ("unavailable", "open"),
            ("greeting", ""),
            ("unavailable", ""),
            ("unavailable", ""),
        ]


class TestARuleThatAsksForOpenHours:
    def test_sees_the_channels_calendar(self, channel: Channel, clock: Traveller) -> None:
        day, night = make_agent(name="Alice"), make_agent(name="Bob")
        make_rule(
            name="Night",
            team=make_team(name="Night", members=(night,)),
            conditions=[("time.open_hours", "equals", "no")],
        )
        make_rule(name="Day", team=make_team(name="Day", members=(day,)))

        customer_writes(channel, "Hi")
        clock.move_to(NIGHT)
        customer_writes(channel, "Hi", address="+819000000002")

        owners = [c.assignee for c in Conversation.objects.order_by("pk")]
        assert owners == [day, night]
        assert Decision.objects.order_by("pk")[1].facts["situation"]["is_open"] is False


class TestWhatItCosts:
    def cost(self, channel: Channel, *, address: str = "+819000000001") -> int:
        with CaptureQueriesContext(connection) as queries:
            customer_writes(channel, "Hi", address=address)
        return len(queries)

    def test_is_nothing_while_it_is_off_or_open(self, channel: Channel, clock: Traveller) -> None:
        for address in ("+819000000001", "+819000000002"):
            customer_writes(channel, "Hi", address=address)
        open_follow_up = self.cost(channel)
        Channel.objects.update(has_greeting=False, has_unavailable_message=False, hours=None)

        assert self.cost(channel) == open_follow_up

    def test_is_a_few_statements_while_it_is_on(self, channel: Channel, clock: Traveller) -> None:
        customer_writes(channel, "Hi", address="+819000000009")  # the calendar is read once
        greeted = self.cost(channel)
        clock.move_to(NIGHT)
        told = self.cost(channel, address="+819000000002")
        told_before = self.cost(channel, address="+819000000002")
        Channel.objects.update(has_greeting=False, has_unavailable_message=False)
        plain = self.cost(channel, address="+819000000003")
        follow_up = self.cost(channel, address="+819000000003")

        assert greeted - plain <= 9
        assert told - plain <= 14
        assert told_before - follow_up <= 10
