"""Requests that Twilio sent to others, through our own door. Skipped where the folder is absent."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from channels.addresses import inbound_url, status_url
from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import config_of
from channels.providers.signing import FORM_TYPE, sign
from conversations.models import DeliveryReport, Identity, Message
from tests.doors import knock
from tests.factories import make_channel
from tests.unit.channels.genuine import OUTSIDE_DATA

pytestmark = pytest.mark.django_db
VECTORS = OUTSIDE_DATA / "twilio_vectors.jsonl"


def rows(*kinds: str) -> list[Any]:
    if not VECTORS.exists():
        reason = f"{VECTORS} is not on this machine"
        return [pytest.param({}, id="none", marks=pytest.mark.skip(reason=reason))]
    read = [json.loads(line) for line in VECTORS.read_text().splitlines()]
    found = [row for row in read if row["kind"].startswith(kinds)]
    assert found, kinds
    return [pytest.param(row, id=row["name"]) for row in found]


def fields_of(row: dict[str, Any]) -> dict[str, str]:
    """Return the fields. Rows from other projects' tests leave out what those did not look at."""
    given = row["params"] or dict(parse_qsl(row["raw_body"], keep_blank_values=True))
    fields = {name: str(value) for name, value in given.items()}
    if row["kind"].startswith("inbound_"):
        fields.setdefault("MessageSid", fields.get("SmsSid", ""))
        is_whatsapp = fields["From"].startswith("whatsapp:")
        fields.setdefault("To", "whatsapp:+15550001111" if is_whatsapp else "+15550001111")
    return fields


def channel_for(fields: dict[str, str], *, ours: str) -> Channel:
    """Return the channel that the request was meant for: by its number, as the request names it."""
    number = fields.get(ours, "")
    is_whatsapp = any(fields.get(name, "").startswith("whatsapp:") for name in ("From", "To"))
    return make_channel(
        medium="whatsapp" if is_whatsapp else "sms",
        account_sid=fields.get("AccountSid", ""),
        phone_number=number.removeprefix("whatsapp:") or "+15550000000",
    )


def post(channel: Channel, row: dict[str, Any], *, url: str) -> int:
    """Post what the row holds to our own door, signed for us."""
    body = row["raw_body"].encode() if row["raw_body"] else urlencode(fields_of(row)).encode()
    headers = sign(config_of(channel), url=url, body=body)
    assert headers["Content-Type"] == FORM_TYPE
    return int(knock(url, body, headers).status_code)


class TestAMessage:
    @pytest.mark.parametrize("row", rows("inbound_"))
    def test_is_stored_as_the_customer_wrote_it(self, row: dict[str, Any]) -> None:
        fields = fields_of(row)
        channel = channel_for(fields, ours="To")

        assert post(channel, row, url=inbound_url(channel)) == 200

        message = Message.objects.get()
        assert message.provider_message_id == fields["MessageSid"]
        assert message.body == fields.get("Body", "") or message.kind in ("location", "button")
        address = fields["From"].removeprefix("whatsapp:")
        assert Identity.objects.filter(address=address).exists()
        files = [entry for entry in message.media if entry["kind"] == "file"]
        assert len(files) == int(fields.get("NumMedia", "0"))


class TestAReport:
    @pytest.mark.parametrize("row", rows("status"))
    def test_is_kept_with_its_word_and_its_reason(self, row: dict[str, Any]) -> None:
        fields = fields_of(row)
        channel = channel_for(fields, ours="From")

        assert post(channel, row, url=status_url(channel)) == 200

        if "MessageStatus" not in fields:
            assert not DeliveryReport.objects.exists()
            return
        report = DeliveryReport.objects.get()
        assert report.provider_message_id == fields["MessageSid"]
        assert report.status == fields["MessageStatus"]
        assert report.error_code == fields.get("ErrorCode", "")


class TestWhatIsNoMessage:
    @pytest.mark.parametrize("row", rows("malformed", "debugger", "voice"))
    def test_is_kept_in_quarantine(self, row: dict[str, Any]) -> None:
        channel = channel_for(fields_of(row), ours="To")

        assert post(channel, row, url=inbound_url(channel)) == 200

        assert Envelope.objects.get().outcome == EnvelopeOutcome.QUARANTINED
        assert not Message.objects.exists()
