"""What customers write arrives as they wrote it; what cannot be used is kept with its reason."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import ChannelConfig, InboundMessage, InboundRequest, Parsed
from channels.providers.signing import FORM_TYPE, SIGNATURE_HEADER
from channels.providers.twilio.door import TwilioDoor
from tests.unit.channels.genuine import (
    BY_SERVICE,
    CONFIG,
    SID,
    SMS,
    URL,
    signed,
    signed_body,
    text_fields,
)


def parse(config: ChannelConfig = CONFIG, **changes: str | None) -> Parsed:
    fields = text_fields(config=config, **changes)
    return TwilioDoor().parse_inbound(signed(fields, config=config), config)


def read(config: ChannelConfig = CONFIG, **changes: str | None) -> InboundMessage:
    (message,) = parse(config, **changes).messages
    return message


def reason(config: ChannelConfig = CONFIG, **changes: str | None) -> str:
    (quarantine,) = parse(config, **changes).quarantine
    return quarantine.reason


class TestATextMessage:
    def test_is_read_in_our_own_words(self) -> None:
        assert read() == InboundMessage(
            provider_message_id=SID,
            address="+15550000001",
            text="Where is my order?",
            kind="text",
            profile_name="Dora",
            sent_to="+15550009999",
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " \t\n ",
            "返金できますか?",
            "{{7*7}} {% load x %}",
            "x" * 65536,
            "👨‍👩‍👧" * 500,
            "a+b&c=d%20",
            "\u202egnp.exe\u202c",
        ],
        ids=lambda text: repr(text[:12]),
    )
    def test_is_kept_to_the_letter(self, text: str) -> None:
        assert read(Body=text).text == text

    def test_loses_only_what_no_database_takes(self) -> None:
        assert read(Body="a\0b\0").text == "ab"
        assert read(ProfileName="\0\0").profile_name == ""

    def test_has_a_mark_in_place_of_half_characters(self) -> None:
        text = read(Body="a\ud800b").text
        assert text.encode()
        assert text.strip("\N{REPLACEMENT CHARACTER}ab") == ""

    def test_may_come_without_a_body(self) -> None:
        assert read(Body=None).text == ""

    def test_counts_the_last_of_repeated_fields(self) -> None:
        body = urlencode(text_fields(Body=None)).encode() + b"&Body=a&Body=b"
        parsed = TwilioDoor().parse_inbound(signed_body(body), CONFIG)
        assert [message.text for message in parsed.messages] == ["b"]
        assert parsed.warnings == ("repeated_fields",)

    def test_shows_that_a_long_name_was_cut(self) -> None:
        name = read(ProfileName="n" * 500).profile_name
        assert len(name) == 200
        assert name.endswith("n…")

    def test_from_our_own_number_is_marked(self) -> None:
        assert read(From="whatsapp:+15550009999").is_self_addressed
        assert not read().is_self_addressed

    @pytest.mark.parametrize("sid", ["S" * 35, "SM1", "SM\0"])
    def test_with_an_odd_id_is_stored_under_it(self, sid: str) -> None:
        parsed = parse(MessageSid=sid)
        (message,) = parsed.messages
        assert message.provider_message_id == sid.replace("\0", "")
        assert parsed.warnings == ("message_sid_unusual",)


class TestTheSender:
    @pytest.mark.parametrize(
        ("config", "sender", "address"),
        [
            (CONFIG, "whatsapp:+5541988887777", "+5541988887777"),
            (CONFIG, "whatsapp:IN.2081978709342942", "IN.2081978709342942"),
            (CONFIG, "whatsapp:IN.ENT.9081726354", "IN.ENT.9081726354"),
            (SMS, "+12345", "+12345"),
            (SMS, "53079", "53079"),
            (SMS, "SUPPORT", "SUPPORT"),
            (SMS, "Shop & Co", "Shop & Co"),
        ],
    )
    def test_is_known_without_the_prefix(
        self, config: ChannelConfig, sender: str, address: str
    ) -> None:
        assert read(config, From=sender).address == address

    @pytest.mark.parametrize(
        ("config", "sender"),
        [
            (CONFIG, "whatsapp:"),
            (CONFIG, "whatsapp:+1555' OR 1=1--"),
            (CONFIG, "whatsapp:+١٢٣٤٥٦"),
            (CONFIG, "whatsapp:+15550000001\n"),
            (CONFIG, "whatsapp:+" + "1" * 16),
            (CONFIG, "+15550000001"),
            (CONFIG, "messenger:123"),
            (CONFIG, ""),
            (CONFIG, None),
            (SMS, "whatsapp:+15550000001"),
            (SMS, "<script>"),
            (SMS, "TWELVELETTERS"),
        ],
    )
    def test_that_cannot_be_answered_is_kept_apart(
        self, config: ChannelConfig, sender: str | None
    ) -> None:
        assert reason(config, From=sender) == "bad_sender"


class TestTheChannelWrittenTo:
    def test_is_the_number_it_was_set_up_with(self) -> None:
        assert reason(To="whatsapp:+15550008888") == "unknown_sender"
        assert reason(To=None) == "unknown_sender"

    def test_is_the_number_even_if_that_is_in_a_pool(self) -> None:
        assert read(MessagingServiceSid="MG" + "9" * 32).sent_to == "+15550009999"

    def test_is_the_service_whatever_number_it_has(self) -> None:
        assert read(BY_SERVICE, To="whatsapp:+15550007777").sent_to == "+15550007777"

    def test_is_not_another_service(self) -> None:
        assert reason(BY_SERVICE, MessagingServiceSid="MG" + "9" * 32) == "unknown_sender"
        assert reason(BY_SERVICE, MessagingServiceSid=None) == "unknown_sender"


class TestWhatCannotBeUsed:
    def test_is_kept_under_its_own_id(self) -> None:
        (quarantine,) = parse(From="whatsapp:").quarantine
        assert quarantine.dedupe_key == SID

    @pytest.mark.parametrize(
        ("sid", "why"),
        [
            ("", "message_sid_missing"),
            (None, "message_sid_missing"),
            ("\0 ", "message_sid_missing"),
            ("S" * 161, "message_sid_too_long"),
        ],
    )
    def test_is_kept_under_its_signature_if_it_has_no_id(self, sid: str | None, why: str) -> None:
        request = signed(text_fields(MessageSid=sid))
        (quarantine,) = TwilioDoor().parse_inbound(request, CONFIG).quarantine
        assert quarantine.reason == why
        assert quarantine.dedupe_key == f"signature:{request.headers[SIGNATURE_HEADER]}"

    def test_is_kept_if_it_is_no_form(self) -> None:
        request = InboundRequest(URL, "application/json", b"{}", {SIGNATURE_HEADER: "abc"})
        (quarantine,) = TwilioDoor().parse_inbound(request, CONFIG).quarantine
        assert (quarantine.reason, quarantine.dedupe_key) == ("unparseable", "signature:abc")

    @given(st.binary(max_size=300))
    def test_never_stops_us_from_reading(self, body: bytes) -> None:
        request = InboundRequest(URL, FORM_TYPE, body, {SIGNATURE_HEADER: "abc"})
        parsed = TwilioDoor().parse_inbound(request, CONFIG)
        assert len(parsed.messages) + len(parsed.quarantine) == 1
        TwilioDoor().parse_status(request, CONFIG)

    @given(
        st.dictionaries(
            st.sampled_from([*text_fields(), "Latitude", "MediaUrl0", "NumMedia", "ListId"]),
            st.text(max_size=30),
        )
    )
    def test_never_leaves_text_that_cannot_be_stored(self, changes: dict[str, Any]) -> None:
        parsed = parse(**changes)
        assert "\\x00" not in repr((parsed.messages, parsed.quarantine))
        assert repr(parsed).encode()


class TestFiles:
    def test_come_with_their_address_and_type(self) -> None:
        url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
        message = read(Body="xd", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")
        assert (message.kind, message.text) == ("media", "xd")
        assert message.media == (
            {"kind": "file", "url": url, "content_type": "image/jpeg", "state": "pending"},
        )

    def test_that_were_announced_and_did_not_come_are_missing(self) -> None:
        media = read(NumMedia="2", MediaUrl0="https://api.twilio.com/x").media
        assert [file["state"] for file in media] == ["pending", "missing"]

    def test_that_came_unannounced_are_not_lost(self) -> None:
        media = read(NumMedia=None, MediaUrl3="https://api.twilio.com/x").media
        assert [file["url"] for file in media] == ["https://api.twilio.com/x"]

    @pytest.mark.parametrize("count", ["-1", "", "many", "1e9", "٣", "1.5"])
    def test_are_none_if_their_number_is_none(self, count: str) -> None:
        message = read(NumMedia=count)
        assert (message.kind, message.media) == ("text", ())

    def test_cannot_be_announced_by_the_million(self) -> None:
        assert len(read(NumMedia="999999999").media) == 20

    @pytest.mark.parametrize(
        ("url", "state"),
        [
            ("javascript:alert(1)", "bad_scheme"),
            ("ftp://example.com/x", "bad_scheme"),
            ("https://", "bad_scheme"),
            ("http://[::1", "bad_scheme"),
            ("http://169.254.169.254/latest/meta-data/", "blocked_ssrf"),
            ("http://localhost/x", "blocked_ssrf"),
            ("http://[::1]/x", "blocked_ssrf"),
            ("http://10.0.0.7:8000/x", "blocked_ssrf"),
            ("https://api.twilio.com/" + "x" * 5000, "missing"),
        ],
    )
    def test_from_elsewhere_are_never_pending(self, url: str, state: str) -> None:
        (file,) = read(NumMedia="1", MediaUrl0=url).media
        assert file["state"] == state


class TestPlacesAndPicks:
    def test_a_place_is_shown_by_what_it_is_called(self) -> None:
        message = read(
            Body="", Latitude="35.6595", Longitude="139.7005", Label="Shibuya", Address="Tokyo"
        )
        assert (message.kind, message.text) == ("location", "Shibuya, Tokyo")
        assert message.media[0]["latitude"] == "35.6595"

    def test_a_place_without_a_name_is_shown_by_its_coordinates(self) -> None:
        message = read(Body=None, NumMedia=None, Latitude="12.16", Longitude="-75.26")
        assert message.text == "12.16, -75.26"

    @pytest.mark.parametrize(
        ("latitude", "longitude"),
        [("NaN", "1e999"), ("91", "0"), ("0", "180.5"), ("", "0"), ("١٢", "0"), ("1_0", "0")],
    )
    def test_a_place_that_is_none_is_left_out(self, latitude: str, longitude: str) -> None:
        parsed = parse(Latitude=latitude, Longitude=longitude)
        assert [(each.kind, each.media) for each in parsed.messages] == [("text", ())]
        assert parsed.warnings == ("location_unusable",)

    def test_a_button_is_shown_by_its_text(self) -> None:
        message = read(Body="", ButtonText="Yes, please", ButtonPayload="yes")
        assert (message.kind, message.text) == ("button", "Yes, please")
        assert message.media == ({"kind": "button", "text": "Yes, please", "payload": "yes"},)

    def test_a_long_payload_is_cut(self) -> None:
        (button,) = read(ButtonPayload="x" * 10000).media
        assert len(button["payload"]) == 1000

    def test_a_pick_from_a_list_is_shown_by_its_title(self) -> None:
        message = read(Body=None, ListId="42", ListTitle="Refund")
        assert (message.kind, message.text) == ("list", "Refund")

    def test_a_pick_that_has_only_an_id_is_shown_by_it(self) -> None:
        assert read(Body=None, ListId="42").text == "42"

    def test_an_answer_keeps_what_it_answers(self) -> None:
        message = read(OriginalRepliedMessageSid="SM9", OriginalRepliedMessageSender="whatsapp:+1")
        assert message.kind == "text"
        assert message.media[0]["message_id"] == "SM9"

    def test_an_advertisement_is_one_only_with_its_source(self) -> None:
        assert read(ReferralNumMedia="0", ReferralCtwaClid="Afjy").media == ()
        assert read(ReferralSourceId="1", ReferralHeadline="Sale").media[0]["headline"] == "Sale"

    def test_a_word_that_ends_the_messages_is_kept(self) -> None:
        message = read(SMS, From="+15550000001", Body="STOP", OptOutType="STOP")
        assert message.media == ({"kind": "opt_out", "word": "STOP"},)


class TestAReport:
    def status(self, **fields: str) -> tuple[str, str, str] | None:
        updates = TwilioDoor().parse_status(signed(fields), CONFIG)
        if not updates:
            return None
        (update,) = updates
        return (update.provider_message_id, update.status, update.error_code)

    def test_is_read_from_one_field_alone(self) -> None:
        said = self.status(MessageSid="SM1", MessageStatus="queued", SmsStatus="delivered")
        assert said == ("SM1", "queued", "")

    def test_brings_the_code_of_a_failure(self) -> None:
        said = self.status(MessageSid="SM1", MessageStatus="undelivered", ErrorCode="63016")
        assert said == ("SM1", "undelivered", "63016")

    def test_may_say_something_new(self) -> None:
        assert self.status(MessageSid="SM1", MessageStatus="Banana") == ("SM1", "banana", "")

    def test_is_none_if_it_names_no_message_or_no_status(self) -> None:
        assert self.status(MessageSid="SM1", SmsStatus="failed", ErrorCode="30011") is None
        assert self.status(MessageSid="", MessageStatus="sent") is None
        assert self.status(MessageSid="S" * 161, MessageStatus="sent") is None

    def test_is_short_enough_to_be_stored(self) -> None:
        said = self.status(MessageSid="SM1", MessageStatus="x" * 99, ErrorCode="9" * 99)
        assert said == ("SM1", "x" * 32, "9" * 16)


class TestAChannelOfTheSimulator:
    def test_is_written_to_by_its_own_number(self) -> None:
        config = replace(CONFIG, provider="simulator")
        assert read(config).address == "+15550000001"
