"""Channels: set up in one call, and their secrets stay inside."""

import pytest

from channels.models import Channel, ChannelText, Template
from channels.secrets import is_readable
from teams.models import BusinessHours
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    lose_key,
    make_agent,
    make_channel,
    make_supervisor,
    make_template,
)
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
TWILIO = {
    "provider": "twilio",
    "name": "WhatsApp Tokyo",
    "account_sid": ACCOUNT_SID,
    "auth_token": AUTH_TOKEN,
    "phone_number": "+15550009999",
}
SERVICE = "MG" + "0" * 32


class TestCreate:
    def test_answers_with_the_addresses_for_the_provider(self, api):
        answer = api.post("channels/", TWILIO)

        assert answer.status_code == 201
        channel = Channel.objects.get()
        door = f"https://desk.example.test/webhooks/twilio/{channel.token}/"
        assert answer.json()["inbound_url"] == door
        assert answer.json()["status_url"] == f"{door}status/"
        assert answer.json()["medium"] == "whatsapp"
        assert channel.auth_token == AUTH_TOKEN

    def test_never_shows_a_secret(self, api):
        created = api.post("channels/", TWILIO)
        address = f"channels/{created.json()['id']}/"

        answers = [created, api.get(address), api.get("channels/"), api.patch(address, {})]

        assert not any(AUTH_TOKEN in answer.content.decode() for answer in answers)
        assert not any("auth_token" in answer.content.decode() for answer in answers)

    def test_takes_a_messaging_service_in_place_of_a_number(self, api):
        body = {**TWILIO, "messaging_service_sid": SERVICE}
        del body["phone_number"]

        assert api.post("channels/", body).status_code == 201

    def test_of_a_simulator_needs_no_credentials(self, api):
        answer = api.post("channels/", {"provider": "simulator", "name": "Phone"})

        assert answer.status_code == 201
        assert answer.json()["phone_number"].startswith("+1555")

    @pytest.mark.parametrize(
        ("change", "fields"),
        [
            ({"auth_token": None}, ["auth_token"]),
            ({"account_sid": "AC1"}, ["account_sid"]),
            ({"phone_number": "0312345678"}, ["phone_number"]),
            ({"phone_number": ""}, ["messaging_service_sid", "phone_number"]),
            ({"messaging_service_sid": SERVICE}, ["messaging_service_sid", "phone_number"]),
            ({"provider": "pigeon"}, ["provider"]),
            ({"medium": "fax"}, ["medium"]),
            ({"token": "mine"}, ["token"]),
        ],
    )
    def test_refuses_what_cannot_work(self, api, change, fields):
        answer = api.post("channels/", TWILIO | change)

        assert (answer.status_code, sorted(answer.json()["fields"])) == (422, fields)
        assert not Channel.objects.exists()

    def test_without_credentials_names_them(self, api):
        answer = api.post("channels/", {"provider": "twilio", "name": "X"})

        assert sorted(answer.json()["fields"]) == ["account_sid", "auth_token"]

    def test_of_a_number_that_is_taken_is_a_conflict(self, api):
        api.post("channels/", TWILIO)

        answer = api.post("channels/", TWILIO | {"name": "Again"})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")

    def test_is_for_administrators(self, call):
        answer = call(make_supervisor()).post("channels/", TWILIO)

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_insufficient")


