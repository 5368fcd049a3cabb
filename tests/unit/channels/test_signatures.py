"""Who is let in: the provider itself, for this very request, on this very account."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.providers.base import ChannelConfig, InboundRequest, SignatureRefusedError
from channels.providers.signing import FORM_TYPE, MAX_FIELDS
from channels.providers.twilio.door import TwilioDoor
from tests.unit.channels.genuine import (
    CONFIG,
    OUTSIDE_DATA,
    URL,
    resigned,
    signed,
    signed_body,
    text_fields,
)

OWN_VECTORS = Path(__file__).parent / "signature_vectors.jsonl"
OUTSIDE_VECTORS = OUTSIDE_DATA / "twilio_vectors.jsonl"


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def outside_rows(kind: str) -> list[Any]:
    """Return the rows from outside to run over; one that is skipped where there are none."""
    if not OUTSIDE_VECTORS.exists():
        reason = f"{OUTSIDE_VECTORS} is not on this machine"
        return [pytest.param({}, id="none", marks=pytest.mark.skip(reason=reason))]
    rows = [
        row
        for row in read_rows(OUTSIDE_VECTORS)
        if (row["kind"] == "signature") == (kind == "signature")
    ]
    return [pytest.param(row, id=row["name"]) for row in rows]


def refusal(request: InboundRequest, config: ChannelConfig = CONFIG) -> str:
    """Return why a request is refused; blank if it may come in."""
    try:
        TwilioDoor().verify(request, config)
    except SignatureRefusedError as error:
        return error.code
    return ""


class TestTheSignatureOfTwilio:
    @pytest.mark.parametrize("row", read_rows(OWN_VECTORS), ids=lambda row: row["name"])
    def test_is_told_from_any_other(self, row: dict[str, Any]) -> None:
        headers = {"X-Twilio-Signature": row["signature"]} if row["signature"] else {}
        request = InboundRequest(row["url"], row["content_type"], row["body"].encode(), headers)
        config = ChannelConfig("twilio", "whatsapp", auth_token=row["token"])
        assert (refusal(request, config) == "") is row["valid"]

    @pytest.mark.parametrize("row", outside_rows("signature"))
    def test_is_told_as_others_tell_it(self, row: dict[str, Any]) -> None:
        body = row["raw_body"] or urlencode(row["params"] or {}, doseq=True)
        headers = dict(row["headers"])
        if row["signature"] is not None:
            headers["x-twilio-signature"] = row["signature"]
        request = InboundRequest(row["url"], row["content_type"], body.encode(), headers)
        config = ChannelConfig("twilio", "whatsapp", auth_token=row["auth_token"])
        assert (refusal(request, config) == "") is row["valid"]

    def test_may_stand_under_any_spelling_of_its_header(self) -> None:
        request = signed(text_fields())
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert refusal(replace(request, headers=headers)) == ""


class TestARequestIsRefused:
    def test_without_a_signature(self) -> None:
        assert refusal(replace(signed(text_fields()), headers={})) == "signature_missing"

    def test_with_a_blank_signature(self) -> None:
        request = replace(signed(text_fields()), headers={"X-Twilio-Signature": ""})
        assert refusal(request) == "signature_missing"

    def test_on_a_channel_without_a_secret_even_if_signed_with_nothing(self) -> None:
        unset = replace(CONFIG, auth_token="")
        assert refusal(signed(text_fields(), config=unset), unset) == "channel_not_configured"

    def test_when_it_names_a_key_and_an_algorithm_of_its_own(self) -> None:
        request = signed(text_fields())
        for settings in ("key=k,algorithm=HMAC_MD5", "key=k,algorithm=HMAC_SHA256", "key=k"):
            headers = {**request.headers, "X-Twilio-Webhooks-Signature-Settings": settings}
            assert refusal(replace(request, headers=headers)) == "signature_invalid"

    def test_when_it_was_signed_for_another_channel(self) -> None:
        request = signed(text_fields(), url=URL.replace("t0ken", "0ther"))
        assert refusal(replace(request, url=URL)) == "signature_invalid"

    def test_when_it_is_for_another_account(self) -> None:
        request = signed(text_fields(AccountSid="AC" + "f" * 32))
        assert refusal(request) == "account_mismatch"

    def test_when_it_has_too_many_fields_to_check(self) -> None:
        fields = text_fields() | {f"X{number}": "" for number in range(MAX_FIELDS)}
        body = urlencode(fields).encode()
        request = replace(signed(text_fields()), body=body)
        assert refusal(request) == "signature_invalid"

    def test_when_its_body_is_of_no_type(self) -> None:
        request = replace(signed(text_fields()), content_type="")
        assert refusal(request) == "signature_invalid"


class TestAGenuineRequest:
    def test_may_bring_fields_that_nobody_knows_yet(self) -> None:
        news = {"BodyLanguage": "en", "FromFlag": "1", "MessageSidVersion": "2", "Zebra": ""}
        assert refusal(signed(text_fields() | news)) == ""

    def test_may_have_no_text_when_it_is_a_picture(self) -> None:
        fields = text_fields(Body=None, NumMedia="1", MediaUrl0="https://api.twilio.com/a")
        assert refusal(signed(fields | {"BodyFormat": "none"})) == ""

    def test_may_be_a_report_that_says_little(self) -> None:
        assert refusal(signed({"MessageSid": "SM1", "MessageStatus": "delivered"})) == ""

    def test_may_repeat_a_field(self) -> None:
        body = urlencode(text_fields(Body=None)).encode() + b"&Body=a&Body=b"
        assert refusal(signed_body(body)) == ""

    def test_may_lack_what_it_always_had(self) -> None:
        """Not ours to refuse: it is signed. What cannot be used goes to quarantine."""
        assert refusal(signed({"ApiVersion": "2010-04-01", "SmsSid": "MM1"})) == ""

    def test_may_be_written_in_bytes_that_are_no_text(self) -> None:
        assert refusal(signed_body(b"MessageSid=SM1&Body=%FF%FE&\xff=\xfe")) == ""


class TestLettersMovedBetweenNamesAndValues:
    """The signature covers names and values without anything in between, so it stays valid."""

    @pytest.mark.parametrize(
        ("gone", "moved"),
        [
            ("MessageSid", {"MessageSidS": "M" + "a" * 32}),
            ("MessageSid", {"Mess": "ageSidSM" + "a" * 32}),
            ("Body", {"BodyWhere is my": " order?"}),
            ("Body", {"Bod": "yWhere is my order?"}),
            ("AccountSid", {"AccountSidAC": "1" * 32}),
            ("From", {"Fromwhats": "app:+15550000001"}),
            ("To", {"Towhatsapp:+1555": "0009999"}),
            ("NumMedia", {"NumMedia0": ""}),
        ],
    )
    def test_give_themselves_away(self, gone: str, moved: dict[str, str]) -> None:
        genuine = signed(text_fields())
        fields = text_fields() | moved
        del fields[gone]
        shifted = resigned(genuine, body=urlencode(fields).encode())
        assert signed(fields).headers == genuine.headers
        assert refusal(shifted) == "unexpected_fields"

    @pytest.mark.parametrize(
        ("host", "swallowed"),
        [
            ("ApiVersion", ("Body",)),
            ("From", ("MessageSid",)),
            ("MessageSid", ("MessageType",)),
            ("Body", ("From",)),
        ],
    )
    def test_may_not_hide_a_field_in_the_value_before_it(
        self, host: str, swallowed: tuple[str, ...]
    ) -> None:
        fields = text_fields()
        genuine = signed(fields)
        for name in swallowed:
            fields[host] += name + fields.pop(name)
        shifted = resigned(genuine, body=urlencode(fields).encode())
        assert signed(fields).headers == genuine.headers
        expected = "" if swallowed == ("MessageType",) else "unexpected_fields"
        assert refusal(shifted) == expected

    def test_may_not_make_a_second_sender(self) -> None:
        genuine = signed(text_fields(From="+15550000001", FromCity="Tokyo"))
        rest = text_fields(From=None)
        body = urlencode(rest).encode() + b"&From=%2B15550000001&From=CityTokyo"
        assert signed_body(body).headers == genuine.headers
        assert refusal(resigned(genuine, body=body)) == "unexpected_fields"


class TestEveryRowFromOutside:
    @pytest.mark.parametrize("row", outside_rows("payload"))
    def test_is_let_in_once_it_is_signed_and_is_understood_or_kept(
        self, row: dict[str, Any]
    ) -> None:
        body = (row["raw_body"] or urlencode(row["params"], doseq=True)).encode()
        config = replace(CONFIG, account_sid=row["params"].get("AccountSid", ""))
        request = replace(signed_body(body, config=config), content_type=row["content_type"])
        assert request.content_type.startswith(FORM_TYPE)
        assert refusal(request, config) == ""
        parsed = TwilioDoor().parse_inbound(request, config)
        assert len(parsed.messages) + len(parsed.quarantine) == 1
        updates = TwilioDoor().parse_status(request, config)
        has_status = "MessageStatus" in row["params"]
        assert len(updates) == int(has_status)
        for update in updates:
            assert update.status == row["params"]["MessageStatus"]
            assert update.error_code == row["params"].get("ErrorCode", "")
