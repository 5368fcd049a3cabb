"""Reactions, messages taken back and new numbers: they change what is here, and open nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.addresses import inbound_url
from channels.models import Envelope, EnvelopeOutcome
from conversations import invariants
from conversations.actors import Actor
from conversations.models import (
    Contact,
    Conversation,
    Event,
    Identity,
    Message,
    PossibleDuplicate,
)
from conversations.services import lifecycle, replies
from conversations.states import Status
from tests.doors import knock
from tests.factories import make_agent, make_contact
from tests.fake_cloud import text_message
from tests.fake_engagelab import HEADERS
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.provider_kits import open_kit
from tests.settle import settle

pytestmark = pytest.mark.django_db
OLD, NEW = "+15550000001", "+15550000002"


@pytest.fixture
def cloud(settings):
    with open_kit("whatsapp_cloud", settings) as kit:
        yield kit


@pytest.fixture
def channel(cloud):
    return cloud.channel()


def answered(channel, provider_message_id="wamid.ours"):
    """Let a person answer the customer's message, as the provider has it."""
    alice = make_agent()
    message = replies.queue_reply(
        Conversation.objects.get(),
        author=alice,
        body="On its way.",
        actor=Actor.person(alice.pk, "Alice"),
        now=MORNING,
    )
    Message.objects.filter(pk=message.pk).update(provider_message_id=provider_message_id)
    return message


def row(kind, message_id="wamid.aside", *, at=MORNING, sender=OLD, **said):
    about = {"id": message_id, "type": kind, kind: said, "timestamp": str(int(at.timestamp()))}
    return {"from": sender[1:], **about}


def reacts_as(cloud, channel, message_id, *, emoji="👍", at=MORNING, sender=OLD, to="wamid.ours"):
    said = {"message_id": to, "emoji": emoji}
    item = {
        "from": sender[1:],
        "id": message_id,
        "type": "reaction",
        "reaction": said,
        "timestamp": str(int(at.timestamp())),
    }
    answer = cloud.post(channel, cloud.fake.write(item))
    assert answer.status_code == 200


def engagelab_says(kit, message_id, **message):
    content = json.loads(kit.fake.write((message_id, "")))
    content["rows"][0]["response"]["response_data"]["message"] = message
    return json.dumps(content).encode()


