"""Two auth tokens at once, while one takes the other's place; and API keys to send with."""

from datetime import timedelta
from typing import Any

import pytest

from channels.addresses import inbound_url
from channels.models import Channel
from channels.providers import adapter_for, config_of
from channels.providers.base import ChannelConfig, OutboundMessage
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid
from channels.services import channels
from conversations.models import Message
from tests.doors import knock
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, make_channel
from tests.fake_twilio import running
from tests.settle import settle

pytestmark = pytest.mark.django_db
NEW = "f" * 32
SUB_ACCOUNT = "AC" + "9" * 32


def write(channel: Channel, *, token: str, **fields: str) -> int:
    """Knock as Twilio does that signs with this token; return the answer's status."""
    config = config_of(channel)
    signing = ChannelConfig(config.provider, config.medium, config.account_sid, token)
    sent = message_fields(
        config, address="+819000000001", text="Hello", message_sid=new_message_sid()
    )
    url = inbound_url(channel)
    return int(knock(url, *build_signed_form(signing, url=url, fields=sent | fields)).status_code)


class TestReplacingAToken:
    def test_leaves_both_alive(self, now: Any) -> None:
        channel = channels.replace_token(make_channel(), token=NEW, now=now)

        assert [write(channel, token=token) for token in (AUTH_TOKEN, NEW)] == [200, 200]
        assert write(channel, token="e" * 32) == 403
        assert Message.objects.count() == 2

    def test_drops_the_old_one_after_its_time(self, now: Any) -> None:
        channel = channels.replace_token(make_channel(), token=NEW, now=now)
        settle(now=now + timedelta(days=6))
        assert write(channel, token=AUTH_TOKEN) == 200

        settle(now=now + timedelta(days=8))

        assert write(channel, token=AUTH_TOKEN) == 403
        channel.refresh_from_db()
        assert (channel.second_auth_token, channel.auth_token) == ("", NEW)

    def test_may_end_the_old_one_at_once(self, now: Any) -> None:
        channel = channels.replace_token(make_channel(), token=NEW, now=now, overlap=timedelta(0))
        assert [write(channel, token=token) for token in (AUTH_TOKEN, NEW)] == [403, 200]

    def test_sends_with_the_new_one(self, now: Any, settings: Any) -> None:
        channel = channels.replace_token(make_channel(), token=NEW, now=now)
        with running() as fake:
            settings.TWILIO_API_BASE_URL = fake.url
            fake.store.accounts[ACCOUNT_SID] = NEW
            message = OutboundMessage("+819000000001", "Hi", "https://desk.example.test/s/")

            adapter_for("twilio").send(message, config_of(channel))

            assert len(fake.messages) == 1

    def test_takes_nothing_signed_with_an_empty_second_token(self) -> None:
        assert write(make_channel(), token="") == 403


class TestASubAccount:
    def test_is_told_from_its_parent(self) -> None:
        channel = make_channel(account_sid=SUB_ACCOUNT)

        assert write(channel, token=AUTH_TOKEN, AccountSid=SUB_ACCOUNT) == 200
        assert write(channel, token=AUTH_TOKEN, AccountSid=ACCOUNT_SID) == 403


class TestAnApiKey:
    def test_sends_for_the_account_and_never_signs(self, settings: Any) -> None:
        key = "SK" + "7" * 32
        channel = make_channel(api_key_sid=key, api_key_secret="s" * 32)
        with running() as fake:
            settings.TWILIO_API_BASE_URL = fake.url
            fake.store.accounts[ACCOUNT_SID] = "not ours to know"
            fake.store.api_keys[key] = ("s" * 32, ACCOUNT_SID)
            message = OutboundMessage("+819000000001", "Hi", "https://desk.example.test/s/")

            adapter_for("twilio").send(message, config_of(channel))

            assert fake.messages[0]["account_sid"] == ACCOUNT_SID
        assert write(channel, token="s" * 32) == 403
