"""A colleague records that a customer wants no more messages, or lifts that, and says why."""

import pytest

from conversations.actors import Actor
from conversations.models import Event, Identity, Message
from conversations.services import delivery, opt_outs, replies
from conversations.services.replies import ReplyRefusedError
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    make_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.integration.api.conftest import ApiCaller
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def told():
    rows = Event.objects.filter(type__startswith="contact.opted").order_by("pk")
    return [(row.type, row.actor_kind, row.data.get("note")) for row in rows]


def page_of(contact, name):
    return f"/admin/conversations/contact/{contact.pk}/{name}/"


@pytest.fixture
def talk():
    return make_conversation(channel=make_channel(provider="simulator"), last_inbound_at=MORNING)


@pytest.fixture
def sachi():
    return make_supervisor()


@pytest.fixture
def client(sachi):
    return sign_in(sachi)


class TestInTheConsole:
    def post(self, client, talk, name, **fields):
        given = {"addresses": [talk.identity_id], "reason": "On the telephone", **fields}
        return client.post(page_of(talk.contact, name), given, follow=True).content.decode()

    def test_is_asked_about_recorded_and_told(self, client, sachi, talk):
        asked = client.get(page_of(talk.contact, "opt-out")).content.decode()
        assert "Nothing is sent to these addresses any more" in asked
        assert not told()

        page = self.post(client, talk, "opt-out")

        assert "Nothing is sent to 1 address any more." in page
        assert "A colleague recorded it" in page
        assert "No more messages to the customer: On the telephone" in page
        assert told() == [("contact.opted_out", "user", "On the telephone")]
        transcript = client.get(f"/admin/conversations/conversation/{talk.pk}/change/")
        marker = transcript.content.decode()
        assert "No more messages to the customer: On the telephone" in marker
        assert sachi.name in marker

    def test_is_lifted_with_a_reason_alone(self, client, talk):
        self.post(client, talk, "opt-out")

        refused = self.post(client, talk, "opt-in", reason=" ")
        assert "This field is required" in refused
        assert Identity.objects.get().opted_out_at is not None

        page = self.post(client, talk, "opt-in", reason="Signed up again")
        assert "Messages go to 1 address again." in page
        assert "The customer gets messages again: Signed up again" in page
        assert Identity.objects.get().opted_out_at is None
        assert told()[1] == ("contact.opted_in", "user", "Signed up again")

    def test_lifts_what_the_customer_wrote_too(self, client):
        customer_writes(make_channel(), "STOP")
        identity = Identity.objects.get()
        client.post(
            page_of(identity.contact, "opt-in"), {"addresses": [identity.pk], "reason": "Mistake"}
        )
        identity.refresh_from_db()
        assert (identity.opted_out_at, identity.opted_out_reason) == (None, "")

    def test_shows_the_number_to_nobody_who_need_not_call(self, client, talk):
        address = talk.identity.address
        page = client.get(page_of(talk.contact, "opt-out")).content.decode()
        assert address not in page

    def test_takes_no_address_of_somebody_else(self, client, talk):
        other = make_conversation(channel=talk.channel)
        self.post(client, talk, "opt-out", addresses=[other.identity_id])
        assert not told()

    def test_is_not_for_customers_of_other_teams(self, client):
        foreign = make_conversation(team=make_team(name="Sales"))
        self.post(client, foreign, "opt-out")
        assert not told()


