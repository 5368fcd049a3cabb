"""The catalogue of hostile requests, through the real door. It is read where it lies beside us."""

import json
from typing import Any

import pytest
from django.test import Client

from channels.addresses import inbound_url, status_url
from channels.models import Channel, Envelope
from channels.providers import config_of
from channels.providers.signing import build_signed_form, sign
from conversations.models import DeliveryReport, Message
from tests.doors import knock
from tests.factories import ACCOUNT_SID, make_channel
from tests.unit.channels.genuine import OUTSIDE_DATA, SID

pytestmark = pytest.mark.django_db

CATALOGUE = OUTSIDE_DATA / "bad_inputs.jsonl"
SURFACES = ("twilio_webhook", "twilio_status")
# Needs a database that fails between COMMIT and its answer: that is not for this suite.
ELSEWHERE = ("TW-063",)


def rows() -> list[Any]:
    if not CATALOGUE.exists():
        reason = f"{CATALOGUE} is not on this machine"
        return [pytest.param({}, id="none", marks=pytest.mark.skip(reason=reason))]
    lines = map(json.loads, CATALOGUE.read_text().splitlines())
    return [
        pytest.param(row, id=row["id"])
        for row in lines
        if row["surface"] in SURFACES and row["id"] not in ELSEWHERE
    ]


def is_captured(row: dict[str, Any]) -> bool:
    """Say whether the row is about a genuine request that somebody got hold of."""
    return bool(row) and row["input"]["sign"].startswith("captured")


def spell_out(value: Any) -> str:
    """Return a value; long ones are written as a recipe."""
    if isinstance(value, dict):
        recipe = value["$gen"]
        return str(recipe.get("prefix", "") + recipe["repeat"] * recipe["times"])
    return (
        str(value)
        .replace("AC{account}", ACCOUNT_SID)
        .replace("SM{same}", SID)
        .replace("SM{known}", SID)
        .replace("SM{unknown}", "SM" + "e" * 32)
    )


def fields_of(row: dict[str, Any]) -> dict[str, str]:
    return {name: spell_out(value) for name, value in row["input"].get("form", {}).items()}


def genuine_fields() -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID,
        "Body": "hello",
        "From": "whatsapp:+15550000001",
        "MessageSid": "SM...",
        "To": "whatsapp:+15550009999",
    }


def body_of(row: dict[str, Any], channel: Channel, url: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers as the row wants them, signed in the way it says."""
    asked, config = row["input"], config_of(channel)
    how = asked["sign"]
    if is_captured(row):
        _, headers = build_signed_form(config, url=url, fields=genuine_fields())
        if "raw_body" in asked:
            fields = genuine_fields()
            body, _ = build_signed_form(config, url=url, fields=fields)
            return body + b"&Body=hello", headers
        body, shifted = build_signed_form(config, url=url, fields=fields_of(row))
        assert row["id"] == "TW-064" or shifted == headers
        return body, shifted
    if "raw_body" in asked or "body_gen" in asked:
        recipe = asked.get("body_gen")
        body = spell_out({"$gen": recipe} if recipe else asked["raw_body"]).encode()
        headers = sign(config, url=url, body=body)
    elif "form_gen" in asked:
        body = "&".join(f"f{number}=" for number in range(asked["form_gen"]["fields"])).encode()
        headers = {"X-Twilio-Signature": "checked later"}
    else:
        signed_url = url.replace("webhooks", "elsewhere") if how == "valid_for_other_path" else url
        body, headers = build_signed_form(config, url=signed_url, fields=fields_of(row))
    if how in ("valid_then_body_changed", "wrong"):
        body += b"&Body=changed"
    if how == "absent":
        headers.pop("X-Twilio-Signature")
    return body, {**headers, **asked.get("headers", {})}


def post(row: dict[str, Any], channel: Channel) -> Any:
    asked = row["input"]
    is_status = row["surface"] == "twilio_status"
    url = status_url(channel) if is_status else inbound_url(channel)
    body, headers = body_of(row, channel, url)
    headers["Content-Type"] = asked["content_type"]
    if "{channel}" not in asked["path"]:
        path = asked["path"].replace("hooks", "webhooks")
        del headers["Content-Type"]
        return Client().post(path, body, asked["content_type"], headers=headers)
    return knock(url, body, headers)


def check_shape(response: Any, expected: dict[str, Any]) -> None:
    if expected["shape"] == "twiml_empty":
        assert response["Content-Type"] == "text/xml"
        assert response.content.endswith(b"<Response/>")
    elif expected["shape"] == "problem":
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == expected["code"]
    else:
        assert response.content == b""


@pytest.fixture
def channel(row: dict[str, Any]) -> Channel:
    token = {"auth_token": ""} if row["input"]["sign"] == "empty_token_channel" else {}
    return make_channel(phone_number="+15550009999", **token)


class TestAHostileRequest:
    @pytest.mark.parametrize("row", rows())
    def test_is_answered_as_the_catalogue_says(self, row: dict[str, Any], channel: Channel) -> None:
        if row["id"] in ("TW-065", "TW-068"):
            url = inbound_url(channel)
            knock(url, *build_signed_form(config_of(channel), url=url, fields=genuine_fields()))
        count = row["input"].get("repeat", 1)
        responses = [post(row, channel) for _ in range(count)]
        for response in responses:
            assert response.status_code == row["expected"]["status"]
            check_shape(response, row["expected"])

    @pytest.mark.parametrize("row", [row for row in rows() if not is_captured(row.values[0])])
    def test_leaves_behind_what_the_catalogue_says(
        self, row: dict[str, Any], channel: Channel
    ) -> None:
        post(row, channel)
        is_taken = row["expected"]["status"] == 200
        if row["surface"] == "twilio_status":
            assert DeliveryReport.objects.count() == is_taken
            return
        quarantined = Envelope.objects.filter(outcome="quarantined").count()
        assert Message.objects.count() + quarantined == is_taken
        assert quarantined == ("quarantine" in row["expected"].get("effect", "") and is_taken)
        if Message.objects.exists() and "form" in row["input"]:
            assert Message.objects.get().body == fields_of(row)["Body"].replace("\0", "")