class TestTheCredentials:
    KEY = {"api_key_sid": "SK" + "7" * 32, "api_key_secret": "s" * 32}

    def test_take_a_new_token_beside_the_old_one(self, api):
        channel = make_channel()

        answer = api.patch(f"channels/{channel.public_id}/", {"auth_token": "f" * 32})

        channel.refresh_from_db()
        assert (channel.auth_token, channel.second_auth_token) == ("f" * 32, AUTH_TOKEN)
        assert answer.json()["second_token_drop_due_at"] == "2026-11-25T09:00:00Z"

    def test_drop_the_old_token_where_that_is_asked_for(self, api):
        channel = make_channel()

        api.patch(
            f"channels/{channel.public_id}/", {"auth_token": "f" * 32, "keep_old_token": False}
        )

        channel.refresh_from_db()
        assert channel.second_auth_token == ""

    def test_take_a_second_token_that_stays(self, api):
        channel = make_channel()

        api.patch(f"channels/{channel.public_id}/", {"second_auth_token": "e" * 32})

        channel.refresh_from_db()
        assert (channel.second_auth_token, channel.second_token_drop_due_at) == ("e" * 32, None)
        assert channel.auth_token == AUTH_TOKEN

    def test_take_an_api_key_and_show_no_secret(self, api):
        channel = make_channel()

        answer = api.patch(f"channels/{channel.public_id}/", self.KEY)

        assert answer.json()["api_key_sid"] == self.KEY["api_key_sid"]
        assert self.KEY["api_key_secret"] not in answer.content.decode()
        channel.refresh_from_db()
        assert channel.api_key_secret == self.KEY["api_key_secret"]

    @pytest.mark.parametrize("name", ["api_key_sid", "api_key_secret"])
    def test_refuse_half_an_api_key(self, api, name):
        answer = api.patch(f"channels/{make_channel().public_id}/", {name: self.KEY[name]})

        missing = ({"api_key_sid", "api_key_secret"} - {name}).pop()
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [missing])


class TestTheTest:
    def test_answers_with_each_step_in_plain_words(self, api, settings):
        channel = make_channel(medium="sms")
        with running() as fake:
            settings.TWILIO_API_BASE_URL = fake.url
            answer = api.post(f"channels/{channel.public_id}/test/", {})

        assert answer.status_code == 200
        steps = {step["step"]: step for step in answer.json()["steps"]}
        assert answer.json()["ok"] is False
        assert steps["account"]["state"] == "ok"
        assert steps["sender"]["code"] == "number_unknown"
        assert channel.phone_number in steps["sender"]["sentence"]
        assert steps["sender"]["advice"]

    def test_of_a_simulator_passes(self, api):
        channel = make_channel(provider="simulator")

        assert api.post(f"channels/{channel.public_id}/test/", {}).json()["ok"] is True


class TestChannel:
    def test_is_changed(self, api):
        channel = make_channel()

        answer = api.patch(
            f"channels/{channel.public_id}/", {"has_survey": True, "auth_token": "f" * 32}
        )

        assert (answer.status_code, answer.json()["has_survey"]) == (200, True)
        channel.refresh_from_db()
        assert channel.auth_token == "f" * 32

    def test_keeps_one_sender(self, api):
        channel = make_channel()

        answer = api.patch(f"channels/{channel.public_id}/", {"messaging_service_sid": SERVICE})

        assert answer.status_code == 422

    def test_shows_its_doors_to_administrators_only(self, call):
        channel = make_channel()

        body = call(make_agent()).get(f"channels/{channel.public_id}/").json()

        assert body["name"] == channel.name
        assert not {"inbound_url", "status_url", "account_sid"} & set(body)

    def test_has_human_agents_in_order(self, api):
        alice, bob = make_agent(), make_agent(name="Bob")
        address = f"channels/{make_channel().public_id}/members/"

        for person in (alice, bob):
            api.post(address, {"member": {"id": str(person.public_id)}})
        api.delete(f"{address}{alice.public_id}/")

        rows = api.get(address).json()["data"]
        assert [row["member"]["name"] for row in rows] == ["Bob"]


class TestASecretThatCannotBeRead:
    def test_hinders_neither_reading_nor_changing_the_rest(self, api):
        channel = make_channel()
        lose_key(channel)
        address = f"channels/{channel.public_id}/"

        answers = [api.get("channels/"), api.get(address), api.patch(address, {"name": "Osaka"})]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert not is_readable(Channel.objects.get(), "auth_token")

    def test_is_entered_anew(self, api):
        channel = make_channel()
        lose_key(channel)

        api.patch(f"channels/{channel.public_id}/", {"auth_token": "e" * 32})

        assert Channel.objects.get().auth_token == "e" * 32