class TestAnswers:
    def test_are_refused_as_after_the_customers_own_word(self, talk):
        alice = make_agent()
        alices = Actor.person(alice.pk, alice.name)
        queued = replies.queue_reply(talk, author=alice, body="Hi", actor=alices, now=MORNING)
        opt_outs.record_by_hand([talk.identity], actor=alices, now=MORNING)
        talk.identity.refresh_from_db()

        with pytest.raises(ReplyRefusedError, match=r"contact\.opted_out"):
            replies.queue_reply(talk, author=alice, body="Hi", actor=alices, now=MORNING)
        delivery.send_next(now=MORNING)

        queued.refresh_from_db()
        assert (queued.delivery_status, queued.error_code) == ("failed", "opted_out")

    def test_go_out_again_afterwards(self, talk):
        alice = make_agent()
        alices = Actor.person(alice.pk, alice.name)
        opt_outs.record_by_hand([talk.identity], actor=alices, now=MORNING)
        opt_outs.lift_by_hand([talk.identity], actor=alices, now=MORNING, why="A mistake")
        talk.identity.refresh_from_db()
        replies.queue_reply(talk, author=alice, body="Hi", actor=alices, now=MORNING)
        assert Message.objects.count() == 1

    def test_are_never_freed_without_a_reason(self, talk):
        opt_outs.record_by_hand([talk.identity], actor=Actor.system(), now=MORNING)
        with pytest.raises(ValueError, match="reason"):
            opt_outs.lift_by_hand([talk.identity], actor=Actor.system(), now=MORNING, why=" ")
        assert Identity.objects.get().opted_out_at == MORNING


class TestOverTheApi:
    @pytest.fixture
    def api(self, sachi):
        return ApiCaller(make_api_key(user=sachi, scopes=["read", "contacts"]))

    def post(self, api, contact, name, body, **more):
        return api.post(f"contacts/{contact.public_id}/{name}/", body, **more)

    def test_is_recorded_once_and_lifted_once(self, api, talk):
        first = self.post(api, talk.contact, "opt-out", {"reason": "On the telephone"})
        again = self.post(api, talk.contact, "opt-out", {})

        assert (first.status_code, again.status_code) == (200, 200)
        (address,) = again.json()["identities"]
        assert address["opted_out_reason"] == "person"
        assert address["opted_out_at"] == first.json()["identities"][0]["opted_out_at"]

        for _ in range(2):
            lifted = self.post(api, talk.contact, "opt-in", {"reason": "Signed up again"})
        assert lifted.json()["identities"][0]["opted_out_at"] is None
        assert told() == [
            ("contact.opted_out", "api", "On the telephone"),
            ("contact.opted_in", "api", "Signed up again"),
        ]

    def test_is_for_one_address_where_one_is_named(self, api, talk):
        other = Identity.objects.create(
            contact=talk.contact, medium="sms", address=talk.identity.address, created_at=MORNING
        )
        body = {"address": other.address, "medium": "sms"}
        self.post(api, talk.contact, "opt-out", body)
        talk.identity.refresh_from_db()
        other.refresh_from_db()
        assert talk.identity.opted_out_at is None
        assert other.opted_out_at is not None
        assert Event.objects.get(type="contact.opted_out").conversation is None

    @pytest.mark.parametrize(
        ("name", "body", "field"),
        [
            ("opt-in", {}, "reason"),
            ("opt-in", {"reason": ""}, "reason"),
            ("opt-out", {"reason": "x" * 301}, "reason"),
            ("opt-out", {"address": "+810"}, "address"),
            ("opt-out", {"medium": "pigeon"}, "medium"),
            ("opt-out", {"adress": "+810"}, "adress"),
        ],
    )
    def test_refuses_what_says_too_little(self, api, talk, name, body, field):
        answer = self.post(api, talk.contact, name, body)
        assert answer.status_code == 422
        assert field in answer.json()["fields"]
        assert not told()

    def test_answers_the_same_for_nobody_and_for_somebody_elses_customer(self, api):
        foreign = make_conversation(team=make_team(name="Sales")).contact
        assert self.post(api, foreign, "opt-out", {}).status_code == 404
        assert not told()

    def test_sends_whoever_was_merged_to_the_other(self, api, talk):
        gone = make_contact(name="D.", merged_into=talk.contact)
        answer = self.post(api, gone, "opt-out", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "contact.merged")
