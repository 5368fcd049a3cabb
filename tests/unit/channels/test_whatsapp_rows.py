"""Rows of WhatsApp Cloud and EngageLab: each is used by itself, whatever its neighbours are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import (
    ChannelConfig,
    InboundMessage,
    InboundRequest,
    Parsed,
    SignatureRefusedError,
)
from channels.providers.cloud.door import CloudDoor, sign
from channels.providers.engagelab.door import EngageLabDoor
from tests.unit.channels.genuine import OUTSIDE_DATA

URL = "https://desk.example.test/webhooks/any/t0ken/"
NUMBER = "1122334455667"
CLOUD = ChannelConfig(
    "whatsapp_cloud",
    "whatsapp",
    phone_number_id=NUMBER,
    app_secret="the-app-secret",
    verify_token="our-word",
)
ENGAGELAB = ChannelConfig("engagelab", "whatsapp", phone_number="+447911123456")


def cloud_value(**value: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "972123456789", "phone_number_id": NUMBER}
    contact = {"profile": {"name": "Dora"}, "wa_id": "972987654321", "user_id": "US.1349"}
    return {"metadata": metadata, "contacts": [contact], **value}


def parse_cloud(*values: dict[str, Any], field: str = "messages") -> Parsed:
    changes = [{"field": field, "value": value} for value in values]
    return parse_body({"object": "x", "entry": [{"id": "1", "changes": changes}]})


def parse_body(payload: Any, config: ChannelConfig = CLOUD) -> Parsed:
    body = json.dumps(payload).encode()
    request = InboundRequest(URL, "application/json", body, sign(config, body=body))
    return CloudDoor().parse_inbound(request, config)


def cloud_message(**fields: Any) -> dict[str, Any]:
    return {"from": "972987654321", "id": "wamid.1", "timestamp": "1697043379", **fields}


def read(**fields: Any) -> InboundMessage:
    (message,) = parse_cloud(cloud_value(messages=[cloud_message(**fields)])).messages
    return message


def outside_rows(name: str) -> list[Any]:
    path = OUTSIDE_DATA / name
    if not path.exists():
        return [pytest.param({}, marks=pytest.mark.skip(f"{path} is not on this machine"))]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [pytest.param(row, id=row["name"]) for row in rows]


def is_for_us(message: dict[str, Any]) -> bool:
    """Of the notices only a new number says anything that the desk goes by."""
    is_notice = message["type"] == "system"
    return not is_notice or message["system"]["type"] == "user_changed_number"


class TestEveryCloudRowFromOutside:
    @pytest.mark.parametrize("row", outside_rows("whatsapp_cloud_vectors.jsonl"))
    def test_gives_what_it_holds(self, row: dict[str, Any]) -> None:
        payload = row["payload"]
        values = [c["value"] for e in payload["entry"] for c in e["changes"]]
        numbers = {v["metadata"]["phone_number_id"] for v in values if "metadata" in v}
        config = ChannelConfig(
            "whatsapp_cloud",
            "whatsapp",
            phone_number_id=next(iter(numbers), NUMBER),
            app_secret=row["app_secret"] or "secret",
        )
        parsed = parse_body(payload, config)
        written = [m for v in values for m in v.get("messages", []) if is_for_us(m)]
        usable = [m for m in written if m.get("id") and numbers]
        assert [m.provider_message_id for m in parsed.messages] == [m["id"] for m in usable]
        assert len(parsed.quarantine) == len(written) - len(usable)
        reports = [s for v in values for s in v.get("statuses", [])]
        said = [(u.provider_message_id, u.status) for u in parsed.updates]
        assert said == [(s["id"], s["status"]) for s in reports]
        for message, given_ in zip(parsed.messages, usable, strict=True):
            assert message.text == given_.get("text", {}).get("body", message.text)
            assert message.address.startswith("+")

    @pytest.mark.parametrize(
        "row",
        [
            row
            for row in outside_rows("whatsapp_cloud_vectors.jsonl")
            if row.marks or row.values[0]["kind"] == "signature"
        ],
    )
    def test_is_signed_over_its_very_bytes(self, row: dict[str, Any]) -> None:
        config = ChannelConfig("whatsapp_cloud", "whatsapp", app_secret=row["app_secret"])
        body = row["raw_body"].encode()
        headers = {"X-Hub-Signature-256": row["signature"]}
        assert is_let_in(InboundRequest(URL, "", body, headers), config) is row["valid"]
        spaced = json.dumps(json.loads(body)).encode()
        assert not is_let_in(InboundRequest(URL, "", spaced, headers), config)


def is_let_in(request: InboundRequest, config: ChannelConfig) -> bool:
    try:
        CloudDoor().verify(request, config)
    except SignatureRefusedError:
        return False
    return True


class TestEveryEngageLabRowFromOutside:
    @pytest.mark.parametrize("row", outside_rows("engagelab_vectors.jsonl"))
    def test_gives_what_it_holds(self, row: dict[str, Any]) -> None:
        parsed = parse_rows(row["payload"])
        if row["kind"] == "status":
            (update,) = parsed.updates
            assert (update.status, update.error_code) == ("delivered", "")
        elif row["kind"] == "message":
            (message,) = parsed.messages
            assert (message.address, message.text) == ("+8613800138000", "Thanks for the update!")
            assert message.reply_to == "1666165485030094860"
            assert message.provider_message_id == "wamid.123321abcdefed=="
        else:
            assert parsed == Parsed(warnings=("not_read_insufficient_balance",))


def parse_rows(payload: Any) -> Parsed:
    request = InboundRequest(URL, "application/json", json.dumps(payload).encode(), {})
    return EngageLabDoor().parse_inbound(request, ENGAGELAB)


class TestAMessageOfCloud:
    def test_brings_everything_that_its_sender_is_known_by(self) -> None:
        message = read(type="text", text={"body": "Hi"}, from_parent_user_id="US.ENT.7")
        assert message.address == "+972987654321"
        assert message.other_addresses == (
            ("user_id", "US.1349"),
            ("parent_user_id", "US.ENT.7"),
        )
        assert message.profile_name == "Dora"
        assert message.sent_at is not None
        assert message.sent_at.isoformat() == "2023-10-11T16:56:19+00:00"

    def test_may_come_from_somebody_without_a_number(self) -> None:
        value = cloud_value(
            contacts=[{"profile": {"name": "Muhsin"}, "user_id": "IN.2081"}],
            messages=[
                {"from_user_id": "IN.2081", "id": "w", "type": "text", "text": {"body": "a"}}
            ],
        )
        (message,) = parse_cloud(value).messages
        assert (message.address, message.profile_name) == ("IN.2081", "Muhsin")

    def test_goes_back_to_the_stable_spelling_of_a_number(self) -> None:
        value = cloud_value(
            contacts=[{"wa_id": "915550100026"}],
            messages=[cloud_message(**{"from": "915550100027"}, type="text", text={"body": "a"})],
        )
        (message,) = parse_cloud(value).messages
        assert message.address == "+915550100026"
        assert message.other_addresses == (("phone", "+915550100027"),)

    @pytest.mark.parametrize("kind", ["image", "video", "document", "audio", "sticker"])
    def test_with_a_file_names_it_by_its_id(self, kind: str) -> None:
        about = {"id": "65463453", "mime_type": "a/b", "filename": "é.pdf", "caption": "Look"}
        message = read(type=kind, **{kind: about})
        (entry,) = message.media
        assert (message.kind, message.text) == ("media", "Look")
        assert (entry["id"], entry["state"], entry["filename"]) == ("65463453", "pending", "é.pdf")
        assert entry["form"] == kind

    def test_tells_a_voice_message_from_a_sound(self) -> None:
        message = read(type="audio", audio={"id": "1", "voice": True})
        assert message.media[0]["form"] == "voice"

    def test_with_a_file_that_whatsapp_could_not_fetch_says_so(self) -> None:
        assert read(type="image", image={"mime_type": "image/png"}).media[0]["state"] == "missing"

    @pytest.mark.parametrize(
        ("fields", "kind", "text"),
        [
            (
                {"type": "reaction", "reaction": {"message_id": "w", "emoji": "😮"}},
                "reaction",
                "😮",
            ),
            ({"type": "reaction", "reaction": {"message_id": "w"}}, "reaction", ""),
            ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "button", "Yes"),
            (
                {
                    "type": "interactive",
                    "interactive": {"type": "button_reply", "button_reply": {"id": "y"}},
                },
                "button",
                "y",
            ),
            (
                {
                    "type": "interactive",
                    "interactive": {"type": "list_reply", "list_reply": {"id": "y", "title": "T"}},
                },
                "list",
                "T",
            ),
            (
                {
                    "type": "interactive",
                    "interactive": {
                        "type": "nfm_reply",
                        "nfm_reply": {"body": "Sent", "name": "flow", "response_json": "{}"},
                    },
                },
                "form",
                "Sent",
            ),
            (
                {"type": "location", "location": {"latitude": 37.46, "longitude": -122.2}},
                "location",
                "37.46, -122.2",
            ),
            (
                {
                    "type": "contacts",
                    "contacts": [
                        {"name": {"formatted_name": "Ann"}, "phones": [{"phone": "+911800"}]},
                        {"name": {"formatted_name": "Ben"}},
                    ],
                },
                "contacts",
                "Ann +911800\nBen",
            ),
            (
                {
                    "type": "order",
                    "order": {
                        "text": "Please",
                        "product_items": [
                            {
                                "product_retailer_id": "cup",
                                "quantity": 2,
                                "item_price": 7.5,
                                "currency": "EUR",
                            }
                        ],
                    },
                },
                "order",
                "Please\n2 × cup (7.5 EUR)",
            ),
            (
                {
                    "type": "edit",
                    "edit": {
                        "original_message_id": "w",
                        "message": {"type": "text", "text": {"body": "Now"}},
                    },
                },
                "edit",
                "Now",
            ),
            ({"type": "revoke", "revoke": {"original_message_id": "w"}}, "revoke", ""),
            ({"type": "unsupported", "errors": [{"code": 131051}]}, "unsupported", ""),
            ({"type": "hologram", "hologram": {"x": 1}}, "unsupported", ""),
            ({"type": "text"}, "text", ""),
            ({}, "unsupported", ""),
        ],
    )
    def test_of_any_kind_is_read(self, fields: dict[str, Any], kind: str, text: str) -> None:
        message = read(**fields)
        assert (message.kind, message.text) == (kind, text)

    def test_names_what_it_answers_and_whether_it_was_forwarded(self) -> None:
        answer = read(type="text", text={"body": "a"}, context={"id": "wamid.0", "from": "9725"})
        assert answer.reply_to == "wamid.0"
        assert answer.media == ({"kind": "reply", "message_id": "wamid.0", "sender": "+9725"},)
        forwarded = read(type="text", text={"body": "a"}, context={"forwarded": True})
        assert (forwarded.reply_to, forwarded.media[0]["kind"]) == ("", "forwarded")


class TestARequestOfCloud:
    def test_with_many_rows_uses_each(self) -> None:
        good = [cloud_message(id=f"wamid.{n}", type="text", text={"body": "a"}) for n in (1, 2)]
        bad = cloud_message(id="", type="text", text={"body": "lost"})
        statuses = [{"id": "wamid.9", "status": "read", "biz_opaque_callback_data": "ours"}]
        parsed = parse_cloud(cloud_value(messages=[good[0], bad, good[1]], statuses=statuses))
        assert [m.provider_message_id for m in parsed.messages] == ["wamid.1", "wamid.2"]
        assert [q.reason for q in parsed.quarantine] == ["message_sid_missing"]
        assert [u.reference for u in parsed.updates] == ["ours"]

    def test_keeps_for_each_row_what_is_needed_to_read_it_alone(self) -> None:
        rows = [cloud_message(id=f"wamid.{n}", type="text", text={"body": "é"}) for n in (1, 2)]
        parsed = parse_cloud(cloud_value(messages=rows))
        for message in parsed.messages:
            again = CloudDoor().parse_inbound(
                InboundRequest(URL, "application/json", message.raw, {}), CLOUD
            )
            (alone,) = again.messages
            assert (alone.text, alone.provider_message_id) == ("é", message.provider_message_id)
            assert alone.other_addresses == message.other_addresses

    def test_that_holds_one_row_is_kept_as_it_came(self) -> None:
        assert read(type="text", text={"body": "a"}).raw == b""

    def test_sets_rows_of_another_number_apart(self) -> None:
        value = cloud_value(messages=[cloud_message(type="text", text={"body": "a"})])
        value["metadata"]["phone_number_id"] = "999"
        parsed = parse_cloud(value)
        assert not parsed.messages
        assert [(part.number_id, part.dedupe_key) for part in parsed.foreign] == [
            ("999", "wamid.1")
        ]

    @pytest.mark.parametrize(
        "field",
        ["smb_message_echoes", "user_preferences", "account_update", "calls", "history"],
    )
    def test_of_another_field_is_taken_and_left(self, field: str) -> None:
        parsed = parse_cloud(cloud_value(), field=field)
        assert parsed == Parsed(warnings=(f"not_read_{field}",))

    def test_brings_the_code_of_a_failure(self) -> None:
        statuses = [{"id": "w", "status": "failed", "errors": [{"code": 131026}]}]
        (update,) = parse_cloud(cloud_value(statuses=statuses)).updates
        assert (update.status, update.error_code) == ("failed", "131026")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["messages", "statuses", "id", "type", "text", "from", "body"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_is_never_too_odd_to_read(self, odd: Any) -> None:
        parse_cloud(odd if isinstance(odd, dict) else {"messages": odd})
        parse_body({"entry": odd})
        parse_rows({"rows": odd})
        parse_rows({"rows": [{"response": odd}, {"status": odd}, {"response": {"x": odd}}]})


class TestTheQuestionOfMeta:
    def ask(self, query: str, config: ChannelConfig = CLOUD) -> str:
        return CloudDoor().answer_challenge(InboundRequest(URL, "", b"", {}, query), config)

    def test_is_answered_with_its_own_word(self) -> None:
        query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our-word"
        assert self.ask(query) == "1158201444"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=another",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=our-word",
        ],
    )
    def test_is_refused_from_anybody_else(self, query: str) -> None:
        with pytest.raises(SignatureRefusedError):
            self.ask(query)

    def test_is_refused_while_there_is_no_word(self) -> None:
        with pytest.raises(SignatureRefusedError):
            self.ask("hub.mode=subscribe&hub.verify_token=", ChannelConfig("x", "whatsapp"))


class TestARowOfEngageLab:
    def row(self, event: str = "received", **data: Any) -> dict[str, Any]:
        given_ = {"channel_message_id": "wamid.1", "contact": {"wa_id": "8613800138000"}, **data}
        return {"message_id": "1", "response": {"event": event, "response_data": given_}}

    def test_of_another_account_or_number_is_kept_apart(self) -> None:
        config = ChannelConfig(
            "engagelab", "whatsapp", phone_number="+447911123456", business_account_id="1"
        )
        rows = [
            self.row(whatsapp_business_account_id="2"),
            self.row(channel_message_id="wamid.2") | {"from": "+86138", "to": "+4477"},
        ]
        body = json.dumps({"rows": rows}).encode()
        parsed = EngageLabDoor().parse_inbound(InboundRequest(URL, "", body, {}), config)
        assert [kept.reason for kept in parsed.quarantine] == ["unknown_sender"] * 2
        assert [kept.dedupe_key for kept in parsed.quarantine] == ["wamid.1", "wamid.2"]

    def test_that_takes_a_message_back_is_something_new(self) -> None:
        (message,) = parse_rows({"rows": [self.row("deleted")]}).messages
        assert (message.kind, message.provider_message_id) == ("revoke", "revoke:wamid.1")
        assert message.media == ({"kind": "revoke", "message_id": "wamid.1"},)

    @pytest.mark.parametrize(
        ("link", "state"),
        [
            ("https://files.example.com/a.png", "pending"),
            ("http://169.254.169.254/latest", "blocked_ssrf"),
            ("file:///etc/passwd", "bad_scheme"),
            ("", "missing"),
        ],
    )
    def test_with_a_file_is_trusted_with_no_address_inside_the_house(
        self, link: str, state: str
    ) -> None:
        image = {"id": "77", "link": link, "mime_type": "image/png"}
        row = self.row(message={"type": "image", "image": image})
        (message,) = parse_rows({"rows": [row]}).messages
        assert message.media[0]["state"] == state
        assert "id" not in message.media[0]

    def test_that_failed_without_a_code_is_explained_by_its_word(self) -> None:
        row = {"message_id": "1", "status": {"message_status": "target_invalid", "error_code": 0}}
        (update,) = parse_rows({"rows": [row]}).updates
        assert update.error_code == "target_invalid"
        assert "WhatsApp" in EngageLabDoor().describe_error(update.error_code)
