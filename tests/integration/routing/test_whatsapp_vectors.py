"""Requests of Meta's and EngageLab's, through our own door to the page. Skipped where they are not.

What each row says in detail is looked at in `tests/unit/channels/test_whatsapp_rows.py`.
"""

import json
from typing import Any

import pytest

from channels.addresses import inbound_url
from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import config_of
from channels.providers.cloud.door import sign
from conversations import invariants
from conversations.models import Conversation, DeliveryReport, Message
from tests.console import sign_in
from tests.doors import knock
from tests.factories import make_cloud_channel, make_engagelab_channel, make_supervisor
from tests.unit.channels.genuine import OUTSIDE_DATA

pytestmark = pytest.mark.django_db
JSON = {"Content-Type": "application/json"}
#: Which tests play the rows of which kind; a kind that is not here is played by nobody.
PLAYED = {
    "twilio_vectors.jsonl": {
        "signature": "unit/channels/test_signatures.py",
        "inbound_text": "integration/routing/test_twilio_vectors.py",
        "inbound_media": "integration/routing/test_twilio_vectors.py",
        "inbound_location": "integration/routing/test_twilio_vectors.py",
        "inbound_referral": "integration/routing/test_twilio_vectors.py",
        "status": "integration/routing/test_twilio_vectors.py",
        "voice_status": "integration/routing/test_twilio_vectors.py",
        "malformed": "integration/routing/test_twilio_vectors.py",
        "debugger": "integration/routing/test_twilio_vectors.py",
    },
    "whatsapp_cloud_vectors.jsonl": dict.fromkeys(
        [
            "signature",
            "message",
            "status",
            "system",
            "echo",
            "error",
            "user_marketing_preferences",
            "account_update",
            "template_status_update",
        ],
        "integration/routing/test_whatsapp_vectors.py",
    ),
    "engagelab_vectors.jsonl": dict.fromkeys(
        ["status", "message", "notification"], "integration/routing/test_whatsapp_vectors.py"
    ),
}


def read(name: str) -> list[dict[str, Any]]:
    path = OUTSIDE_DATA / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def rows(name: str) -> list[Any]:
    found = [pytest.param(row, id=row["name"]) for row in read(name)]
    reason = f"{OUTSIDE_DATA / name} is not on this machine"
    return found or [pytest.param({}, id="none", marks=pytest.mark.skip(reason=reason))]


def values_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [change["value"] for entry in row["payload"]["entry"] for change in entry["changes"]]


def items(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [item for value in values_of(row) for item in value.get(name, [])]


def channel_for(row: dict[str, Any]) -> Channel:
    numbers = [
        value["metadata"]["phone_number_id"] for value in values_of(row) if "metadata" in value
    ]
    return make_cloud_channel(
        phone_number_id=next(iter(numbers), "1"), app_secret=row["app_secret"] or "secret"
    )


def is_read() -> None:
    """Open whatever came, as a supervisor does."""
    browser = sign_in(make_supervisor())
    for conversation in Conversation.objects.all():
        page = f"/admin/conversations/conversation/{conversation.pk}/change/"
        assert browser.get(page).status_code == 200


class TestARequestOfMeta:
    @pytest.mark.parametrize("row", rows("whatsapp_cloud_vectors.jsonl"))
    def test_gives_what_it_holds_and_can_be_read(self, row: dict[str, Any]) -> None:
        channel = channel_for(row)
        body = (row["raw_body"] or json.dumps(row["payload"])).encode()
        signed = {"X-Hub-Signature-256": row["signature"]} if row["signature"] else {}
        headers = JSON | (signed or sign(config_of(channel), body=body))

        statuses = [knock(inbound_url(channel), body, headers).status_code for _ in range(2)]

        if row["valid"] is False:
            assert statuses == [403, 403]
            assert not Envelope.objects.exists()
            return
        assert statuses == [200, 200]
        has_number = any("metadata" in value for value in values_of(row))
        written = [item for item in items(row, "messages") if item["type"] != "system"]
        usable = [item for item in written if item.get("id") and has_number]
        messages = [item["id"] for item in usable if item["type"] not in ("reaction", "revoke")]
        stored = Message.objects.order_by("pk").values_list("provider_message_id", flat=True)
        assert list(stored) == messages
        kept = Envelope.objects.filter(outcome=EnvelopeOutcome.QUARANTINED).count()
        assert kept == len(written) - len(usable)
        reports = DeliveryReport.objects.order_by("pk").values_list("provider_message_id", "status")
        assert list(reports) == [(item["id"], item["status"]) for item in items(row, "statuses")]
        assert not invariants.envelopes_without_a_message().exists()
        is_read()


class TestARequestOfEngageLab:
    @pytest.mark.parametrize("row", rows("engagelab_vectors.jsonl"))
    def test_gives_what_it_holds_and_can_be_read(self, row: dict[str, Any]) -> None:
        channel = make_engagelab_channel(phone_number="+447911123456", business_account_id="")
        body = json.dumps(row["payload"]).encode()
        for _ in range(2):
            assert knock(inbound_url(channel), body, JSON).status_code == 200
        assert Message.objects.count() == (row["kind"] == "message")
        assert DeliveryReport.objects.count() == (row["kind"] == "status")
        assert not Envelope.objects.filter(outcome=EnvelopeOutcome.QUARANTINED).exists()
        is_read()


class TestTheVectors:
    @pytest.mark.parametrize("name", PLAYED)
    def test_are_all_played_by_somebody(self, name: str) -> None:
        if not (OUTSIDE_DATA / name).exists():
            pytest.skip(f"{OUTSIDE_DATA / name} is not on this machine")
        assert {row["kind"] for row in read(name)} == set(PLAYED[name])
        files = {path.name for path in OUTSIDE_DATA.glob("*_vectors.jsonl")}
        assert files == set(PLAYED)