class TestAutomaticTexts:
    @pytest.fixture
    def address(self, api):
        BusinessHours.objects.create(code="tokyo", name="Tokyo", time_zone="Asia/Tokyo")
        made = api.post("channels/", {"provider": "simulator", "name": "Phone"})
        assert made.json()["hours"] is None
        assert not made.json()["has_greeting"]
        return f"channels/{made.json()['id']}/"

    def test_are_set_in_each_language(self, api, address):
        rows = [{"language": "ja", "text": "こんにちは"}, {"language": "en", "text": "Hello"}]
        closed = [{"language": "en", "text": "We open {next_opening}."}]
        body = {
            "hours_code": "tokyo",
            "language": "ja",
            "has_greeting": True,
            "greeting": rows,
            "has_unavailable_message": True,
            "unavailable_message": closed,
        }

        answer = api.patch(address, body)

        shown = api.get(address).json()
        assert answer.status_code == 200
        assert answer.json() == shown
        assert (shown["hours"]["code"], shown["language"]) == ("tokyo", "ja")
        assert (shown["greeting"], shown["unavailable_message"]) == (rows[::-1], closed)
        assert api.get("channels/").json()["data"] == [shown]

    def test_stay_unless_they_are_named(self, api, address):
        api.patch(address, {"greeting": [{"language": "en", "text": "Hello"}]})
        api.patch(address, {"has_greeting": True})
        assert len(api.get(address).json()["greeting"]) == 1

        api.patch(address, {"greeting": []})
        assert api.get(address).json()["greeting"] == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"hours_code": "mars"}, "hours_code"),
            ({"language": "tlh"}, "language"),
            ({"greeting": [{"language": "tlh", "text": "nuqneH"}]}, "greeting"),
            ({"greeting": [{"language": "en", "text": "Hi {name}"}]}, "greeting"),
            ({"greeting": [{"language": "en", "text": "Hi"}] * 2}, "greeting"),
            ({"unavailable_message": [{"language": "en", "text": " "}]}, "unavailable_message"),
            ({"greeting": [{"language": "en", "text": "x" * 1001}]}, "greeting"),
        ],
    )
    def test_that_cannot_be_sent_are_refused(self, api, address, body, field):
        answer = api.patch(address, body)

        assert answer.status_code == 422
        assert any(name.split(".")[0] == field for name in answer.json()["fields"])
        assert not ChannelText.objects.exists()


class TestTemplatesForRatings:
    def test_are_named_read_and_taken_away(self, api):
        channel = make_channel()
        template = make_template(channel=channel, language="ja")
        address = f"channels/{channel.public_id}/"
        row = {"template": str(template.public_id), "values": {"1": "{contact_name}"}}

        answer = api.patch(address, {"survey_templates": [row]})

        shown = {
            **row,
            "name": template.name,
            "language": "ja",
            "status": "approved",
            "reason": "",
            "is_usable": True,
        }
        assert answer.json()["survey_templates"] == [shown]
        assert api.get("channels/").json()["data"][0]["survey_templates"] == [shown]
        Template.objects.update(status="rejected", reason="Too salesy")
        (later,) = api.get(address).json()["survey_templates"]
        assert (later["is_usable"], later["reason"]) == (False, "Too salesy")
        api.patch(address, {"survey_templates": []})
        assert api.get(address).json()["survey_templates"] == []

    @pytest.mark.parametrize(
        ("fields", "values", "code"),
        [
            ({"status": "rejected"}, {"1": "Dora"}, "not_approved"),
            ({}, {}, "values"),
            ({}, {"1": "{order}"}, "unknown_variable"),
            ({"removed_at": MORNING}, {"1": "Dora"}, "does_not_exist"),
        ],
    )
    def test_that_could_not_be_sent_are_refused(self, api, fields, values, code):
        channel = make_channel()
        template = make_template(channel=channel, **fields)
        row = {"template": str(template.public_id), "values": values}

        answer = api.patch(f"channels/{channel.public_id}/", {"survey_templates": [row]})

        assert answer.status_code == 422
        assert answer.json()["fields"]["survey_templates"][0]["code"] == code
        assert not channel.survey_templates.exists()


