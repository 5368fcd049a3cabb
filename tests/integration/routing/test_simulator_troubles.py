"""What can be made to go wrong on the simulated phone: each by the ways that real ones take."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from channels.models import PlayedSend, Provider
from channels.providers import simulator_files
from conversations.delivery_states import DeliveryStatus
from conversations.media_types import sniff
from conversations.models import Attachment, Conversation, FileState, Message
from conversations.services import delivery, fetching
from routing.simulator import people, troubles
from routing.simulator.troubles import TroubleRefusedError, read_letter
from tests.factories import make_agent, make_channel, make_supervisor
from tests.settle import settle

pytestmark = pytest.mark.django_db
MISAKI = people.PREPARED[0]
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path


@pytest.fixture
def channel():
    return make_channel(
        name="Simulator", provider=Provider.SIMULATOR, agents=(make_agent(name="Alice"),)
    )


@pytest.fixture
def staff(client):
    client.force_login(make_supervisor())
    return client


@pytest.fixture
def do(staff, channel):
    def do(name, **fields):
        seat = {"channel": str(channel.public_id), "as": MISAKI.number, "name": MISAKI.name}
        answer = staff.post(reverse(f"simulator-{name}"), seat | fields, follow=True)
        return answer.content.decode()

    return do


def sent():
    return Message.objects.get(direction="outbound")


class TestWhatACustomerSends:
    def test_as_an_album_is_a_message_for_each_file_on_whatsapp(self, do):
        page = do("write", what="album", text="Look at these")

        bodies = list(Message.objects.order_by("sequence").values_list("body", "kind"))
        assert bodies == [("Look at these", "media"), ("", "media"), ("", "media")]
        assert "Taken and stored." in page
        while fetching.fetch_next(now=timezone.now()):
            pass
        states = list(Attachment.objects.values_list("state", "content_type"))
        assert states == [("stored", "image/png")] * 3

    def test_as_an_album_is_one_message_by_sms(self, do, channel):
        channel.medium = "sms"
        channel.save(update_fields=["medium"])

        do("write", what="album")

        assert Message.objects.get().attachments.count() == 3

    @pytest.mark.parametrize(
        ("what", "kind"),
        [("voice", "audio/wav"), ("document", "application/pdf"), ("photo", "image/png")],
    )
    def test_comes_as_what_it_is(self, do, what, kind):
        do("write", what=what)
        fetching.fetch_next(now=timezone.now())

        assert Attachment.objects.get().content_type == kind

    @pytest.mark.parametrize(("what", "error"), [("gone", "not_found"), ("too_large", "too_large")])
    def test_and_the_provider_does_not_give_is_missing(self, do, what, error):
        do("write", what=what)
        fetching.fetch_next(now=timezone.now())

        file = Attachment.objects.get()
        assert (file.state, file.error) == (FileState.FAILED, error)

    def test_may_be_a_place_or_a_button(self, do):
        do("write", what="location")
        do("write", what="button", text="Yes")

        place, press = Message.objects.order_by("sequence")
        assert (place.kind, place.body) == (
            "location",
            "Tokyo Station, 1 Chome Marunouchi, Chiyoda City",
        )
        assert (press.kind, press.media[0]["payload"]) == ("button", "offer-yes")

    def test_twice_is_stored_once_also_as_an_album(self, do):
        page = do("write", what="album", how="twice")

        assert Message.objects.count() == 3
        assert "the duplicate is ignored" in page

    def test_with_a_broken_signature_is_refused(self, do):
        page = do("write", what="album", how="forged")

        assert not Message.objects.exists()
        assert "Refused" in page

    def test_is_nothing_that_nobody_offers(self, do):
        assert "cannot be sent from here" in do("write", what="bomb")
        assert not Message.objects.exists()


class TestTheClock:
    def test_lets_a_message_count_from_an_hour_ago(self, do):
        do("write", text="Hello", when="hour")

        conversation = Conversation.objects.get()
        ago = timezone.now() - conversation.last_inbound_at
        assert timedelta(minutes=59) < ago < timedelta(minutes=61)

    def test_does_not_go_back_behind_what_was_written(self, do):
        do("write", text="Hello")

        assert "Something was written here after that." in do("write", text="Hm", when="hour")
        assert Message.objects.count() == 1

    def test_stands_still_in_production(self, do, settings):
        settings.ENVIRONMENT = "production"

        page = do("write", text="Hello", when="hour")

        assert "In production" in page
        assert not Message.objects.exists()
        assert "sim-when" not in page

    def test_is_believed_of_the_simulator_alone(self, channel, client, settings):
        from routing.simulator.requests import Caller, build_inbound  # noqa: PLC0415

        at = timezone.now() - timedelta(hours=1)
        request = build_inbound(
            channel,
            caller=Caller("+819000000009"),
            text="Hello",
            sid="SM" + "1" * 32,
            more={"PlayedAt": at.isoformat()},
        )
        settings.ENVIRONMENT = "production"
        path = request.url.removeprefix(settings.PUBLIC_BASE_URL)
        client.post(
            path,
            request.body,
            content_type="application/x-www-form-urlencoded",
            headers={k: v for k, v in request.headers.items() if k != "Content-Type"},
        )

        assert timezone.now() - Message.objects.get().created_at < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("when", "at"),
        [
            ("hour", NOON - timedelta(hours=1)),
            ("night", NOON.replace(hour=3)),
            ("days", NOON - timedelta(days=2)),
            ("", None),
        ],
    )
    def test_knows_what_is_meant(self, when, at):
        assert read_letter({"when": when}, now=NOON, latest=None).at == at

    def test_takes_the_night_that_was(self):
        letter = read_letter({"when": "night"}, now=NOON.replace(hour=2), latest=None)
        assert letter.at == NOON.replace(day=17, hour=3)

    def test_refuses_nonsense(self):
        with pytest.raises(TroubleRefusedError):
            read_letter({"when": "tomorrow"}, now=NOON, latest=None)


class TestAProviderThatFails:
    @pytest.fixture(autouse=True)
    def _asked(self, do):
        do("write", text="Hello")

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            ("invalid", DeliveryStatus.FAILED, "21211"),
            ("blocked", DeliveryStatus.FAILED, "21610"),
            ("limit", DeliveryStatus.QUEUED, "20429"),
            ("broken", DeliveryStatus.UNKNOWN, "20500"),
            ("timeout", DeliveryStatus.UNKNOWN, "timeout"),
            ("lost_answer", DeliveryStatus.UNKNOWN, "connection_lost"),
        ],
    )
    def test_leaves_the_message_as_a_real_one_would(self, do, fault, status, code):
        do("answer", body="Hi", failure=fault)

        delivery.send_next(now=timezone.now())

        assert (sent().delivery_status, sent().error_code) == (status, code)

    def test_takes_at_the_second_try_what_it_put_off(self, do):
        do("answer", body="Hi", failure="limit")

        delivery.send_next(now=timezone.now())
        delivery.send_next(now=timezone.now() + timedelta(seconds=5))

        assert sent().delivery_status == DeliveryStatus.SENT

    def test_knows_what_it_took_without_saying_so(self, do):
        do("answer", body="Hi", failure="lost_answer")
        delivery.send_next(now=timezone.now())

        settle(now=timezone.now() + timedelta(minutes=5))

        played = PlayedSend.objects.get()
        assert sent().delivery_status == DeliveryStatus.SENT
        assert sent().provider_message_id == played.taken_id


class TestReports:
    @pytest.fixture(autouse=True)
    def _asked(self, do):
        do("write", text="Hello")

    def answer(self, do, plan):
        do("answer", body="Hi", failure=plan)
        delivery.send_next(now=timezone.now())
        do("look")
        return sent()

    @pytest.mark.parametrize(
        ("plan", "status"),
        [
            ("", DeliveryStatus.DELIVERED),
            ("reversed", DeliveryStatus.READ),
            ("repeated", DeliveryStatus.DELIVERED),
            ("silent", DeliveryStatus.SENT),
            ("forged", DeliveryStatus.SENT),
            ("late", DeliveryStatus.SENT),
        ],
    )
    def test_in_any_order_move_the_message_forward_only(self, do, plan, status):
        assert self.answer(do, plan).delivery_status == status

    def test_that_are_late_come_after_all(self, do):
        message = self.answer(do, "late")
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now() - timedelta(seconds=61))

        do("look")

        assert sent().delivery_status == DeliveryStatus.DELIVERED

    def test_of_a_failure_say_so_twice_and_it_is_one(self, do):
        message = self.answer(do, "63016")

        assert (message.delivery_status, message.error_code) == (DeliveryStatus.FAILED, "63016")
        assert message.delivery_reports.count() == 2


class TestThePage:
    def test_offers_each_trouble_in_words(self, do, channel):
        page = do("write", text="Hello")

        for word in (*dict(troubles.WHAT), *troubles.SENDS, *troubles.REPORTS):
            assert f'<option value="{word}">' in page


class TestTheFilesOnThePhone:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("bicycle.png", "image/png"),
            ("voice.wav", "audio/wav"),
            ("receipt.pdf", "application/pdf"),
        ],
    )
    def test_are_what_they_are_called(self, name, kind):
        content = simulator_files._content(name)

        assert (sniff(content), simulator_files.type_of(name)) == (kind, kind)
