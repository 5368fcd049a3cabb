"""What every provider's channel does with what is brought, and what becomes of what is sent."""

import json

import pytest
from django.test import Client

from channels.addresses import inbound_url
from channels.models import Envelope, EnvelopeOutcome
from channels.providers import adapter_for
from channels.services import channels
from conversations.actors import Actor
from conversations.models import Contact, Conversation, DeliveryReport, Message
from conversations.services import replies
from routing.services import late_arrivals
from routing.services.arrivals import ReceiptKind
from tests.doors import knock
from tests.factories import lose_key, make_agent, make_cloud_channel
from tests.fake_cloud import text_message
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.provider_kits import KITS, CloudKit, open_kit
from tests.settle import settle

pytestmark = pytest.mark.django_db


@pytest.fixture(params=KITS)
def kit(request, settings):
    with open_kit(request.param, settings) as opened:
        yield opened


@pytest.fixture
def cloud(settings):
    with open_kit("whatsapp_cloud", settings) as opened:
        yield opened


@pytest.fixture
def engagelab(settings):
    with open_kit("engagelab", settings) as opened:
        yield opened


def bodies():
    messages = Message.objects.filter(direction="inbound").order_by("pk")
    return list(messages.values_list("body", flat=True))


def reply_to(channel, text="On its way."):
    alice = make_agent()
    return replies.queue_reply(
        Conversation.objects.get(channel=channel),
        author=alice,
        body=text,
        actor=Actor.person(alice.pk, "Alice"),
        now=MORNING,
    )


def is_all_well(answers):
    return {answer.status_code for answer in answers} == {200}


class TestADoor:
    def test_takes_each_message_once_however_often_it_comes(self, kit):
        channel = kit.channel()
        for _ in range(2):
            assert is_all_well(kit.write(channel, ("SM1", "Hi")))
        assert bodies() == ["Hi"]
        assert Envelope.objects.count() == 1

    def test_takes_many_at_once(self, kit):
        channel = kit.channel()
        texts = [(f"SM{number}", f"Text {number}") for number in range(5)]
        assert is_all_well(kit.write(channel, *texts))
        assert bodies() == [text for _id, text in texts]
        assert Conversation.objects.get().message_count == 5
        assert Contact.objects.get().name == "Dora"

    def test_takes_what_is_new_among_what_is_known(self, kit):
        channel = kit.channel()
        kit.write(channel, ("SM1", "One"), ("SM2", "Two"))
        kit.write(channel, ("SM2", "Two"), ("SM3", "Three"))
        assert bodies() == ["One", "Two", "Three"]

    def test_takes_the_others_where_one_cannot_be_read(self, kit):
        channel = kit.channel()
        assert is_all_well(kit.write(channel, ("SM1", "One"), ("", "Lost"), ("SM3", "Three")))
        assert bodies() == ["One", "Three"]
        (kept,) = Envelope.objects.filter(outcome=EnvelopeOutcome.QUARANTINED)
        assert kept.reason == "message_sid_missing"
        assert b"Lost" in bytes(kept.raw_body)

    def test_refuses_what_was_tampered_with(self, kit):
        channel = kit.channel()
        if not adapter_for(channel.provider).has_signatures:
            assert Client().get(f"/webhooks/{channel.provider}/{channel.token}/").status_code == 405
            return  # nothing is signed, so nothing can tell
        assert kit.tamper(channel).status_code == 403
        assert not Envelope.objects.exists()

    def test_keeps_what_is_for_somebody_else(self, kit):
        assert kit.misdirect(kit.channel()).status_code == 200
        assert Envelope.objects.get().reason == "unknown_sender"
        assert not Message.objects.exists()

    def test_takes_reports_in_any_order(self, kit):
        channel = kit.channel()
        kit.write(channel, ("SM1", "Hi"))
        reply = reply_to(channel)
        settle(now=MORNING)
        assert is_all_well(kit.report(reply_of(reply), *reversed(kit.delivered)))
        assert reply_of(reply).delivery_status == "read"
        assert is_all_well(kit.report(reply_of(reply), *kit.delivered))
        assert DeliveryReport.objects.count() == len(kit.delivered)

    def test_closes_a_doubt_by_the_report(self, kit):
        channel = kit.channel()
        if channel.provider == "simulator":
            return  # takes no time, so there is no doubt
        kit.write(channel, ("SM1", "Hi"))
        kit.lose_answer()
        reply = reply_to(channel)
        settle(now=MORNING)
        assert reply_of(reply).delivery_status == "unknown"
        assert is_all_well(kit.report(reply_of(reply), "sent", "delivered"))
        assert reply_of(reply).delivery_status == "delivered"
        assert reply_of(reply).provider_message_id


def reply_of(message):
    return Message.objects.select_related("channel").get(pk=message.pk)


