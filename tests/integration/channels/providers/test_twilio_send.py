"""Sending through the official SDK, over HTTP: every way it can end, and what that means."""

import socket
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.providers.base import ChannelConfig, MediaSource, OutboundMessage, SendError
from channels.providers.twilio.adapter import TwilioAdapter
from tests.fake_twilio import RunningFake

STATUS_URL = "https://desk.example.test/webhooks/twilio/t0ken/status/?message=0199f0de"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def reply(*, text: str = "It is on its way.", to: str = "+15550000001") -> OutboundMessage:
    return OutboundMessage(to_address=to, text=text, status_url=STATUS_URL)


def self_signed(path: Path) -> Path:
    """Write a key and a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def failure(
    twilio: TwilioAdapter, config: ChannelConfig, message: OutboundMessage | None = None
) -> SendError:
    with pytest.raises(SendError) as caught:
        twilio.send(message or reply(), config)
    assert caught.value.detail.endswith(".")
    assert 0 < len(caught.value.code) <= 16
    return caught.value


class TestASend:
    def test_reaches_twilio_as_it_was_written(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        receipt = twilio.send(reply(text="Hallo 👋🏽 & ümläut = 100%\nline 2"), whatsapp)
        (sent,) = fake.messages
        assert receipt.provider_message_id == sent["sid"]
        assert receipt.status == "queued"
        assert sent["body"] == "Hallo 👋🏽 & ümläut = 100%\nline 2"
        assert (sent["from"], sent["to"]) == ("whatsapp:+15550009999", "whatsapp:+15550000001")
        assert sent["account_sid"] == whatsapp.account_sid

    def test_asks_for_reports_about_itself_more_than_once(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        twilio.send(reply(), whatsapp)
        assert fake.store.sends[0]["callback"] == f"{STATUS_URL}#rc=3&rp=all"

    def test_of_sms_has_no_prefix(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        twilio.send(reply(), replace(whatsapp, medium="sms"))
        assert (fake.messages[0]["from"], fake.messages[0]["to"]) == (
            "+15550009999",
            "+15550000001",
        )

    def test_through_a_service_leaves_the_number_to_it(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        service = "MG" + "2" * 32
        receipt = twilio.send(
            reply(), replace(whatsapp, phone_number="", messaging_service_sid=service)
        )
        assert receipt.status == "accepted"
        assert fake.messages[0]["messaging_service_sid"] == service
        assert fake.messages[0]["from"] is None

    def test_keeps_the_line_open_for_the_next(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        for _ in range(5):
            twilio.send(reply(), whatsapp)
        assert len(fake.messages) == 5
        assert fake.connections == 1

    def test_has_a_line_of_its_own_in_each_thread(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        threads = [threading.Thread(target=twilio.send, args=(reply(), whatsapp)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({sent["sid"] for sent in fake.messages}) == 8
        assert fake.connections == 8


class TestARefusedSend:
    def test_for_a_wrong_token_breaks_the_channel(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.accounts = {whatsapp.account_sid: "another-token"}
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code, error.is_channel_broken) == ("permanent", "20003", True)
        assert fake.messages == []

    def test_of_a_channel_without_credentials_never_leaves(
        self,
        fake: RunningFake,
        twilio: TwilioAdapter,
        whatsapp: ChannelConfig,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The SDK would help itself to another account from the environment."""
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", whatsapp.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "somebody-else")
        for unset in (replace(whatsapp, auth_token=""), replace(whatsapp, account_sid="")):
            error = failure(twilio, unset)
            assert (error.outcome, error.is_channel_broken) == ("permanent", True)
        assert fake.store.attempts == 0

    @pytest.mark.parametrize(
        ("to", "text", "code"),
        [
            ("", "Hi", "21211"),
            ("+0", "Hi", "21211"),
            ("+15550009999", "Hi", "21266"),
            ("+15550000001", "", "21602"),
            ("+15550000001", "x" * 1601, "21617"),
        ],
    )
    def test_for_its_content_is_final(
        self, twilio: TwilioAdapter, whatsapp: ChannelConfig, to: str, text: str, code: str
    ) -> None:
        error = failure(twilio, whatsapp, reply(to=to, text=text))
        assert (error.outcome, error.code) == ("permanent", code)
        assert not error.is_channel_broken

    def test_by_the_customer_is_an_opt_out(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.opted_out = {"whatsapp:+15550000001"}
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code, error.is_opt_out) == ("permanent", "21610", True)

    @pytest.mark.parametrize("code", [63016, 63007, 21408, 99999])
    def test_with_any_other_code_is_final(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig, code: int
    ) -> None:
        fake.fail_next(code=code, status=400)
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code) == ("permanent", str(code))


