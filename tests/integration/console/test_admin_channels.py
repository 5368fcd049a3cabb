"""Channels in the console: set up by number, and a token that goes in and never comes out."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from channels.models import Channel, Distribution, Provider
from tests.console import sign_in
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    lose_key,
    make_administrator,
    make_agent,
    make_channel,
    make_supervisor,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/channels/channel/"
NO_AGENTS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


def form_of(channel: Channel, **changes: Any) -> dict[str, Any]:
    form = {
        "name": channel.name,
        "provider": channel.provider,
        "medium": channel.medium,
        "is_active": "on",
        "account_sid": channel.account_sid,
        "auth_token": "",
        "phone_number": channel.phone_number,
        "messaging_service_sid": channel.messaging_service_sid,
        "time_zone": channel.time_zone,
        "distribution": channel.distribution,
        "survey_wait_hours": channel.survey_wait_s // 3600,
        "reopen_hours": channel.reopen_window_s // 3600,
    }
    return {**form, **NO_AGENTS, **changes}


def page(channel: Channel, name: str = "change") -> str:
    return reverse(f"admin:channels_channel_{name}", args=[channel.pk])


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def new() -> Channel:
    return Channel(
        name="WhatsApp Tokyo",
        provider=Provider.TWILIO,
        account_sid=ACCOUNT_SID,
        phone_number="+815000000001",
    )


class TestAChannel:
    def test_has_a_limit_for_people_without_their_own(self, client: Client) -> None:
        channel = make_channel()

        client.post(page(channel), form_of(channel, capacity="3"))

        assert Channel.objects.get(pk=channel.pk).capacity == 3

    def test_is_made_by_number_and_shows_its_addresses(self, client: Client, new: Channel) -> None:
        answer = client.post(f"{LIST}add/", form_of(new, auth_token=AUTH_TOKEN))
        channel = Channel.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, page(channel))
        assert channel.auth_token == AUTH_TOKEN
        text = client.get(page(channel)).content.decode()
        assert f"https://desk.example.test/webhooks/twilio/{channel.token}/" in text
        assert f"https://desk.example.test/webhooks/twilio/{channel.token}/status/" in text

    def test_of_the_simulator_needs_no_account(self, client: Client) -> None:
        form = form_of(Channel(name="Play", provider=Provider.SIMULATOR))
        assert client.post(f"{LIST}add/", form).status_code == 302
        assert Channel.objects.get().auth_token

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("account_sid", "AC123"),
            ("account_sid", ""),
            ("auth_token", ""),
            ("phone_number", "12345"),
            ("phone_number", ""),
            ("messaging_service_sid", "MG" + "0" * 32),
            ("time_zone", "Mars/Olympus"),
            ("name", ""),
            ("name", "a\x00b"),
            ("survey_wait_hours", "0"),
            ("survey_wait_hours", "9" * 30),
            ("reopen_hours", "-1"),
        ],
    )
    def test_is_refused_at_the_right_field(
        self, client: Client, new: Channel, field: str, value: str
    ) -> None:
        form = form_of(new, auth_token=AUTH_TOKEN) | {field: value}
        answer = client.post(f"{LIST}add/", form)
        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors

    def test_takes_a_number_as_people_write_it(self, client: Client, new: Channel) -> None:
        form = form_of(new, auth_token=AUTH_TOKEN, phone_number="+44 (20) 7946-0123 ")
        client.post(f"{LIST}add/", form)
        assert Channel.objects.get().phone_number == "+442079460123"

    def test_is_refused_on_a_number_that_another_has(self, client: Client, new: Channel) -> None:
        make_channel(phone_number=new.phone_number)
        answer = client.post(f"{LIST}add/", form_of(new, auth_token=AUTH_TOKEN))
        assert answer.status_code == 200
        assert Channel.objects.count() == 1

    def test_takes_its_human_agents_in_order(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        channel = make_channel()
        rows = {
            "memberships-TOTAL_FORMS": 2,
            "memberships-0-user": alice.pk,
            "memberships-0-place": 2,
            "memberships-1-user": bob.pk,
            "memberships-1-place": 1,
        }
        form = form_of(channel, distribution=Distribution.SEQUENTIAL, **rows)
        assert client.post(page(channel), form).status_code == 302
        names = [m.user.name for m in channel.memberships.select_related("user")]
        assert names == ["Bob", "Alice"]
        assert Channel.objects.get().distribution == Distribution.SEQUENTIAL

    def test_is_read_by_supervisors_and_not_changed(self) -> None:
        channel = make_channel()
        client = sign_in(make_supervisor())
        assert client.get(page(channel)).status_code == 200
        assert client.post(page(channel), form_of(channel, name="X")).status_code == 403

    def test_cannot_be_deleted(self, client: Client) -> None:
        channel = make_channel()
        assert client.post(page(channel, "delete"), {"post": "yes"}).status_code == 403


class TestTheToken:
    @pytest.mark.parametrize("name", ["change", "history"])
    def test_is_never_shown(self, client: Client, name: str) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, auth_token="f" * 32))
        assert "f" * 32 not in client.get(page(channel, name)).content.decode()
        assert AUTH_TOKEN not in client.get(page(channel, name)).content.decode()

    def test_is_dots_to_supervisors(self) -> None:
        text = sign_in(make_supervisor()).get(page(make_channel())).content.decode()
        assert "••••••••" in text
        assert AUTH_TOKEN not in text

    def test_is_not_shown_when_the_form_comes_back(self, client: Client, new: Channel) -> None:
        answer = client.post(f"{LIST}add/", form_of(new, name="", auth_token=AUTH_TOKEN))
        assert AUTH_TOKEN not in answer.content.decode()

    def test_stays_where_nobody_types_another(self, client: Client) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, name="Osaka"))
        channel.refresh_from_db()
        assert (channel.name, channel.auth_token) == ("Osaka", AUTH_TOKEN)

    def test_is_replaced_by_what_is_typed(self, client: Client) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, auth_token="f" * 32))
        assert Channel.objects.get().auth_token == "f" * 32


class TestTheState:
    def test_says_that_nothing_came_yet(self, client: Client) -> None:
        make_channel()
        assert "No message yet" in client.get(LIST).content.decode()

    def test_says_why_it_cannot_send(self, client: Client, now: Any) -> None:
        make_channel(broken_at=now, broken_reason="Twilio does not accept the token.")
        text = client.get(LIST).content.decode()
        assert "Cannot send" in text
        assert "does not accept the token" in text


class TestATokenThatCannotBeRead:
    @pytest.fixture
    def lost(self) -> Channel:
        channel = make_channel()
        lose_key(channel)
        return channel

    def test_is_told_in_the_list_and_on_the_page(self, client: Client, lost: Channel) -> None:
        assert "Token unreadable" in client.get(LIST).content.decode()
        text = client.get(page(lost)).content.decode()
        assert "The stored token cannot be read" in text
        assert "Set. Replace" not in text

    def test_is_told_to_those_who_only_look(self, lost: Channel) -> None:
        text = sign_in(make_supervisor()).get(page(lost)).content.decode()
        assert "an administrator has to enter it anew" in text

    def test_is_entered_anew(self, client: Client, lost: Channel) -> None:
        answer = client.post(page(lost), form_of(lost, auth_token="e" * 32))
        assert answer.status_code == 302
        assert Channel.objects.get().auth_token == "e" * 32
        assert "Token unreadable" not in client.get(LIST).content.decode()

    def test_does_not_keep_anybody_from_changing_the_rest(
        self, client: Client, lost: Channel
    ) -> None:
        assert client.post(page(lost), form_of(lost, name="Osaka")).status_code == 302
        lost.refresh_from_db(fields=["name"])
        assert lost.name == "Osaka"
        assert "Token unreadable" in client.get(LIST).content.decode()

    def test_is_counted_by_verify(self, lost: Channel) -> None:
        said = StringIO()
        with pytest.raises(CommandError):
            call_command("verify", "--json", stdout=said)
        counts = json.loads(said.getvalue())
        assert {name for name, count in counts.items() if count} == {
            "channels_whose_secret_cannot_be_read"
        }
