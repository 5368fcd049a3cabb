"""What lies in quarantine: kept as it came, and processed again when somebody says so."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from channels.addresses import inbound_url
from channels.models import Envelope, EnvelopeOutcome
from channels.providers import config_of
from channels.providers.signing import FORM_TYPE, build_signed_form
from channels.providers.simulator import message_fields
from channels.services import channels
from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Contact, Conversation, Event, Message
from routing.services import late_arrivals
from routing.services.arrivals import ReceiptKind
from routing.services.quarantine import NotInQuarantineError
from tests.doors import customer_writes, knock
from tests.factories import (
    AUTH_TOKEN,
    lose_key,
    make_administrator,
    make_agent,
    make_channel,
    make_rule,
    make_team,
)
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SID = "SM" + "1" * 32
LATER = MORNING + timedelta(hours=30)
ADA = Actor.system()


def write_to_unreadable(channel, *, text="Hello"):
    """Write to a channel whose key is lost; the provider, of course, knows the secret."""
    lose_key(channel)
    return customer_writes(channel, text, message_sid=SID)


def misaddress(channel, *, text="Hello"):
    """Write to a number that the channel has not got (yet)."""
    fields = message_fields(
        config_of(channel), address="+819000000001", text=text, message_sid=SID
    ) | {"To": "whatsapp:+15559999999"}
    url = inbound_url(channel)
    return knock(url, *build_signed_form(config_of(channel), url=url, fields=fields))


def give_number(channel):
    return channels.update(channel, phone_number="+15559999999", now=MORNING)


def kept():
    return Envelope.objects.get()


def replay(*, actor=ADA, now=LATER):
    return late_arrivals.replay(kept(), actor=actor, now=now)


def broken_promises():
    return {each.__name__: each().count() for each in INVARIANTS if each().exists()}


class TestAChannelWhoseSecretCannotBeRead:
    def test_keeps_what_it_cannot_check_and_says_so(self):
        channel = make_channel()

        answers = [write_to_unreadable(channel), write_to_unreadable(channel)]

        assert [answer.status_code for answer in answers] == [503, 503]
        assert answers[0].json()["code"] == "key_missing"
        assert (kept().outcome, kept().reason) == (EnvelopeOutcome.QUARANTINED, "key_missing")
        assert not Message.objects.exists()
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({}, "signature_missing"),
            ({"X-Twilio-Signature": "s" * 500}, None),
            ({"X-Twilio-Signature": "\u00e9\u00e9"}, None),
        ],
        ids=["none", "long", "no ASCII"],
    )
    def test_keeps_nothing_that_no_key_could_make_genuine(self, headers, code):
        channel = make_channel()
        lose_key(channel)

        answer = knock(inbound_url(channel), b"Body=Hi", {"Content-Type": FORM_TYPE, **headers})

        assert answer.status_code == 403
        assert code is None or answer.json()["code"] == code
        assert not Envelope.objects.exists()

    def test_answers_a_report_with_the_same_problem(self):
        channel = make_channel()
        lose_key(channel)

        answer = knock(f"{inbound_url(channel)}status/", b"a=b", {"Content-Type": FORM_TYPE})

        assert (answer.status_code, answer.json()["code"]) == (503, "key_missing")

    def test_gets_its_messages_when_the_secret_is_entered_anew(self):
        channel = make_channel()
        write_to_unreadable(channel, text="Where is it?")
        channels.update(channel, auth_token=AUTH_TOKEN, now=MORNING)

        receipt = replay()

        assert receipt.kind == ReceiptKind.STORED
        assert Message.objects.get().body == "Where is it?"
        assert (kept().outcome, kept().dedupe_key) == (EnvelopeOutcome.REPLAYED, SID)
        assert not broken_promises()
        assert customer_writes(channel, "Where is it?", message_sid=SID).status_code == 200
        assert Message.objects.count() == 1

    def test_still_asks_for_the_right_signature_then(self):
        channel = make_channel()
        write_to_unreadable(channel)
        channels.update(channel, auth_token="f" * 32, now=MORNING)

        assert replay().reason == "signature_invalid"

        assert (kept().outcome, kept().reason) == (EnvelopeOutcome.QUARANTINED, "signature_invalid")
        assert not Message.objects.exists()

    def test_changes_nothing_while_the_secret_is_still_lost(self):
        write_to_unreadable(make_channel())

        assert (replay().kind, kept().reason) == (ReceiptKind.QUARANTINED, "key_missing")

    def test_may_be_sent_the_message_again_meanwhile(self):
        channel = make_channel()
        write_to_unreadable(channel)
        channels.update(channel, auth_token=AUTH_TOKEN, now=MORNING)
        first = kept()
        assert customer_writes(channel, "Hello", message_sid=SID).status_code == 200

        receipt = late_arrivals.replay(first, actor=ADA, now=LATER)

        first.refresh_from_db()
        assert receipt.kind == ReceiptKind.DUPLICATE
        assert first.outcome == EnvelopeOutcome.DUPLICATE
        assert Message.objects.count() == 1
        assert not broken_promises()


class TestReplaying:
    def test_takes_the_way_of_every_message(self):
        alice = make_agent()
        make_rule(team=make_team(members=(alice,)))
        channel = make_channel()
        assert misaddress(channel).status_code == 200
        assert kept().reason == "unknown_sender"
        give_number(channel)

        receipt = replay()

        conversation = Conversation.objects.get()
        assert (receipt.kind, receipt.conversation_id) == (ReceiptKind.STORED, conversation.pk)
        assert conversation.assignee == alice
        assert (kept().outcome, kept().reason) == (EnvelopeOutcome.REPLAYED, "")
        assert not broken_promises()

    def test_goes_into_the_conversation_that_is_open(self):
        channel = make_channel()
        misaddress(channel)
        envelope = kept()
        give_number(channel)
        customer_writes(channel, "And now?", message_sid="SM" + "2" * 32)

        late_arrivals.replay(envelope, actor=ADA, now=LATER)

        assert list(Message.objects.order_by("sequence").values_list("body", flat=True)) == [
            "And now?",
            "Hello",
        ]
        assert not broken_promises()

    def test_lets_the_window_count_from_when_the_customer_wrote(self):
        channel = make_channel()
        misaddress(channel)
        Envelope.objects.update(received_at=MORNING)
        give_number(channel)

        replay(now=LATER)

        assert Conversation.objects.get().last_inbound_at == MORNING
        assert Message.objects.get().created_at == MORNING

    def test_is_written_down_with_who_did_it(self):
        ada = make_administrator()
        channel = make_channel()
        misaddress(channel)
        give_number(channel)

        replay(actor=Actor.person(ada.pk, ada.name))

        event = Event.objects.get(type="message.replayed")
        assert (event.actor, event.occurred_at) == (ada, LATER)
        assert event.data == {"message": str(Message.objects.get().public_id)}

    def test_leaves_what_is_still_not_understood_with_the_reason_of_now(self):
        misaddress(make_channel())
        Envelope.objects.update(reason="a reason of old")

        receipt = replay()

        assert (receipt.kind, receipt.reason) == (ReceiptKind.QUARANTINED, "unknown_sender")
        assert (kept().outcome, kept().reason) == (EnvelopeOutcome.QUARANTINED, "unknown_sender")

    def test_is_done_once(self):
        channel = make_channel()
        misaddress(channel)
        give_number(channel)
        replay()

        with pytest.raises(NotInQuarantineError):
            replay()

        assert Message.objects.count() == 1

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"%00=%ff&&&", b"{}", b"a" * 100_000])
    @pytest.mark.parametrize("content_type", [FORM_TYPE, "", "application/json", "x\x7f"])
    def test_bears_garbage(self, body, content_type):
        Envelope.objects.create(
            channel=make_channel(),
            dedupe_key="signature:1",
            raw_body=body,
            content_type=content_type,
            outcome=EnvelopeOutcome.QUARANTINED,
            reason="unparseable",
            received_at=MORNING,
        )

        assert replay().kind == ReceiptKind.QUARANTINED


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
class TestTwoWhoPressAtOnce:
    def test_process_it_once(self):
        channel = make_channel()
        misaddress(channel)
        give_number(channel)

        with transaction.atomic():
            replay()
            second = Session(replay)
            wait_until_blocked()

        with pytest.raises(NotInQuarantineError):
            second.wait()
        assert Message.objects.count() == 1