class TestASendThatTwilioDidNotTake:
    @pytest.mark.parametrize(
        ("status", "code", "asked", "wait_s"),
        [
            (429, 20429, "7", 7.0),
            (429, 20429, "", None),
            (429, 20429, "soon", None),
            (429, 20429, "999999999", 3600.0),
            (400, 63018, "", None),
        ],
    )
    def test_is_tried_again_when_twilio_says_so(
        self,
        fake: RunningFake,
        twilio: TwilioAdapter,
        whatsapp: ChannelConfig,
        status: int,
        code: int,
        asked: str,
        wait_s: float | None,
    ) -> None:
        fake.fail_next(status=status, code=code, retry_after=asked)
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code, error.retry_after_s) == ("retry", str(code), wait_s)
        assert fake.messages == []

    def test_is_tried_again_if_nobody_answers_the_door(self, whatsapp: ChannelConfig) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            closed = TwilioAdapter(api_base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
            error = failure(closed, whatsapp)
        assert (error.outcome, error.code) == ("retry", "no_connection")

    def test_is_tried_again_if_the_other_side_cannot_prove_to_be_twilio(
        self, fake: RunningFake, whatsapp: ChannelConfig, tmp_path: Path
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path / "stranger.pem"))
        fake.socket = context.wrap_socket(fake.socket, server_side=True)
        stranger = TwilioAdapter(api_base_url=fake.url.replace("http:", "https:"))
        error = failure(stranger, whatsapp)
        assert (error.outcome, error.code) == ("retry", "no_connection")
        assert fake.store.attempts == 0


