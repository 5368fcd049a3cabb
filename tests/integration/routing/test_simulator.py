"""The simulator: real requests to the real doors, for staff and simulator channels only."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import Envelope, Provider
from conversations.models import Conversation, DeliveryReport, Message, Survey
from conversations.services import replies
from conversations.states import Status
from routing.models import Decision
from routing.simulator import people, phone
from routing.simulator.requests import Caller
from teams.models import Presence
from tests.factories import (
    lose_key,
    make_administrator,
    make_agent,
    make_channel,
    make_rule,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db

MISAKI = people.PREPARED[0]


@pytest.fixture
def alice():
    return make_agent(name="Alice")


@pytest.fixture
def channel(alice):
    return make_channel(
        name="Simulator", provider=Provider.SIMULATOR, agents=(alice,), has_survey=True
    )


@pytest.fixture
def staff(client):
    client.force_login(make_supervisor())
    return client


def post(client, url_name, channel, /, **fields):
    """Post a form of the page, and return the page that it leads to."""
    seat = {"channel": str(channel.public_id), "as": MISAKI.number, "name": MISAKI.name}
    return client.post(reverse(url_name), seat | fields, follow=True)


def text_of(response):
    return response.content.decode()


class TestThePage:
    def test_is_for_staff(self, client, channel, alice):
        anonymous = client.get(reverse("simulator"))
        client.force_login(alice)
        agent = client.get(reverse("simulator"))

        for response in (anonymous, agent):
            assert response.status_code == 302
            assert response["Location"].startswith(reverse("admin:login"))

    @pytest.mark.parametrize("name", ["write", "look", "answer", "resolve", "presence"])
    def test_takes_no_form_from_strangers(self, client, channel, name):
        response = client.post(reverse(f"simulator-{name}"), {"text": "Hello"})

        assert response["Location"].startswith(reverse("admin:login"))
        assert not Message.objects.exists()

    @pytest.mark.parametrize("name", ["write", "look", "answer", "resolve", "presence"])
    def test_changes_nothing_by_get(self, staff, channel, name):
        assert staff.get(reverse(f"simulator-{name}")).status_code == 405

    def test_refuses_forms_of_other_sites(self, channel):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(make_supervisor(name="Sven"))

        assert post(strict, "simulator-write", channel, text="Hello").status_code == 403
        assert not Message.objects.exists()

    def test_says_what_is_missing_without_a_simulator_channel(self, staff):
        make_channel(name="WhatsApp Berlin")

        page = text_of(staff.get(reverse("simulator")))

        assert "There is no simulator channel." in page
        assert "WhatsApp Berlin" not in page

    def test_never_touches_a_real_channel(self, staff, channel):
        berlin = make_channel(name="WhatsApp Berlin")

        post(staff, "simulator-write", berlin, text="Hello")

        assert Message.objects.get().channel == channel

    def test_never_simulates_where_there_are_real_channels_only(self, staff):
        berlin = make_channel(name="WhatsApp Berlin")

        assert post(staff, "simulator-write", berlin, text="Hello").status_code == 404
        assert not Message.objects.exists()

    def test_runs_no_script_and_no_style_of_its_own(self, staff, channel):
        page = text_of(post(staff, "simulator-write", channel, text="Hello"))

        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)

    def test_shows_what_strangers_write_as_text(self, staff, channel):
        page = text_of(post(staff, "simulator-write", channel, text="<img src=x onerror=alert(1)>"))

        assert "&lt;img src=x" in page
        assert "<img src=x" not in page

    @pytest.mark.parametrize(
        "chosen",
        [
            {"channel": "nonsense"},
            {"channel": "00000000-0000-0000-0000-000000000000", "as": "+1"},
            {"as": "' OR 1=1 --", "name": "\x00"},
            {"as": "+819000009999", "name": "x" * 5000},
            {"as": "+８１９０００００９９９９"},
        ],
    )
    def test_survives_addresses_that_nobody_made(self, staff, channel, chosen):
        assert staff.get(reverse("simulator"), chosen).status_code == 200

    def test_keeps_the_language_of_the_reader(self, staff, channel):
        staff.cookies["django_language"] = "fr"

        response = post(staff, "simulator-write", channel, text="Hello")

        assert 'lang="fr"' in text_of(response)


class TestAChannelWithoutItsSecret:
    def test_is_not_offered(self, staff, channel):
        lose_key(channel)

        page = text_of(staff.get(reverse("simulator")))

        assert "There is no simulator channel." in page
        assert post(staff, "simulator-write", channel, text="Hello").status_code == 404


class TestWriting:
    def test_goes_through_the_real_door_and_is_decided(self, staff, channel, alice):
        page = text_of(post(staff, "simulator-write", channel, text="返金できますか?"))

        message = Message.objects.get()
        assert (message.body, message.conversation.assignee) == ("返金できますか?", alice)
        assert Envelope.objects.get().signature
        assert Decision.objects.count() == 1
        assert "Taken and stored." in page
        assert "Why Alice?" in page
        assert "X-Twilio-Signature" in page

    def test_prefers_the_clicked_suggestion_to_the_empty_field(self, staff, channel):
        post(staff, "simulator-write", channel, text="", suggestion=MISAKI.suggestions[1])

        assert Message.objects.get().body == MISAKI.suggestions[1]

    def test_asks_for_a_text(self, staff, channel):
        page = text_of(post(staff, "simulator-write", channel, text="  \x00 "))

        assert "Write something first." in page
        assert not Message.objects.exists()

    def test_takes_a_new_person(self, staff, channel):
        post(staff, "simulator-write", channel, text="Hi", **{"as": "+819000009042", "name": "Sam"})

        contact = Conversation.objects.get().contact
        assert (contact.name, contact.phone) == ("Sam", "+819000009042")

    def test_offers_a_number_that_is_free(self, staff, channel):
        first = staff.get(reverse("simulator")).context["new_number"]

        post(staff, "simulator-write", channel, text="Hi", **{"as": first, "name": "Sam"})

        assert staff.get(reverse("simulator")).context["new_number"] != first

    def test_shows_the_duplicate_being_ignored(self, staff, channel):
        page = text_of(post(staff, "simulator-write", channel, text="Hello", how="twice"))

        assert "the duplicate is ignored" in page
        assert Message.objects.count() == 1

    def test_shows_the_forged_request_being_refused(self, staff, channel):
        page = text_of(post(staff, "simulator-write", channel, how="forged"))

        assert "403" in page
        assert "Nothing is stored." in page
        assert not Message.objects.exists()
        assert not Envelope.objects.exists()

    def test_does_not_go_on_saying_how_the_last_request_went(self, staff, channel):
        post(staff, "simulator-write", channel, text="Hello")
        assert "Refused" in text_of(post(staff, "simulator-write", channel, how="forged"))

        assert "Refused" not in text_of(post(staff, "simulator-answer", channel, body="Hi"))

    def test_lets_its_news_grow_old(self, staff, channel):
        post(staff, "simulator-write", channel, how="forged")
        session = staff.session
        session["simulator"] |= {"told_at": session["simulator"]["told_at"] - 60}
        session.save()

        page = text_of(post(staff, "simulator-look", channel))

        assert "Refused" not in page
        assert "The last request" in page

    def test_shows_a_request_to_its_own_phone_only(self, staff, channel):
        post(staff, "simulator-write", channel, text="Hello")

        other = staff.get(reverse("simulator"), {"as": people.PREPARED[1].number})

        assert other.context["last"] is None


class TestThePhone:
    def answer(self, staff, channel, **fields):
        post(staff, "simulator-write", channel, text="Hello")
        post(staff, "simulator-answer", channel, **fields)
        settle(now=Message.objects.latest("pk").created_at)

    def status(self):
        return Message.objects.get(direction="outbound").delivery_status

    def test_shows_the_answer_as_sent_until_somebody_looks(self, staff, channel):
        self.answer(staff, channel, body="We are on it.")

        page = text_of(staff.get(reverse("simulator")))

        assert "We are on it." in page
        assert self.status() == "sent"
        assert not DeliveryReport.objects.exists()

    def test_reports_delivered_and_then_read_to_the_status_door(self, staff, channel):
        self.answer(staff, channel)
        post(staff, "simulator-look", channel)
        assert self.status() == "delivered"

        page = text_of(post(staff, "simulator-look", channel))

        assert self.status() == "read"
        assert "✓✓ Read" in page
        assert DeliveryReport.objects.count() == 2

    def test_reports_nothing_twice(self, staff, channel):
        self.answer(staff, channel)
        for _ in range(4):
            post(staff, "simulator-look", channel)

        assert DeliveryReport.objects.count() == 2

    def test_lets_a_delivery_fail_with_a_code(self, staff, channel):
        self.answer(staff, channel, failure="63016")

        page = text_of(post(staff, "simulator-look", channel))

        assert self.status() == "failed"
        assert "63016" in page

    def test_lets_nothing_fail_with_an_invented_code(self, staff, channel):
        self.answer(staff, channel, failure="99999")
        post(staff, "simulator-look", channel)

        assert self.status() == "delivered"

    def test_hides_notes(self, staff, channel, alice):
        post(staff, "simulator-write", channel, text="Hello")
        conversation = Conversation.objects.get()
        from_alice = {"author": alice, "actor": replies.Actor.person(alice.pk, alice.name)}
        replies.add_note(conversation, body="Secret!", now=WEDNESDAY_MORNING, **from_alice)

        assert "Secret!" not in text_of(staff.get(reverse("simulator")))

    def test_rates_with_one_click(self, staff, channel, alice):
        self.answer(staff, channel)
        page = text_of(post(staff, "simulator-resolve", channel))
        assert "Answer the survey" in page

        post(staff, "simulator-write", channel, text="", suggestion="5")

        survey = Survey.objects.get()
        assert (survey.rating, survey.agent) == (5, alice)
        assert Conversation.objects.get().status == Status.CLOSED


class TestTheWorld:
    def test_answers_as_the_assignee(self, staff, channel, alice):
        post(staff, "simulator-write", channel, text="Hello")

        post(staff, "simulator-answer", channel, body="")

        message = Message.objects.get(direction="outbound")
        assert (message.author, message.body) == (alice, MISAKI.answer)

    def test_has_nothing_to_answer_before_the_customer_wrote(self, staff, channel):
        assert post(staff, "simulator-answer", channel).status_code == 404

    def test_says_why_a_closed_conversation_cannot_be_answered(self, staff, channel):
        post(staff, "simulator-write", channel, text="Hello")
        Conversation.objects.update(status=Status.CLOSED)

        page = text_of(post(staff, "simulator-answer", channel))

        assert "the customer has to write first" in page

    def test_says_why_a_resolved_conversation_cannot_be_resolved(self, staff, channel):
        post(staff, "simulator-write", channel, text="Hello")
        post(staff, "simulator-resolve", channel)

        page = text_of(post(staff, "simulator-resolve", channel))

        assert "The conversation is not open." in page

    def test_asks_a_prepared_person_for_a_rating_in_their_language(self, staff, channel):
        post(staff, "simulator-write", channel, text="返金できますか?")

        page = text_of(post(staff, "simulator-resolve", channel))

        assert "対応はいかがでしたか" in page

    def test_lets_people_come_and_go(self, staff, channel, alice):
        fields = {"person": str(alice.public_id), "presence": "away"}

        post(staff, "simulator-presence", channel, **fields)

        alice.refresh_from_db()
        assert alice.presence == Presence.AWAY

    def test_leaves_those_alone_who_are_above_the_viewer(self, staff, channel):
        ada = make_administrator(name="Ada")
        fields = {"person": str(ada.public_id), "presence": "offline"}

        page = text_of(post(staff, "simulator-presence", channel, **fields))

        ada.refresh_from_db()
        assert ada.presence == Presence.ONLINE
        assert "Your role may not set the presence of Ada." in page
        assert "Presence of Ada" not in page
        assert "Presence of Alice" in page

    def test_explains_that_nobody_is_there(self, staff, channel, alice):
        team = make_team(name="Support", members=(alice,))
        make_rule(name="Refunds", team=team, conditions=(("message.text", "contains", "返金"),))
        fields = {"person": str(alice.public_id), "presence": "offline"}
        post(staff, "simulator-presence", channel, **fields)

        page = text_of(post(staff, "simulator-write", channel, text="返金できますか?"))

        assert "Why is nobody assigned?" in page

    @pytest.mark.parametrize("fields", [{"person": "nobody"}, {"person": ""}])
    def test_refuses_people_who_are_not_there(self, staff, channel, fields):
        response = post(staff, "simulator-presence", channel, presence="away", **fields)

        assert response.status_code == 404


class TestLooking:
    def test_costs_a_fixed_number_of_queries(
        self, channel, django_assert_max_num_queries, django_assert_num_queries
    ):
        dora = Caller("+819000000077", "Dora")
        phone.write(channel, caller=dora, text="One")
        with django_assert_max_num_queries(6) as first:
            phone.look(channel, number=dora.number)
        for text in ("Two", "Three", "Four"):
            phone.write(channel, caller=dora, text=text)

        with django_assert_num_queries(len(first)):
            phone.look(channel, number=dora.number)
