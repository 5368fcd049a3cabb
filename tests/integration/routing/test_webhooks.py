"""The providers' doors: what is refused, what is stored, what is kept aside."""

import pytest
from django.test import Client

from channels.addresses import inbound_url
from channels.models import Envelope
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.actors import Actor
from conversations.models import Contact, Conversation, DeliveryReport, Message
from conversations.services import replies
from routing.models import Decision
from tests.doors import customer_writes, knock, provider_reports
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db


def nothing_is_stored():
    return not (Envelope.objects.exists() or Contact.objects.exists() or Message.objects.exists())


class TestTheInboundDoor:
    def test_stores_decides_and_answers_with_empty_twiml(self):
        alice = make_agent()
        make_rule(team=make_team(members=(alice,)))

        response = customer_writes(make_channel(), "Hello")

        assert (response.status_code, response["Content-Type"]) == (200, "text/xml")
        assert Conversation.objects.get().assignee == alice

    def test_gives_the_same_answer_to_a_duplicate(self):
        channel = make_channel()
        first = customer_writes(channel, "Hello", message_sid="SM" + "1" * 32)

        second = customer_writes(channel, "Hello", message_sid="SM" + "1" * 32)

        assert first.content == second.content
        assert Message.objects.count() == 1

    def test_refuses_a_signature_for_another_body(self):
        channel = make_channel()
        url = inbound_url(channel)
        config = config_of(channel)
        fields = message_fields(
            config, address="+819000000001", text="Hi", message_sid="SM" + "1" * 32
        )
        body, headers = build_signed_form(config, url=url, fields=fields)

        response = knock(url, body + b"&Extra=1", headers)

        assert (response.status_code, response.content) == (403, b"")
        assert nothing_is_stored()

    def test_refuses_a_request_without_a_signature(self):
        response = Client().post(
            inbound_url(make_channel()).removeprefix("https://desk.example.test"),
            data={"MessageSid": "SM1"},
        )

        assert response.status_code == 403
        assert response.json()["code"] == "signature_missing"
        assert nothing_is_stored()

    def test_knows_no_other_token(self):
        response = Client().post("/webhooks/twilio/unknown-token/", data={})

        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    def test_takes_only_post(self):
        response = Client().get(f"/webhooks/twilio/{make_channel().token}/")

        assert (response.status_code, response["Allow"]) == (405, "POST")

    def test_keeps_the_message_when_the_decision_fails(self, settings):
        alice = make_agent()
        team = make_team(members=(alice,))
        make_rule(team=team)
        # A rule of a team that is gone is something that no decision can survive.
        team.rules.update(team=None, person=alice)
        team.memberships.all().delete()
        team.delete()

        response = customer_writes(make_channel(), "Hello")

        assert response.status_code == 200
        conversation = Conversation.objects.get()
        assert conversation.messages.get().body == "Hello"
        assert conversation.routing_due_at is not None
        assert not Decision.objects.exists()


class TestTheStatusDoor:
    def sent(self):
        alice = make_agent()
        channel = make_channel(provider="simulator")
        customer_writes(channel, "Hello")
        conversation = Conversation.objects.get()
        now = conversation.last_inbound_at
        reply = replies.queue_reply(
            conversation, author=alice, body="Hi", actor=Actor.system(), now=now
        )
        settle(now=now)
        reply.refresh_from_db()
        return reply

    def test_never_goes_backwards(self):
        reply = self.sent()

        for word in ("read", "delivered", "sent", "failed"):
            provider_reports(reply, word)

        reply.refresh_from_db()
        assert reply.delivery_status == "read"
        assert DeliveryReport.objects.count() == 4

    def test_keeps_an_error_code_that_came_once(self):
        reply = self.sent()

        provider_reports(reply, "undelivered", ErrorCode="63016")
        provider_reports(reply, "failed")

        reply.refresh_from_db()
        assert (reply.delivery_status, reply.error_code) == ("failed", "63016")
        assert reply.error_detail

    def test_keeps_a_report_about_a_message_that_is_not_known_yet(self):
        reply = self.sent()
        Message.objects.filter(pk=reply.pk).update(provider_message_id=None)
        stranger = Message(channel=reply.channel, provider_message_id="SM" + "9" * 32)

        response = provider_reports(stranger, "delivered")

        assert response.status_code == 200
        assert DeliveryReport.objects.get().message is None

    def test_closes_a_send_that_ended_in_doubt(self):
        reply = self.sent()
        sid = reply.provider_message_id
        Message.objects.filter(pk=reply.pk).update(
            provider_message_id=None, delivery_status="unknown"
        )

        provider_reports(reply, "delivered")

        reply.refresh_from_db()
        assert (reply.delivery_status, reply.provider_message_id) == ("delivered", sid)

    def test_records_an_unknown_word_and_changes_nothing(self):
        reply = self.sent()

        response = provider_reports(reply, "banana")

        reply.refresh_from_db()
        assert (response.status_code, reply.delivery_status) == (200, "sent")
        assert DeliveryReport.objects.get().status == "banana"