class TestASendInDoubt:
    """Twilio may have taken it. Whatever is true, it is `unknown` and tried only once."""

    def test_if_its_server_failed_whatever_the_code(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.fail_next(status=503, code=20503, retry_after="2")
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code) == ("unknown", "20503")

    def test_after_a_cut_line(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.fail_next(is_taken=True, is_cut=True)
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code) == ("unknown", "connection_lost")
        assert (fake.store.attempts, len(fake.messages)) == (1, 1)

    def test_after_a_cut_line_even_if_it_was_not_taken(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.fail_next(is_cut=True)
        assert failure(twilio, whatsapp).outcome == "unknown"
        assert (fake.store.attempts, len(fake.messages)) == (1, 0)

    def test_on_a_line_that_was_already_in_use(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        """Here a library is most tempted to send again by itself."""
        twilio.send(reply(), whatsapp)
        fake.fail_next(is_taken=True, is_cut=True)
        assert failure(twilio, whatsapp).outcome == "unknown"
        assert (fake.store.attempts, len(fake.messages)) == (2, 2)
        assert twilio.send(reply(), whatsapp).provider_message_id

    def test_after_silence(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.fail_next(delay_s=1.0)
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code) == ("unknown", "timeout")
        assert len(fake.messages) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 500, "code": 20500},
            {"status": 502, "text": "<html>Bad gateway</html>"},
            {"status": 503, "text": "Service unavailable"},
            {"status": 408, "text": "Too slow"},
            {"status": 302, "text": "Over there"},
        ],
    )
    def test_after_a_failure_of_the_server(
        self,
        fake: RunningFake,
        twilio: TwilioAdapter,
        whatsapp: ChannelConfig,
        fault: dict[str, Any],
    ) -> None:
        fake.fail_next(is_taken=True, **fault)
        assert failure(twilio, whatsapp).outcome == "unknown"
        assert (fake.store.attempts, len(fake.messages)) == (1, 1)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"SM1"', "<html>"])
    def test_after_an_answer_that_says_nothing(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig, text: str
    ) -> None:
        fake.fail_next(is_taken=True, status=201, text=text or " ")
        error = failure(twilio, whatsapp)
        assert (error.outcome, error.code) == ("unknown", "unreadable")

    def test_can_be_looked_up(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.fail_next(is_taken=True, is_cut=True)
        failure(twilio, whatsapp)
        (found,) = twilio.find_sent(reply(), whatsapp, since=LONG_AGO)
        assert found.provider_message_id == fake.messages[0]["sid"]
        assert (found.status, found.text) == ("queued", "It is on its way.")


class TestALookUp:
    def test_lists_the_oldest_first_over_many_pages(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        sids = [
            twilio.send(reply(text=str(number)), whatsapp).provider_message_id
            for number in range(120)
        ]
        found = twilio.find_sent(reply(), whatsapp, since=LONG_AGO)
        assert {each.provider_message_id for each in found} == set(sids)
        dates = [each.created_at for each in found if each.created_at]
        assert len(dates) == 120
        assert dates == sorted(dates)

    def test_leaves_out_what_is_older(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        twilio.send(reply(), whatsapp)
        later = datetime.now(UTC) + timedelta(minutes=1)
        assert twilio.find_sent(reply(), whatsapp, since=later) == []

    def test_leaves_out_other_people_and_other_channels(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        twilio.send(reply(to="+15550000002"), whatsapp)
        twilio.send(reply(), replace(whatsapp, phone_number="+15550008888"))
        twilio.send(
            reply(),
            replace(whatsapp, phone_number="", messaging_service_sid="MG" + "2" * 32),
        )
        assert twilio.find_sent(reply(), whatsapp, since=LONG_AGO) == []

    def test_says_what_went_wrong_with_a_message(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        receipt = twilio.send(reply(), whatsapp)
        fake.reporter.signed(receipt.provider_message_id, "undelivered", error_code="63016")
        (found,) = twilio.find_sent(reply(), whatsapp, since=LONG_AGO)
        assert (found.status, found.error_code) == ("undelivered", "63016")

    def test_that_fails_is_not_taken_for_an_empty_list(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.accounts = {whatsapp.account_sid: "another-token"}
        with pytest.raises(SendError):
            twilio.find_sent(reply(), whatsapp, since=LONG_AGO)


class TestAFile:
    def source_of(self, url: str, config: ChannelConfig) -> MediaSource:
        adapter = TwilioAdapter(
            api_base_url="https://api.twilio.com", media_hosts=(".twilio.com", "127.0.0.1:9")
        )
        return adapter.media_source(url, config)

    @pytest.mark.parametrize(
        "url",
        [
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
            "https://mcs.us1.twilio.com/v1/Services/IS1/Media/ME1",
            "http://127.0.0.1:9/2010-04-01/Media/ME1",
        ],
    )
    def test_of_twilio_is_asked_for_with_our_token(self, whatsapp: ChannelConfig, url: str) -> None:
        source = self.source_of(url, whatsapp)
        assert source.url == url
        assert "the-account-token" not in repr(source)
        assert "Authorization" in source.headers

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.twilio.com/2010-04-01/Media/ME1",
            "https://api.twilio.com.example.net/ME1",
            "https://api.twilio.com@example.net/ME1",
            "https://example.net\\.twilio.com/ME1",
            "https://api.twilio.com:8443/ME1",
            "https://example.net/https://api.twilio.com/",
            "https://[/ME1",
            "http://127.0.0.1:10/ME1",
            "media-7",
        ],
    )
    def test_of_anybody_else_is_not_asked_for(self, whatsapp: ChannelConfig, url: str) -> None:
        with pytest.raises(SendError, match="foreign_host"):
            self.source_of(url, whatsapp)