class TestAReaction:
    def test_stands_on_the_message(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        ours = answered(channel)
        reacts_as(cloud, channel, "wamid.2")
        ours.refresh_from_db()
        assert ours.reaction == "👍"
        assert Message.objects.count() == 2
        event = Event.objects.get(type="message.reacted")
        assert event.data == {"message": str(ours.public_id), "emoji": "👍"}
        assert Envelope.objects.get(dedupe_key="wamid.2").outcome == EnvelopeOutcome.NOTED
        assert not invariants.envelopes_without_a_message().exists()

    @pytest.mark.parametrize("end", ["resolve", "snooze"])
    def test_opens_nothing_again(self, cloud, channel, end):
        cloud.write(channel, ("wamid.1", "Hi"))
        answered(channel)
        conversation = Conversation.objects.get()
        if end == "resolve":
            lifecycle.resolve(conversation, actor=Actor.system(), now=MORNING)
        else:
            lifecycle.snooze(conversation, until=None, actor=Actor.system(), now=MORNING)
        before = Conversation.objects.values().get()
        reacts_as(cloud, channel, "wamid.2")
        settle(now=MORNING)
        after = Conversation.objects.values().get()
        assert after["status"] == before["status"]
        assert (after["waiting_since"], after["last_inbound_at"], after["message_count"]) == (
            before["waiting_since"],
            before["last_inbound_at"],
            before["message_count"],
        )

    def test_of_a_stranger_starts_nothing(self, cloud, channel):
        reacts_as(cloud, channel, "wamid.2")
        assert not Contact.objects.exists()
        assert not Conversation.objects.exists()
        envelope = Envelope.objects.get()
        assert (envelope.outcome, envelope.reason) == ("noted", "aside_without_message")

    def test_of_somebody_else_is_on_no_message(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        ours = answered(channel)
        make_contact(address=NEW)
        reacts_as(cloud, channel, "wamid.2", sender=NEW)
        ours.refresh_from_db()
        assert ours.reaction == ""

    def test_is_taken_back_and_never_by_an_older_one(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        ours = answered(channel)
        late = MORNING + timedelta(minutes=2)
        reacts_as(cloud, channel, "wamid.2", emoji="", at=late)
        reacts_as(cloud, channel, "wamid.3", emoji="👍", at=MORNING)
        ours.refresh_from_db()
        assert ours.reaction == ""
        reacts_as(cloud, channel, "wamid.4", emoji="🎉", at=late + timedelta(minutes=1))
        ours.refresh_from_db()
        assert ours.reaction == "🎉"

    def test_counts_once(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        answered(channel)
        for _ in range(3):
            reacts_as(cloud, channel, "wamid.2")
        assert Event.objects.filter(type="message.reacted").count() == 1
        assert Envelope.objects.filter(dedupe_key="wamid.2").count() == 1

    def test_comes_from_engagelab_too(self, settings):
        with open_kit("engagelab", settings) as kit:
            channel = kit.channel()
            kit.write(channel, ("SM1", "Hi"))
            ours = answered(channel, "1666")
            said = {"message_id": "1666", "emoji": "❤️"}
            body = engagelab_says(kit, "SM2", type="reaction", reaction=said)
            assert knock(inbound_url(channel), body, HEADERS).status_code == 200
            ours.refresh_from_db()
            assert ours.reaction == "❤️"
            assert Message.objects.count() == 2
            assert Envelope.objects.get(dedupe_key="SM2").outcome == EnvelopeOutcome.NOTED

    def test_comes_from_twilio_too(self, settings):
        with open_kit("twilio", settings) as kit:
            channel = kit.channel()
            kit.write(channel, ("SM" + "1" * 32, "Hi"))
            ours = answered(channel, "SM" + "9" * 32)
            fields = kit._fields(channel, "SM" + "2" * 32, "❤️")
            fields |= {"MessageType": "reaction", "OriginalRepliedMessageSid": "SM" + "9" * 32}
            assert kit._post(channel, fields).status_code == 200
            ours.refresh_from_db()
            assert ours.reaction == "❤️"
            assert Message.objects.count() == 2


class TestAMessageThatIsTakenBack:
    def test_stays_and_says_so(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "My card is 4111"))
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        at = datetime(2026, 11, 18, 3, 4, 5, tzinfo=UTC)
        item = row("revoke", "wamid.2", at=at, original_message_id="wamid.1")
        assert cloud.post(channel, cloud.fake.write(item)).status_code == 200
        message = Message.objects.get()
        assert (message.body, message.revoked_at) == ("My card is 4111", at)
        assert Conversation.objects.get().status != Status.NEW
        assert Event.objects.filter(type="message.revoked").count() == 1

    def test_is_never_one_of_ours(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        ours = answered(channel)
        item = row("revoke", "wamid.2", original_message_id="wamid.ours")
        cloud.post(channel, cloud.fake.write(item))
        ours.refresh_from_db()
        assert ours.revoked_at is None


def changes_number(cloud, channel, *, old=OLD, new=NEW, message_id="wamid.sys", times=1, **more):
    said = {"type": "user_changed_number", "wa_id": new[1:], "body": "changed", **more}
    item = row("system", message_id, sender=old, **said)
    for _ in range(times):
        assert cloud.post(channel, cloud.fake.write(item)).status_code == 200


def addresses():
    return sorted(Identity.objects.values_list("address", flat=True))


class TestANewNumber:
    def test_is_where_the_conversation_goes_on(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        changes_number(cloud, channel, times=2)
        contact = Contact.objects.get()
        assert contact.phone == NEW
        assert addresses() == [NEW]
        assert Conversation.objects.get().identity.address == NEW
        event = Event.objects.get(type="contact.number_changed")
        assert OLD not in str(event.data)
        assert event.data["to"].endswith(NEW[-2:])
        body = cloud.fake.write(text_message("Me again", message_id="w3", sender=NEW[1:]))
        cloud.post(channel, body)
        assert Conversation.objects.get().message_count == 2

    def test_gives_the_old_one_free_for_somebody_else(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        changes_number(cloud, channel)
        cloud.write(channel, ("wamid.2", "Who are you?"))
        assert Contact.objects.count() == 2
        assert addresses() == [OLD, NEW]

    def test_opens_nothing_and_is_no_message(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        lifecycle.resolve(Conversation.objects.get(), actor=Actor.system(), now=MORNING)
        status = Conversation.objects.get().status
        changes_number(cloud, channel)
        assert Conversation.objects.get().status == status
        assert Message.objects.filter(direction="inbound").count() == 1

    def test_of_a_stranger_is_left_in_the_log(self, cloud, channel):
        changes_number(cloud, channel)
        assert not Contact.objects.exists()
        assert Envelope.objects.get().reason == "aside_without_message"

    def test_moves_both_spellings_of_the_old_one(self, cloud, channel):
        short, long = "+551187654321", "+5511987654321"
        dora = make_contact(address=short)
        Contact.objects.update(phone=long)
        Identity.objects.create(
            contact=dora, medium="whatsapp", address=long, created_at=MORNING, opted_out_at=MORNING
        )
        changes_number(cloud, channel, old=long)
        assert addresses() == [NEW]
        assert Identity.objects.get().opted_out_at == MORNING
        dora.refresh_from_db()
        assert dora.phone == NEW

    def test_knows_the_customer_by_an_id_alone(self, cloud, channel):
        dora = make_contact(address="US.134")
        said = {"type": "user_changed_number", "wa_id": NEW[1:], "user_id": "US.999"}
        item = row("system", "wamid.s", **said) | {"from": "", "from_user_id": "US.134"}
        cloud.post(channel, cloud.fake.write(item))
        assert addresses() == [NEW, "US.134", "US.999"]
        assert set(Identity.objects.values_list("contact", flat=True)) == {dora.pk}

    def test_that_is_another_customers_moves_nothing(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        other = make_contact(address=NEW)
        changes_number(cloud, channel)
        assert Identity.objects.get(address=NEW).contact == other
        assert Identity.objects.get(address=OLD).contact != other
        assert PossibleDuplicate.objects.count() == 1
        assert not Event.objects.filter(type="contact.number_changed").exists()

    def test_that_is_known_already_takes_the_conversations_over(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        dora = Contact.objects.get()
        new = Identity.objects.create(
            contact=dora, medium="whatsapp", address=NEW, created_at=MORNING
        )
        changes_number(cloud, channel)
        assert addresses() == [NEW]
        assert Conversation.objects.get().identity == new

    @pytest.mark.parametrize("new", ["+", "+1", "+not a number", "+" + "9" * 40])
    def test_that_cannot_be_read_is_kept_in_quarantine(self, cloud, channel, new):
        cloud.write(channel, ("wamid.1", "Hi"))
        changes_number(cloud, channel, new=new)
        assert addresses() == [OLD]
        assert Envelope.objects.get(dedupe_key="wamid.sys").reason == "bad_number"

    def test_is_believed_of_no_door_without_a_signature(self, settings):
        with open_kit("engagelab", settings) as kit:
            channel = kit.channel()
            kit.write(channel, ("SM1", "Hi"))
            said = {
                "type": "system",
                "system": {"type": "user_changed_number", "wa_id": NEW[1:]},
            }
            knock(inbound_url(channel), engagelab_says(kit, "SM2", **said), HEADERS)
            assert NEW not in addresses()
            assert not Event.objects.filter(type="contact.number_changed").exists()

    def test_is_refused_where_it_is_not_signed(self, cloud, channel):
        cloud.write(channel, ("wamid.1", "Hi"))
        said = {"type": "user_changed_number", "wa_id": NEW[1:]}
        body = cloud.fake.write(row("system", "wamid.s", **said))
        headers = cloud.fake.sign(body)
        forged = body.replace(NEW[1:].encode(), b"15550000003")
        assert knock(inbound_url(channel), forged, headers).status_code == 403
        assert addresses() == [OLD]
