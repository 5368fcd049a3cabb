"""Every adapter keeps the promises of `contract.py`."""

from dataclasses import replace

import pytest

from channels.providers.base import ChannelConfig, InboundRequest, ProviderAdapter
from channels.providers.signing import FORM_TYPE, build_signed_form
from channels.providers.simulator import SimulatorAdapter, message_fields, status_fields
from channels.providers.twilio.adapter import TwilioAdapter
from conversations.delivery_states import DeliveryStatus
from tests.integration.channels.providers.contract import DORA, AdapterContract

URL = "https://desk.example.test/webhooks/any/t0ken/"


class TwilioShaped(AdapterContract):
    def message_request(
        self, config: ChannelConfig, *, text: str, message_id: str
    ) -> InboundRequest:
        fields = message_fields(config, address=DORA, text=text, message_sid=message_id)
        return self.signed(config, url=URL, fields=fields)

    def status_request(
        self, config: ChannelConfig, *, message_id: str, status: str
    ) -> InboundRequest:
        fields = status_fields(config, message_sid=message_id, address=DORA, status=status)
        return self.signed(config, url=f"{URL}status/?message=0199f0de", fields=fields)

    def status_words(self) -> dict[str, DeliveryStatus]:
        return {
            "sent": DeliveryStatus.SENT,
            "delivered": DeliveryStatus.DELIVERED,
            "read": DeliveryStatus.READ,
            "undelivered": DeliveryStatus.FAILED,
        }

    def signed(self, config: ChannelConfig, *, url: str, fields: dict[str, str]) -> InboundRequest:
        body, headers = build_signed_form(config, url=url, fields=fields)
        return InboundRequest(url, FORM_TYPE, body, headers)


class TestTwilioWhatsApp(TwilioShaped):
    @pytest.fixture
    def adapter(self, twilio: TwilioAdapter) -> ProviderAdapter:
        return twilio

    @pytest.fixture
    def config(self, whatsapp: ChannelConfig) -> ChannelConfig:
        return whatsapp


class TestTwilioSms(TestTwilioWhatsApp):
    @pytest.fixture
    def config(self, whatsapp: ChannelConfig) -> ChannelConfig:
        return replace(whatsapp, medium="sms")


class TestTwilioByService(TestTwilioWhatsApp):
    @pytest.fixture
    def config(self, whatsapp: ChannelConfig) -> ChannelConfig:
        return replace(whatsapp, phone_number="", messaging_service_sid="MG" + "2" * 32)


class TestTheSimulator(TwilioShaped):
    @pytest.fixture
    def adapter(self) -> ProviderAdapter:
        return SimulatorAdapter()

    @pytest.fixture
    def config(self, whatsapp: ChannelConfig) -> ChannelConfig:
        return replace(whatsapp, provider="simulator")
