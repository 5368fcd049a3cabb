"""Why nothing arrives: what was refused at a channel's door, counted and bounded."""

from typing import Any

import pytest
from django.test import Client

from channels.addresses import inbound_url
from channels.models import Channel, Envelope, RefusedRequest
from channels.providers import config_of
from channels.providers.base import InboundRequest
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid
from channels.services import refusals
from tests.doors import customer_writes, knock
from tests.factories import make_channel

pytestmark = pytest.mark.django_db


def signed_for(channel: Channel, url: str) -> tuple[bytes, dict[str, str]]:
    config = config_of(channel)
    fields = message_fields(
        config, address="+819000000001", text="Secret words", message_sid=new_message_sid()
    )
    return build_signed_form(config, url=url, fields=fields)


class TestARefusedRequest:
    def test_is_counted_with_its_reason_and_without_its_body(self) -> None:
        channel = make_channel()
        body, headers = signed_for(channel, "https://elsewhere.example.com/")
        for _ in range(3):
            assert knock(inbound_url(channel), body, headers).status_code == 403

        kept = RefusedRequest.objects.get()
        assert (kept.code, kept.count) == ("signature_invalid", 3)
        assert kept.url == f"http://testserver/webhooks/twilio/{channel.token}/"
        assert not Envelope.objects.exists()

    def test_that_was_signed_for_the_address_that_was_called_says_so(self, settings: Any) -> None:
        channel = make_channel()
        path = f"/webhooks/twilio/{channel.token}/"
        body, headers = signed_for(channel, f"https://testserver{path}")

        assert knock(inbound_url(channel), body, headers).status_code == 403

        kept = RefusedRequest.objects.get()
        assert (kept.code, kept.url) == ("wrong_address", f"https://testserver{path}")

    def test_without_a_signature_is_told_from_a_wrong_one(self) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/", {"Body": "Hi"})

        assert RefusedRequest.objects.get().code == "signature_missing"

    def test_at_the_address_for_reports_is_counted_too(self) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/status/", {"MessageSid": "SM1"})

        assert "/status/" in RefusedRequest.objects.get().url

    def test_keeps_nothing_of_a_query(self) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/?Body=Secret+words", {"a": "b"})

        assert "Secret" not in RefusedRequest.objects.get().url


class TestAFlood:
    def test_fills_ten_rows_and_no_more(self, now: Any) -> None:
        channel = make_channel()
        for number in range(40):
            refusals.note(
                channel,
                request=InboundRequest("https://desk.example.test/", "", b"", {}),
                code="signature_missing",
                seen_url=f"https://host-{number}.example.com/",
                now=now,
            )

        assert RefusedRequest.objects.count() == refusals.MOST_KINDS

    def test_leaves_what_is_taken_alone(self) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/", {"Body": "Hi"})

        assert customer_writes(channel, "Hello").status_code == 200
        assert RefusedRequest.objects.count() == 1
