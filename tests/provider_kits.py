"""Each provider, seen from its side: how it knocks, and how it would fake it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from channels.addresses import inbound_url, status_url
from channels.models import Channel
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.models import Message
from tests import fake_json, fake_twilio
from tests.doors import knock
from tests.factories import make_channel, make_cloud_channel, make_engagelab_channel
from tests.fake_cloud import CloudFake, text_message
from tests.fake_engagelab import HEADERS, EngageLabFake

DORA = "+15550000001"


@dataclass
class TwilioKit:
    """One request for each message and each report."""

    fake: Any
    provider: str = "twilio"
    delivered = ("sent", "delivered", "read")

    def channel(self, **fields: Any) -> Channel:
        return make_channel(provider=self.provider, **fields)

    def write(self, channel: Channel, *texts: tuple[str, str]) -> list[Any]:
        """Bring texts of Dora's: message id and text. Return the answers of our door."""
        return [self._post(channel, self._fields(channel, *each)) for each in texts]

    def tamper(self, channel: Channel) -> Any:
        config = config_of(channel)
        fields = self._fields(channel, "SM1", "Hi")
        body, headers = build_signed_form(config, url=inbound_url(channel), fields=fields)
        return knock(inbound_url(channel), body.replace(b"Hi", b"Ha"), headers)

    def misdirect(self, channel: Channel) -> Any:
        """Bring a message for another number than the channel's."""
        return self._post(
            channel, self._fields(channel, "SM1", "Hi") | {"To": "whatsapp:+15559999999"}
        )

    def report(self, message: Message, *statuses: str) -> list[Any]:
        config = config_of(message.channel)
        url = status_url(message.channel, message_id=message.public_id)
        sid = message.provider_message_id or self.fake.messages[-1]["sid"]
        answers = []
        for status in statuses:
            fields = {"MessageSid": sid, "MessageStatus": status, "AccountSid": config.account_sid}
            answers.append(knock(url, *build_signed_form(config, url=url, fields=fields)))
        return answers

    def lose_answer(self) -> None:
        """Let the next message be taken, and its answer be lost."""
        self.fake.fail_next(is_taken=True, is_cut=True)

    def _fields(self, channel: Channel, message_id: str, text: str) -> dict[str, str]:
        return message_fields(
            config_of(channel), address=DORA, text=text, message_sid=message_id, profile_name="Dora"
        )

    def _post(self, channel: Channel, fields: dict[str, str]) -> Any:
        url = inbound_url(channel)
        return knock(url, *build_signed_form(config_of(channel), url=url, fields=fields))


@dataclass
class CloudKit:
    """One request for everything."""

    fake: CloudFake
    delivered = ("sent", "delivered", "read")

    def channel(self, **fields: Any) -> Channel:
        return make_cloud_channel(**fields)

    def write(self, channel: Channel, *texts: tuple[str, str]) -> list[Any]:
        rows = [text_message(text, message_id=message_id) for message_id, text in texts]
        return [self.post(channel, self.fake.write(*rows))]

    def tamper(self, channel: Channel) -> Any:
        body = self.fake.write(text_message("Hi", message_id="SM1"))
        headers = self.fake.sign(body)
        return knock(inbound_url(channel), body.replace(b"Hi", b"Ha"), headers)

    def misdirect(self, channel: Channel) -> Any:
        body = self.fake.write(text_message("Hi", message_id="SM1"), number="999")
        return self.post(channel, body)

    def report(self, message: Message, *statuses: str) -> list[Any]:
        message_id = message.provider_message_id or self.fake.sends[-1]["id"]
        body = self.fake.report(*((message_id, status) for status in statuses))
        return [self.post(message.channel, body)]

    def lose_answer(self) -> None:
        self.fake.fail_next(is_taken=True, is_cut=True)

    def post(self, channel: Channel, body: bytes) -> Any:
        return knock(inbound_url(channel), body, self.fake.sign(body))


@dataclass
class EngageLabKit:
    """One request for everything, and no signature."""

    fake: EngageLabFake
    delivered = ("plan", "target_valid", "sent", "delivered_timeout", "delivered", "read")

    def channel(self, **fields: Any) -> Channel:
        return make_engagelab_channel(**fields)

    def write(self, channel: Channel, *texts: tuple[str, str]) -> list[Any]:
        return [knock(inbound_url(channel), self.fake.write(*texts), HEADERS)]

    def misdirect(self, channel: Channel) -> Any:
        self.fake.account_id = "999"
        return knock(inbound_url(channel), self.fake.write(("SM1", "Hi")), HEADERS)

    def report(self, message: Message, *statuses: str) -> list[Any]:
        message_id = message.provider_message_id or self.fake.sends[-1]["id"]
        body = self.fake.report(*((message_id, status) for status in statuses))
        return [knock(inbound_url(message.channel), body, HEADERS)]

    def lose_answer(self) -> None:
        self.fake.fail_next(is_taken=True, is_cut=True)


KITS = ("twilio", "simulator", "whatsapp_cloud", "engagelab")


@contextmanager
def open_kit(name: str, settings: Any) -> Iterator[Any]:
    """Run a provider's stand-in, and point the settings to it."""
    if name == "whatsapp_cloud":
        with fake_json.running(CloudFake()) as cloud:
            settings.WHATSAPP_CLOUD_API_BASE_URL = cloud.api_url
            yield CloudKit(cloud)
    elif name == "engagelab":
        with fake_json.running(EngageLabFake()) as engagelab:
            settings.ENGAGELAB_API_BASE_URL = engagelab.url
            yield EngageLabKit(engagelab)
    else:
        with fake_twilio.running() as twilio:
            settings.TWILIO_API_BASE_URL = twilio.url
            yield TwilioKit(twilio, provider=name)