CLOUD = {
    "provider": "whatsapp_cloud",
    "name": "WhatsApp Berlin",
    "phone_number_id": "106540352242922",
    "business_account_id": "102290129340398",
    "access_token": "the-access-token",
    "app_secret": "the-app-secret",
}
ENGAGELAB = {
    "provider": "engagelab",
    "name": "WhatsApp Singapore",
    "phone_number": "+15550009999",
    "dev_key": "the-dev-key",
    "dev_secret": "the-dev-secret",
}


class TestAChannelOfWhatsAppAlone:
    def test_of_cloud_is_set_up_in_one_call_and_keeps_its_secrets(self, api):
        created = api.post("channels/", CLOUD)

        assert created.status_code == 201
        channel = Channel.objects.get()
        assert (channel.access_token, channel.app_secret) == ("the-access-token", "the-app-secret")
        assert created.json()["medium"] == "whatsapp"
        assert created.json()["verify_token"] == channel.verify_token
        assert created.json()["phone_number_id"] == "106540352242922"
        address = f"channels/{created.json()['id']}/"
        answers = [created, api.get(address), api.get("channels/"), api.patch(address, {})]
        assert not any("the-a" in answer.content.decode() for answer in answers)

    def test_of_engagelab_is_set_up_in_one_call_and_keeps_its_secret(self, api):
        created = api.post("channels/", ENGAGELAB)

        assert created.status_code == 201
        assert Channel.objects.get().dev_secret == "the-dev-secret"
        assert "the-dev-secret" not in created.content.decode()

    @pytest.mark.parametrize(
        ("body", "name"),
        [
            (CLOUD, "phone_number_id"),
            (CLOUD, "access_token"),
            (CLOUD, "app_secret"),
            (ENGAGELAB, "phone_number"),
            (ENGAGELAB, "dev_key"),
            (ENGAGELAB, "dev_secret"),
        ],
    )
    def test_says_what_is_missing(self, api, body, name):
        answer = api.post("channels/", {key: value for key, value in body.items() if key != name})

        assert answer.status_code == 422
        assert answer.json()["fields"][name][0]["code"] == "required"

    @pytest.mark.parametrize(
        ("changes", "name", "code"),
        [
            ({"account_sid": ACCOUNT_SID}, "account_sid", "not_of_provider"),
            ({"dev_key": "x"}, "dev_key", "not_of_provider"),
            ({"medium": "sms"}, "medium", "whatsapp_alone"),
        ],
    )
    def test_takes_nothing_of_another_kind(self, api, changes, name, code):
        answer = api.post("channels/", CLOUD | changes)

        assert answer.status_code == 422
        assert answer.json()["fields"][name][0]["code"] == code

    def test_takes_an_id_that_is_a_number_alone(self, api):
        answer = api.post("channels/", CLOUD | {"phone_number_id": "+49 30 1"})

        assert answer.status_code == 422

    def test_has_its_number_alone(self, api):
        api.post("channels/", CLOUD)

        answer = api.post("channels/", CLOUD | {"name": "Again"})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")

    def test_gets_a_new_token_without_its_other_secrets(self, api):
        created = api.post("channels/", CLOUD)

        answer = api.patch(f"channels/{created.json()['id']}/", {"access_token": "another"})

        assert answer.status_code == 200
        channel = Channel.objects.get()
        assert (channel.access_token, channel.app_secret) == ("another", "the-app-secret")
