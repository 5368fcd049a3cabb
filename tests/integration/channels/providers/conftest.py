"""Each provider's stand-in and an adapter that talks to it."""

from collections.abc import Iterator

import pytest

from channels.providers.base import ChannelConfig
from channels.providers.cloud.adapter import CloudAdapter
from channels.providers.engagelab.adapter import EngageLabAdapter
from channels.providers.twilio.adapter import TwilioAdapter
from tests import fake_json
from tests.fake_cloud import CloudFake
from tests.fake_engagelab import EngageLabFake
from tests.fake_twilio import RunningFake, running


@pytest.fixture
def fake() -> Iterator[RunningFake]:
    with running() as server:
        yield server


@pytest.fixture
def twilio(fake: RunningFake) -> TwilioAdapter:
    return TwilioAdapter(api_base_url=fake.url, timeout_s=(1.0, 0.5))


@pytest.fixture
def whatsapp() -> ChannelConfig:
    return ChannelConfig(
        provider="twilio",
        medium="whatsapp",
        account_sid="AC" + "1" * 32,
        auth_token="the-account-token",
        phone_number="+15550009999",
    )


@pytest.fixture
def cloud_fake() -> Iterator[CloudFake]:
    with fake_json.running(CloudFake()) as server:
        yield server


@pytest.fixture
def cloud_adapter(cloud_fake: CloudFake) -> CloudAdapter:
    return CloudAdapter(api_base_url=cloud_fake.api_url, timeout_s=(1.0, 0.5))


@pytest.fixture
def cloud(cloud_fake: CloudFake) -> ChannelConfig:
    return ChannelConfig(
        provider="whatsapp_cloud",
        medium="whatsapp",
        phone_number_id="106540352242922",
        business_account_id=cloud_fake.account_id,
        access_token="the-access-token",
        app_secret=cloud_fake.app_secret,
        verify_token="our-word",
    )


@pytest.fixture
def engagelab_fake() -> Iterator[EngageLabFake]:
    with fake_json.running(EngageLabFake()) as server:
        yield server


@pytest.fixture
def engagelab_adapter(engagelab_fake: EngageLabFake) -> EngageLabAdapter:
    return EngageLabAdapter(api_base_url=engagelab_fake.url, timeout_s=(1.0, 0.5))


@pytest.fixture
def engagelab(engagelab_fake: EngageLabFake) -> ChannelConfig:
    return ChannelConfig(
        provider="engagelab",
        medium="whatsapp",
        phone_number=f"+{engagelab_fake.number}",
        business_account_id=engagelab_fake.account_id,
        dev_key="the-dev-key",
        dev_secret="the-dev-secret",
    )
