"""Every adapter keeps the promises of `contract.py`."""

from dataclasses import replace

import pytest

from channels.providers.base import ChannelConfig, InboundRequest, ProviderAdapter
from channels.providers.cloud.adapter import CloudAdapter
from channels.providers.cloud.door import sign
from channels.providers.engagelab.adapter import EngageLabAdapter
from channels.providers.signing import FORM_TYPE, build_signed_form
from channels.providers.simulator import SimulatorAdapter, message_fields, status_fields
from channels.providers.twilio.adapter import TwilioAdapter
from conversations.delivery_states import DeliveryStatus
from tests.fake_cloud import CloudFake, text_message
from tests.fake_engagelab import HEADERS, EngageLabFake
from tests.fake_json import JsonFake
from tests.fake_twilio import RunningFake
from tests.integration.channels.providers.contract import (
    DORA,
    SendingContract,
    SignedContract,
)

URL = "https://desk.example.test/webhooks/any/t0ken/"


class TwilioShaped(SignedContract):
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


class TestTwilioWhatsApp(SendingContract, TwilioShaped):
    @pytest.fixture(autouse=True)
    def _stand_in(self, fake: RunningFake) -> None:
        fake.store.accounts = {"AC" + "1" * 32: "the-account-token"}
        self.twilio = fake

    def refuse_next(self) -> None:
        self.twilio.fail_next(code=21211, status=400)

    def pause_next(self) -> None:
        self.twilio.fail_next(code=20429, status=429, retry_after="7")

    def silence_next(self) -> None:
        self.twilio.fail_next(delay_s=0.8)

    def drop_next(self) -> None:
        self.twilio.fail_next(is_taken=True, is_cut=True)

    def break_next(self) -> None:
        self.twilio.fail_next(code=20500, status=500)

    def with_wrong_credentials(self, config: ChannelConfig) -> ChannelConfig:
        return replace(config, auth_token="another")

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


@pytest.mark.django_db
class TestTheSimulator(TwilioShaped):
    @pytest.fixture
    def adapter(self) -> ProviderAdapter:
        return SimulatorAdapter()

    @pytest.fixture
    def config(self, whatsapp: ChannelConfig) -> ChannelConfig:
        return replace(whatsapp, provider="simulator")


class JsonShaped(SendingContract):
    """Those whose stand-in takes the same faults."""

    stand_in: JsonFake
    too_many: tuple[int, object]

    def refuse_next(self) -> None:
        self.stand_in.fail_next(status=400, content={"code": 3002, "error": {"code": 131009}})

    def pause_next(self) -> None:
        status, content = self.too_many
        self.stand_in.fail_next(status=status, content=content, retry_after="7")

    def silence_next(self) -> None:
        self.stand_in.fail_next(delay_s=0.8)

    def drop_next(self) -> None:
        self.stand_in.fail_next(is_taken=True, is_cut=True)

    def break_next(self) -> None:
        self.stand_in.fail_next(status=500, content={"code": 1000, "error": {"code": 131000}})


class TestWhatsAppCloud(JsonShaped, SignedContract):
    secret = "app_secret"
    too_many = (400, {"error": {"code": 130429}})

    @pytest.fixture(autouse=True)
    def _stand_in(self, cloud_fake: CloudFake) -> None:
        self.stand_in = self.cloud = cloud_fake

    @pytest.fixture
    def adapter(self, cloud_adapter: CloudAdapter) -> ProviderAdapter:
        return cloud_adapter

    @pytest.fixture
    def config(self, cloud: ChannelConfig) -> ChannelConfig:
        return cloud

    def message_request(
        self, config: ChannelConfig, *, text: str, message_id: str
    ) -> InboundRequest:
        return self.signed(config, self.cloud.write(text_message(text, message_id=message_id)))

    def status_request(
        self, config: ChannelConfig, *, message_id: str, status: str
    ) -> InboundRequest:
        return self.signed(config, self.cloud.report((message_id, status)))

    def status_words(self) -> dict[str, DeliveryStatus]:
        return {
            "sent": DeliveryStatus.SENT,
            "delivered": DeliveryStatus.DELIVERED,
            "read": DeliveryStatus.READ,
            "played": DeliveryStatus.READ,
            "failed": DeliveryStatus.FAILED,
        }

    def signed(self, config: ChannelConfig, body: bytes) -> InboundRequest:
        return InboundRequest(URL, "application/json", body, sign(config, body=body))

    def with_wrong_credentials(self, config: ChannelConfig) -> ChannelConfig:
        return replace(config, access_token="another")


class TestEngageLab(JsonShaped):
    too_many = (429, {"code": 130429, "message": "Too many"})

    @pytest.fixture(autouse=True)
    def _stand_in(self, engagelab_fake: EngageLabFake) -> None:
        self.stand_in = self.engagelab = engagelab_fake

    @pytest.fixture
    def adapter(self, engagelab_adapter: EngageLabAdapter) -> ProviderAdapter:
        return engagelab_adapter

    @pytest.fixture
    def config(self, engagelab: ChannelConfig) -> ChannelConfig:
        return engagelab

    def message_request(
        self, config: ChannelConfig, *, text: str, message_id: str
    ) -> InboundRequest:
        body = self.engagelab.write((message_id, text))
        return InboundRequest(URL, "application/json", body, HEADERS)

    def status_request(
        self, config: ChannelConfig, *, message_id: str, status: str
    ) -> InboundRequest:
        body = self.engagelab.report((message_id, status))
        return InboundRequest(URL, "application/json", body, HEADERS)

    def status_words(self) -> dict[str, DeliveryStatus]:
        return {
            "plan": DeliveryStatus.QUEUED,
            "target_valid": DeliveryStatus.QUEUED,
            "target_invalid": DeliveryStatus.FAILED,
            "sent": DeliveryStatus.SENT,
            "delivered_timeout": DeliveryStatus.SENT,
            "delivered": DeliveryStatus.DELIVERED,
            "read": DeliveryStatus.READ,
            "sent_failed": DeliveryStatus.FAILED,
            "delivered_failed": DeliveryStatus.FAILED,
        }

    def with_wrong_credentials(self, config: ChannelConfig) -> ChannelConfig:
        return replace(config, dev_secret="another")

    def test_says_that_it_cannot_tell_who_is_there(self, adapter: ProviderAdapter) -> None:
        assert not adapter.has_signatures
