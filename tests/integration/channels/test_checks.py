"""The test of a channel names each step that fails, over the real SDK and a stand-in for Twilio."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from channels.addresses import inbound_url
from channels.checks import render
from channels.models import Channel, Envelope, RefusedRequest
from channels.services import checks
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, lose_key, make_channel
from tests.fake_twilio import RunningFake, running

pytestmark = pytest.mark.django_db
SERVICE = "MG" + "5" * 32
KEY = "SK" + "7" * 32


@pytest.fixture
def fake(settings: Any) -> Iterator[RunningFake]:
    with running() as server:
        settings.TWILIO_API_BASE_URL = server.url
        settings.PUBLIC_BASE_URL = "https://desk.example.test"
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        yield server


def outcome(channel: Channel, now: Any) -> dict[str, tuple[str, str]]:
    return {each.step: (each.state, each.code) for each in checks.check(channel, now=now)}


class TestAWhatsAppNumber:
    def test_passes_every_step(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel()
        fake.account.senders[channel.phone_number] = ("ONLINE", inbound_url(channel))
        Envelope.objects.create(
            channel=channel, dedupe_key="SM1", raw_body=b"", outcome="accepted", received_at=now
        )

        assert outcome(channel, now) == {
            "settings": ("ok", "configured"),
            "address": ("ok", "address_public"),
            "account": ("ok", "account_active"),
            "sender": ("ok", "sender_found"),
            "webhook": ("ok", "webhook_set"),
            "inbound": ("ok", "inbound_received"),
            "sending": ("ok", "sending_allowed"),
        }

    def test_points_elsewhere(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel()
        fake.account.senders[channel.phone_number] = ("ONLINE", "https://old.example.com/hook")

        assert outcome(channel, now)["webhook"] == ("failed", "webhook_elsewhere")
        line = next(each for each in render(channel) if each.step == "webhook")
        assert "https://old.example.com/hook" in line.sentence
        assert inbound_url(channel) in line.advice

    @pytest.mark.parametrize(
        ("senders", "state"),
        [
            ({}, ("warning", "sender_unknown")),
            ({"status": "OFFLINE"}, ("failed", "sender_offline")),
        ],
    )
    def test_that_cannot_be_used(
        self, fake: RunningFake, now: Any, senders: dict[str, str], state: tuple[str, str]
    ) -> None:
        channel = make_channel()
        if senders:
            fake.account.senders[channel.phone_number] = (senders["status"], inbound_url(channel))

        assert outcome(channel, now)["sender"] == state

    def test_ignores_the_switches_behind_the_address(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel()
        url = f"{inbound_url(channel)}#rc=3&rp=all"
        fake.account.senders[channel.phone_number] = ("ONLINE", url)

        assert outcome(channel, now)["webhook"] == ("ok", "webhook_set")


class TestAnSmsNumber:
    def test_passes(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel(medium="sms")
        fake.account.numbers[channel.phone_number] = (inbound_url(channel), "POST")

        found = outcome(channel, now)

        assert (found["sender"], found["webhook"]) == (
            ("ok", "number_found"),
            ("ok", "webhook_set"),
        )

    def test_of_another_account_is_unknown(self, fake: RunningFake, now: Any) -> None:
        found = outcome(make_channel(medium="sms"), now)

        assert found["sender"] == ("failed", "number_unknown")
        assert "webhook" not in found

    @pytest.mark.parametrize(
        ("url", "method", "code"),
        [("", "POST", "webhook_missing"), ("ours", "GET", "webhook_method")],
    )
    def test_with_a_wrong_webhook(
        self, fake: RunningFake, now: Any, url: str, method: str, code: str
    ) -> None:
        channel = make_channel(medium="sms")
        address = inbound_url(channel) if url else ""
        fake.account.numbers[channel.phone_number] = (address, method)

        assert outcome(channel, now)["webhook"] == ("failed", code)


class TestAMessagingService:
    def test_passes(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel(messaging_service_sid=SERVICE)
        fake.account.services[SERVICE] = (inbound_url(channel), False)

        found = outcome(channel, now)

        assert (found["sender"], found["webhook"]) == (
            ("ok", "service_found"),
            ("ok", "webhook_set"),
        )

    def test_that_leaves_it_to_its_numbers_is_pointed_out(
        self, fake: RunningFake, now: Any
    ) -> None:
        channel = make_channel(messaging_service_sid=SERVICE)
        fake.account.services[SERVICE] = ("", True)

        assert outcome(channel, now)["webhook"] == ("warning", "webhook_on_number")

    def test_of_another_account_is_unknown(self, fake: RunningFake, now: Any) -> None:
        found = outcome(make_channel(messaging_service_sid=SERVICE), now)

        assert found["sender"] == ("failed", "service_unknown")


class TestTheAccount:
    def test_that_is_refused_ends_the_questions(self, fake: RunningFake, now: Any) -> None:
        fake.store.accounts[ACCOUNT_SID] = "another"

        found = outcome(make_channel(), now)

        assert found["account"] == ("failed", "20003")
        assert "sender" not in found

    @pytest.mark.parametrize(
        ("change", "state"),
        [
            ({"status": "suspended"}, ("failed", "account_inactive")),
            ({"type": "Trial"}, ("warning", "account_trial")),
        ],
    )
    def test_that_is_not_a_full_one(
        self, fake: RunningFake, now: Any, change: dict[str, str], state: tuple[str, str]
    ) -> None:
        for name, value in change.items():
            setattr(fake.account, name, value)

        assert outcome(make_channel(), now)["account"] == state

    def test_may_have_a_key_that_sends(self, fake: RunningFake, now: Any) -> None:
        fake.store.api_keys[KEY] = ("the-secret", ACCOUNT_SID)
        channel = make_channel(api_key_sid=KEY, api_key_secret="the-secret")

        assert outcome(channel, now)["api_key"] == ("ok", "key_accepted")

    def test_may_have_a_key_that_is_refused(self, fake: RunningFake, now: Any) -> None:
        fake.store.api_keys[KEY] = ("the-secret", ACCOUNT_SID)
        channel = make_channel(api_key_sid=KEY, api_key_secret="stale")

        found = outcome(channel, now)

        assert (found["account"], found["api_key"]) == (
            ("ok", "account_active"),
            ("failed", "key_refused"),
        )

    def test_that_cannot_be_asked_is_told_as_such(self, settings: Any, now: Any) -> None:
        settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"

        assert outcome(make_channel(), now)["account"] == ("failed", "no_connection")


class TestOurOwnSide:
    @pytest.mark.parametrize(
        ("url", "state"),
        [
            ("https://desk.example.com", ("ok", "address_public")),
            ("http://desk.example.com", ("failed", "address_not_https")),
            ("http://127.0.0.1:8000", ("failed", "address_local")),
            ("https://192.168.1.5", ("failed", "address_local")),
            ("https://desk", ("failed", "address_local")),
            ("https://desk.local", ("failed", "address_local")),
        ],
    )
    def test_says_whether_the_address_has_a_public_shape(
        self, fake: RunningFake, settings: Any, now: Any, url: str, state: tuple[str, str]
    ) -> None:
        settings.PUBLIC_BASE_URL = url

        assert outcome(make_channel(), now)["address"] == state

    def test_says_that_it_is_switched_off_and_that_sending_is_refused(
        self, fake: RunningFake, now: Any
    ) -> None:
        channel = make_channel(is_active=False, broken_at=now, broken_reason="No.")

        found = outcome(channel, now)

        assert found["settings"] == ("failed", "switched_off")
        assert found["sending"] == ("failed", "sending_broken")

    def test_says_that_a_secret_cannot_be_read(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel()
        lose_key(channel)

        assert outcome(Channel.objects.get(), now)["settings"] == ("failed", "key_missing")

    @pytest.mark.parametrize(
        ("code", "expected"),
        [("signature_invalid", "inbound_refused"), ("wrong_address", "inbound_wrong_address")],
    )
    def test_says_why_the_last_request_was_refused(
        self, fake: RunningFake, now: Any, code: str, expected: str
    ) -> None:
        channel = make_channel()
        Envelope.objects.create(
            channel=channel, dedupe_key="SM1", raw_body=b"", outcome="accepted", received_at=now
        )
        later = now + timedelta(minutes=1)
        RefusedRequest.objects.create(
            channel=channel, code=code, url="http://desk/", first_at=later, last_at=later
        )

        assert outcome(channel, now)["inbound"] == ("failed", expected)

    def test_keeps_its_report_with_the_channel(self, fake: RunningFake, now: Any) -> None:
        channel = make_channel()

        findings = checks.check(channel, now=now)

        channel.refresh_from_db()
        assert channel.check_report == [asdict(finding) for finding in findings]
        assert channel.checked_at == now
        assert AUTH_TOKEN not in str(channel.check_report)
