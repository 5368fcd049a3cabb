"""A customer writes at night: told once that nobody is there, and answered in the morning."""

from datetime import UTC, datetime, time

import pytest
import time_machine

from channels.greetings import TextKind
from channels.services import texts
from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.services import lifecycle, replies
from conversations.states import Status
from teams.hours import Interval
from teams.services import hours
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db


def tokyo(day: int, clock: str) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(2026, 11, day, hour - 9, minute, tzinfo=UTC)


def test_from_the_night_to_the_next_conversation():
    office = (Interval(time(9), time(18)),)
    calendar = hours.create(
        code="tokyo", name="Tokyo", time_zone="Asia/Tokyo", week=[office] * 5 + [()] * 2
    )
    channel = make_channel(
        provider="simulator", hours=calendar, has_greeting=True, has_unavailable_message=True
    )
    texts.replace(channel, kind=TextKind.GREETING, texts={"en": "Hello {contact_name}!"})
    texts.replace(channel, kind=TextKind.UNAVAILABLE, texts={"en": "We open {next_opening}."})
    alice = make_agent()
    make_rule(team=make_team(members=(alice,)))
    person = Actor.person(alice.pk, "Alice")

    def said() -> list[str]:
        return list(Message.objects.order_by("pk").values_list("body", flat=True))

    with time_machine.travel(tokyo(18, "22:00"), tick=False) as clock:
        customer_writes(channel, "Are you there?")
        clock.move_to(tokyo(18, "22:30"))
        customer_writes(channel, "Hello?")
        conversation = Conversation.objects.get()
        assert (conversation.status, conversation.assignee) == (Status.NEW, alice)
        assert conversation.waiting_since == tokyo(18, "22:00")
        told = "We open Thursday, November 19, 09:00 (Tokyo)."
        assert said() == ["Are you there?", told, "Hello?"]
        settle(now=tokyo(18, "22:31"))
        assert Message.objects.get(body=told).delivery_status == "sent"

        clock.move_to(tokyo(19, "09:10"))
        customer_writes(channel, "Good morning")
        replies.queue_reply(
            conversation, author=alice, body="Here I am.", actor=person, now=tokyo(19, "09:11")
        )
        assert said()[3:] == ["Good morning", "Here I am."]

        clock.move_to(tokyo(19, "18:02"))
        customer_writes(channel, "One more thing")
        assert said()[-1] == "We open Friday, November 20, 09:00 (Tokyo)."

        clock.move_to(tokyo(20, "10:00"))
        conversation.refresh_from_db()
        lifecycle.resolve(conversation, actor=person, now=tokyo(20, "10:00"))
        clock.move_to(tokyo(20, "11:00"))
        customer_writes(channel, "Something else")
        assert Conversation.objects.count() == 2
        assert said()[-2:] == ["Something else", "Hello Dora!"]
