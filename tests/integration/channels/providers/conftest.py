"""Twilio's stand-in and an adapter that talks to it."""

from collections.abc import Iterator

import pytest

from channels.providers.base import ChannelConfig
from channels.providers.twilio.adapter import TwilioAdapter
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