class TestAChannelOfWhatsAppCloud:
    def test_answers_meta_with_its_own_word(self):
        channel = make_cloud_channel()
        path = f"/webhooks/whatsapp_cloud/{channel.token}/"
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
        answer = Client().get(path, {**asked, "hub.verify_token": channel.verify_token})
        assert (answer.status_code, answer.content) == (200, b"1158201444")
        assert answer["Content-Type"] == "text/plain"
        assert Client().get(path, {**asked, "hub.verify_token": "x"}).status_code == 403
        assert Client().get("/webhooks/whatsapp_cloud/another/", asked).status_code == 404

    def test_hands_on_what_is_for_another_number_of_the_app(self, cloud):
        berlin = cloud.channel()
        paris = cloud.channel(name="WhatsApp Paris", phone_number_id="999")
        body = cloud.fake.write(
            text_message("Pour Paris", message_id="wamid.1"),
            text_message("Encore", message_id="wamid.2"),
            number="999",
        )
        assert cloud.post(berlin, body).status_code == 200
        assert cloud.post(paris, body).status_code == 200
        assert list(Message.objects.values_list("channel", flat=True)) == [paris.pk] * 2
        assert not Envelope.objects.filter(channel=berlin).exists()

    def test_hands_nothing_to_a_channel_of_another_app(self, cloud):
        berlin = cloud.channel()
        cloud.channel(name="Another app", phone_number_id="999", app_secret="another")
        assert cloud.misdirect(berlin).status_code == 200
        assert Envelope.objects.get().channel == berlin
        assert not Message.objects.exists()

    def test_gets_what_was_kept_once_its_number_is_right(self, cloud):
        channel = cloud.channel()
        cloud.misdirect(channel)
        receipt = late_arrivals.replay(Envelope.objects.get(), actor=Actor.system(), now=MORNING)
        assert (receipt.kind, receipt.reason) == (ReceiptKind.QUARANTINED, "unknown_sender")
        channels.update(channel, phone_number_id="999", now=MORNING)
        receipt = late_arrivals.replay(Envelope.objects.get(), actor=Actor.system(), now=MORNING)
        assert receipt.kind == ReceiptKind.STORED
        assert bodies() == ["Hi"]

    def test_gets_all_of_a_request_that_nobody_could_check(self, cloud):
        channel = cloud.channel()
        lose_key(channel, "app_secret")
        rows = [text_message(text, message_id=f"wamid.{text}") for text in ("One", "Two")]
        status = {"id": "wamid.0", "status": "read", "timestamp": "1"}
        body = cloud.fake.write(*rows, statuses=[status])
        assert cloud.post(channel, body).status_code == 503
        channels.update(channel, app_secret="the-app-secret", now=MORNING)
        receipt = late_arrivals.replay(Envelope.objects.get(), actor=Actor.system(), now=MORNING)
        assert receipt.kind == ReceiptKind.STORED
        assert bodies() == ["One", "Two"]
        assert DeliveryReport.objects.get().status == "read"
        assert Envelope.objects.filter(outcome=EnvelopeOutcome.QUARANTINED).count() == 0
        cloud.post(channel, body)
        assert bodies() == ["One", "Two"]

    def test_takes_messages_and_reports_of_one_request(self, cloud):
        channel = cloud.channel()
        status = {"id": "wamid.0", "status": "failed", "errors": [{"code": 131026}]}
        body = cloud.fake.write(text_message("Hi", message_id="wamid.1"), statuses=[status])
        assert cloud.post(channel, body).status_code == 200
        assert bodies() == ["Hi"]
        assert DeliveryReport.objects.get().error_code == "131026"

    def test_takes_a_thousand_rows_and_three_megabytes(self, cloud):
        channel = cloud.channel()
        rows = [text_message("x" * 2500, message_id=f"wamid.{n}") for n in range(1000)]
        body = cloud.fake.write(*rows)
        assert 2_500_000 < len(body) < 3 * 1024 * 1024
        assert cloud.post(channel, body).status_code == 200
        assert Message.objects.count() == 1000
        assert Conversation.objects.get().message_count == 1000

    def test_takes_no_more_than_that(self, cloud):
        answer = cloud.post(cloud.channel(), b" " * (3 * 1024 * 1024 + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    def test_shows_what_it_cannot_read_as_it_came(self, cloud):
        channel = cloud.channel()
        body = b'{"object": "page", "entry": "?"}'
        assert knock(inbound_url(channel), body, cloud.fake.sign(body)).status_code == 200
        kept = Envelope.objects.get()
        assert (kept.reason, bytes(kept.raw_body)) == ("unparseable", body)


class TestAChannelOfEngageLab:
    def test_hears_nothing_in_a_notice(self, engagelab):
        channel = engagelab.channel()
        row = {"server": "whatsapp", "itime": 1, "notification": {"event": "template_update"}}
        body = json.dumps({"total": 1, "rows": [row]}).encode()
        answer = knock(inbound_url(channel), body, {"Content-Type": "application/json"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert not Envelope.objects.exists()

    def test_is_unsent_at_first_and_delivered_after_all(self, engagelab):
        channel = engagelab.channel()
        engagelab.write(channel, ("wamid.1", "Hi"))
        reply = reply_to(channel)
        settle(now=MORNING)
        engagelab.report(reply_of(reply), "sent", "delivered_timeout")
        assert reply_of(reply).delivery_status == "sent"
        engagelab.report(reply_of(reply), "delivered")
        assert reply_of(reply).delivery_status == "delivered"


def test_kits_are_of_every_provider(settings):
    with open_kit("whatsapp_cloud", settings) as kit:
        assert isinstance(kit, CloudKit)
    assert set(KITS) == {"twilio", "simulator", "whatsapp_cloud", "engagelab"}
