"""Which adapter a channel speaks through, with which secrets, and where providers find it."""

import uuid
from typing import Any

import pytest

from channels.addresses import inbound_url, status_url
from channels.models import Channel, Provider
from channels.providers import adapter_for, config_of
from channels.providers.base import ChannelConfig, OutboundMessage
from tests.factories import make_channel
from tests.fake_twilio import RunningFake

pytestmark = pytest.mark.django_db


class TestTheRegistry:
    @pytest.mark.parametrize("provider", Provider.values)
    def test_has_an_adapter_for_every_provider(self, provider: str) -> None:
        assert adapter_for(provider) is adapter_for(provider)

    def test_has_none_for_anybody_else(self) -> None:
        with pytest.raises(LookupError):
            adapter_for("pigeon")

    def test_reads_a_channel_with_its_secret(self) -> None:
        channel = make_channel(phone_number="+15550009999", auth_token="secret")
        assert config_of(Channel.objects.get(pk=channel.pk)) == ChannelConfig(
            provider="twilio",
            medium="whatsapp",
            account_sid=channel.account_sid,
            auth_token="secret",
            phone_number="+15550009999",
        )

    def test_sends_to_the_address_in_the_settings(self, fake: RunningFake, settings: Any) -> None:
        settings.TWILIO_API_BASE_URL = fake.url
        channel = make_channel()
        message = OutboundMessage("+15550000001", "Hi", status_url(channel))
        receipt = adapter_for(channel.provider).send(message, config_of(channel))
        assert fake.messages[0]["sid"] == receipt.provider_message_id


class TestTheAddressesOfAChannel:
    def test_are_public_and_end_in_a_slash(self) -> None:
        channel = make_channel()
        assert inbound_url(channel) == f"https://desk.example.test/webhooks/twilio/{channel.token}/"
        assert status_url(channel) == f"{inbound_url(channel)}status/"

    def test_can_name_one_message(self) -> None:
        channel, message_id = make_channel(), uuid.uuid4()
        expected = f"{status_url(channel)}?message={message_id}"
        assert status_url(channel, message_id=message_id) == expected
