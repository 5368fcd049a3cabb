"""After an outage: what Twilio took for us and never brought is fetched, once, and in its time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels.addresses import inbound_url
from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import adapter_for, config_of
from channels.services import channels
from conversations.actors import Actor
from conversations.models import Conversation, Event, Message
from conversations.services import lifecycle
from conversations.states import Status
from routing.services import gap_fill, late_arrivals
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, make_administrator, make_agent, make_channel
from tests.fake_twilio import RunningFake, inbound, running

pytestmark = pytest.mark.django_db
SERVICE = "MG" + "5" * 32
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fake(settings: Any) -> Iterator[RunningFake]:
    with running() as server:
        settings.TWILIO_API_BASE_URL = server.url
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        yield server


@pytest.fixture
def channel(now: datetime) -> Channel:
    return known_since(make_channel(), now - timedelta(hours=5), due=now)


def known_since(channel: Channel, at: datetime, *, due: datetime) -> Channel:
    rows = Channel.objects.filter(pk=channel.pk)
    rows.update(created_at=at, fetched_until=at, fetch_due_at=due)
    channel.refresh_from_db()
    return channel


def write(fake: RunningFake, channel: Channel, at: datetime, text: str, **fields: Any) -> str:
    return inbound.write(
        fake.store,
        account_sid=ACCOUNT_SID,
        to=f"whatsapp:{channel.phone_number or '+15550001111'}",
        sender=f"whatsapp:{fields.pop('sender', '+819000000001')}",
        text=text,
        at=at,
        service=channel.messaging_service_sid or None,
        **fields,
    )


class TestAfterAnOutage:
    def test_everything_is_here_once(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        sids = [
            write(fake, channel, now - (60 - number) * MINUTE, f"Text {number}")
            for number in range(25)
        ]
        for number in (0, 3, 4, 11, 24):
            customer_writes(channel, f"Text {number}", message_sid=sids[number])

        assert gap_fill.fetch_next(now=now) is True
        assert gap_fill.fetch_next(now=now) is False

        stored = Message.objects.values_list("provider_message_id", flat=True)
        assert sorted(stored) == sorted(sids)
        assert Event.objects.filter(type="message.fetched").count() == 20

    def test_a_kill_in_between_loses_and_doubles_nothing(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        sids = [write(fake, channel, now - (30 - n) * MINUTE, f"Text {n}") for n in range(25)]
        customer_writes(channel, "Text 12", message_sid=sids[12])
        store_some_and_die(now, count=10)
        assert Message.objects.count() == 11
        assert gap_fill.fetch_next(now=now) is False  # the lease of the dead one still holds

        assert gap_fill.fetch_next(now=now + gap_fill.LEASE) is True

        stored = Message.objects.values_list("provider_message_id", flat=True)
        assert sorted(stored) == sorted(sids)
        assert Message.objects.earliest("created_at").body == "Text 0"

    def test_the_original_time_is_kept(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        written_at = now - 90 * MINUTE
        write(fake, channel, written_at, "Hello?")

        gap_fill.fetch_next(now=now)

        message = Message.objects.select_related("conversation").get()
        assert message.created_at == written_at
        assert message.conversation.last_inbound_at == written_at
        assert Envelope.objects.get().outcome == EnvelopeOutcome.FETCHED

    def test_a_late_delivery_of_the_same_message_is_a_duplicate(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        sid = write(fake, channel, now - MINUTE, "Hello?")
        gap_fill.fetch_next(now=now)

        assert customer_writes(channel, "Hello?", message_sid=sid).status_code == 200

        assert Message.objects.count() == 1

    def test_what_came_is_given_to_somebody(self, fake: RunningFake, now: datetime) -> None:
        alice = make_agent()
        channel = known_since(make_channel(agents=(alice,)), now - 60 * MINUTE, due=now)
        write(fake, channel, now - MINUTE, "Hello?")

        gap_fill.fetch_next(now=now)

        assert Conversation.objects.get().assignee == alice

    def test_a_conversation_that_is_over_is_not_opened_again(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        customer_writes(channel, "Hello")
        first = Conversation.objects.get()
        lifecycle.resolve(first, actor=Actor.system(), now=now)
        Conversation.objects.filter(pk=first.pk).update(
            status=Status.CLOSED, resolved_at=None, closed_at=now
        )
        write(fake, channel, now - MINUTE, "One thing more")

        gap_fill.fetch_next(now=now)

        first.refresh_from_db()
        assert first.status == Status.CLOSED
        assert Conversation.objects.count() == 2

    def test_files_come_with_their_addresses(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        sid = write(fake, channel, now - MINUTE, "", files=("image/jpeg", "audio/ogg"))

        gap_fill.fetch_next(now=now)

        files = Message.objects.get().media
        assert [each["content_type"] for each in files] == ["image/jpeg", "audio/ogg"]
        assert files[0]["url"].startswith("https://api.twilio.com/2010-04-01/Accounts/AC")
        assert sid in files[0]["url"]


class TestTheList:
    def test_is_read_page_by_page(self, fake: RunningFake, channel: Channel, now: datetime) -> None:
        fake.store.largest_page = 4
        for number in range(11):
            write(fake, channel, now - (number + 1) * MINUTE, f"Text {number}")

        gap_fill.fetch_next(now=now)

        assert Message.objects.count() == 11
        assert fake.store.lists == 3

    def test_is_read_stretch_by_stretch_after_a_long_time(
        self, fake: RunningFake, now: datetime
    ) -> None:
        channel = known_since(make_channel(), now - timedelta(days=2), due=now)
        for hours in (47, 30, 20, 1):
            write(fake, channel, now - timedelta(hours=hours), f"{hours} hours ago")

        looks = 0
        while gap_fill.fetch_next(now=now):
            looks += 1

        assert Message.objects.count() == 4
        assert looks == fake.store.lists == 9

    def test_leaves_alone_what_is_not_for_this_channel(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        other = make_channel()
        write(fake, other, now - MINUTE, "For another number")
        write(fake, channel, now - timedelta(days=1), "Before the channel was there")

        gap_fill.fetch_next(now=now)

        assert not Message.objects.exists()

    def test_of_a_service_is_told_by_the_service(self, fake: RunningFake, now: datetime) -> None:
        channel = known_since(
            make_channel(messaging_service_sid=SERVICE), now - 60 * MINUTE, due=now
        )
        write(fake, channel, now - MINUTE, "For the service")
        channel.messaging_service_sid = ""
        write(fake, channel, now - MINUTE, "For a number of nobody's")

        gap_fill.fetch_next(now=now)

        assert Message.objects.get().body == "For the service"

    def test_overlaps_for_what_was_listed_late(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        gap_fill.fetch_next(now=now)
        write(fake, channel, now - 2 * MINUTE, "Listed late")

        gap_fill.fetch_next(now=now + gap_fill.EVERY)

        assert Message.objects.count() == 1


class TestWhenItIsDue:
    def test_is_every_ten_minutes(self, fake: RunningFake, channel: Channel, now: datetime) -> None:
        gap_fill.fetch_next(now=now)
        channel.refresh_from_db()
        assert (channel.fetch_due_at, channel.fetched_until) == (now + gap_fill.EVERY, now)

    def test_is_later_and_later_while_twilio_refuses(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        fake.store.accounts[ACCOUNT_SID] = "another"
        waits = []
        for _ in range(4):
            gap_fill.fetch_next(now=now)
            channel.refresh_from_db()
            waits.append((channel.fetch_due_at - now) / MINUTE)
            now = channel.fetch_due_at

        assert waits == [10, 20, 40, 80]

    def test_is_never_for_what_has_no_list(self, now: datetime) -> None:
        channel = channels.create(provider="simulator", name="Phone", now=now)
        assert channel.fetch_due_at is None
        assert gap_fill.request_fetch(channel, now=now) is False

    def test_begins_with_the_channel(self, now: datetime) -> None:
        channel = channels.create(
            provider="twilio",
            name="New",
            now=now,
            account_sid=ACCOUNT_SID,
            auth_token=AUTH_TOKEN,
            phone_number="+15550001234",
        )
        assert channel.fetch_due_at == now + channels.FETCH_AFTER


class TestByHand:
    def test_is_a_button_of_the_channel(
        self, fake: RunningFake, channel: Channel, now: datetime
    ) -> None:
        Channel.objects.filter(pk=channel.pk).update(fetch_due_at=now + timedelta(days=300))
        client = sign_in(make_administrator())
        page = f"/admin/channels/channel/{channel.pk}/fetch/"

        answer = client.post(page, follow=True)

        assert "is compared with Twilio" in answer.content.decode()
        channel.refresh_from_db()
        assert channel.fetch_due_at < now + timedelta(days=30)

    def test_is_a_command_that_counts(self, fake: RunningFake) -> None:
        channel = make_channel()
        now = channel.created_at + timedelta(hours=0)
        Channel.objects.filter(pk=channel.pk).update(created_at=now - timedelta(hours=3))
        write(fake, channel, now - 60 * MINUTE, "Missed")
        said = StringIO()
        since = (now - timedelta(hours=2)).isoformat()

        call_command("fetch_missed", "--since", since, stdout=said)

        assert said.getvalue().startswith("1 messages")
        assert Message.objects.get().body == "Missed"

    def test_says_what_could_not_be_compared(self, fake: RunningFake) -> None:
        fake.store.accounts[ACCOUNT_SID] = "another"
        make_channel(name="Tokyo")
        with pytest.raises(CommandError, match="Tokyo"):
            call_command("fetch_missed", stdout=StringIO())


def store_some_and_die(now: datetime, *, count: int) -> None:
    """Do what a worker does that is killed after so many messages: nothing is written down."""
    claim = gap_fill._claim_next(now=now)
    assert claim is not None
    config, adapter = config_of(claim.channel), adapter_for(claim.channel.provider)
    for each in adapter.list_received(config, since=claim.since, until=claim.until)[:count]:
        request = adapter.rebuild_request(each, config, url=inbound_url(claim.channel))
        late_arrivals.take_fetched(claim.channel, request=request, sent_at=each.sent_at, now=now)
