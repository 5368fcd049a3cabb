"""What every provider's adapter promises. A new one joins by a subclass with its own fixtures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.providers.base import (
    ChannelConfig,
    InboundRequest,
    NotSupportedError,
    OutboundMessage,
    ProviderAdapter,
    SendError,
    SignatureRefusedError,
)
from conversations.delivery_states import DeliveryStatus
from tests.moments import WEDNESDAY_MORNING

DORA = "+15550000001"
REPLY = OutboundMessage(
    to_address=DORA,
    text="It is on its way. 返金 👋🏽",
    status_url="https://desk.example.test/webhooks/any/t0ken/status/?message=0199f0de",
)


class AdapterContract:
    """Subclasses give `adapter`, `config`, and genuine requests of their provider."""

    @pytest.fixture
    def adapter(self) -> ProviderAdapter:
        raise NotImplementedError

    @pytest.fixture
    def config(self) -> ChannelConfig:
        raise NotImplementedError

    def message_request(
        self, config: ChannelConfig, *, text: str, message_id: str
    ) -> InboundRequest:
        """Return a genuine message from DORA."""
        raise NotImplementedError

    def status_request(
        self, config: ChannelConfig, *, message_id: str, status: str
    ) -> InboundRequest:
        """Return a genuine report about a message to DORA."""
        raise NotImplementedError

    def status_words(self) -> dict[str, DeliveryStatus]:
        """Return the provider's words for being sent, delivered, read and failed."""
        raise NotImplementedError

    # --- Who is let in

    def test_lets_the_provider_in(self, adapter: ProviderAdapter, config: ChannelConfig) -> None:
        adapter.verify(self.message_request(config, text="Hi", message_id="SM1"), config)

    # --- What is understood

    @pytest.mark.parametrize("text", ["Hi", "", "返金できますか? 👋🏽", "a\0b", " \n "])
    def test_understands_a_text(
        self, adapter: ProviderAdapter, config: ChannelConfig, text: str
    ) -> None:
        request = self.message_request(config, text=text, message_id="SM1")
        (message,) = adapter.parse_inbound(request, config).messages
        assert (message.provider_message_id, message.address) == ("SM1", DORA)
        assert message.text == text.replace("\0", "")

    def test_keeps_apart_what_has_no_id(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        request = self.message_request(config, text="Hi", message_id="")
        (quarantine,) = adapter.parse_inbound(request, config).quarantine
        again = adapter.parse_inbound(request, config).quarantine
        assert quarantine.dedupe_key
        assert again == (quarantine,)

    def test_reads_any_bytes(self, adapter: ProviderAdapter, config: ChannelConfig) -> None:
        request = self.message_request(config, text="Hi", message_id="SM1")
        for body in (b"", b"\xff\xfe\x00", b"{}", b"[" * 1000, b"&" * 1000, request.body[:-20]):
            parsed = adapter.parse_inbound(replace(request, body=body), config)
            assert len(parsed.messages) + len(parsed.quarantine) == 1
            adapter.parse_status(replace(request, body=body), config)

    def test_understands_reports(self, adapter: ProviderAdapter, config: ChannelConfig) -> None:
        for word, status in self.status_words().items():
            request = self.status_request(config, message_id="SM1", status=word)
            adapter.verify(request, config)
            (update,) = adapter.parse_status(request, config)
            assert update.provider_message_id == "SM1"
            assert adapter.normal_status(update.status) == status

    def test_takes_a_new_word_for_what_it_is(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        request = self.status_request(config, message_id="SM1", status="banana")
        (update,) = adapter.parse_status(request, config)
        assert adapter.normal_status(update.status) is None

    def test_has_a_sentence_for_every_error(self, adapter: ProviderAdapter) -> None:
        for code in ("", "1", "99999"):
            assert adapter.describe_error(code).endswith(".")

    # --- What is sent

    def test_gives_every_send_its_own_id(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        ids = {adapter.send(REPLY, config).provider_message_id for _ in range(3)}
        assert len(ids) == 3
        assert all(ids)

    def test_answers_a_send_with_a_word_it_knows(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        assert adapter.normal_status(adapter.send(REPLY, config).status) in set(DeliveryStatus)

    def test_finds_nothing_that_was_not_sent(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        since = WEDNESDAY_MORNING - timedelta(days=10000)
        try:
            found = adapter.find_sent(REPLY, config, since=since)
        except NotSupportedError:
            return  # it says that it cannot look: the report will have to tell
        assert found == []


class SignedContract(AdapterContract):
    """What is promised besides by providers who sign. `secret` is the field that they sign with."""

    secret = "auth_token"

    def test_says_that_it_can_tell_who_is_there(self, adapter: ProviderAdapter) -> None:
        assert adapter.has_signatures

    def test_refuses_a_body_that_was_changed(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        request = self.message_request(config, text="Hi", message_id="SM1")
        changed = replace(request, body=request.body.replace(b"Hi", b"Ha"))
        with pytest.raises(SignatureRefusedError, match="signature_invalid"):
            adapter.verify(changed, config)

    def test_refuses_a_request_without_a_signature(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        request = self.message_request(config, text="Hi", message_id="SM1")
        with pytest.raises(SignatureRefusedError, match="signature_missing"):
            adapter.verify(replace(request, headers={}), config)

    def test_refuses_everybody_on_a_channel_without_a_secret(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        unset = replace(config, **{self.secret: ""})
        request = self.message_request(unset, text="Hi", message_id="SM1")
        with pytest.raises(SignatureRefusedError, match="channel_not_configured"):
            adapter.verify(request, unset)

    def test_refuses_another_channels_request(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        other = replace(config, **{self.secret: getattr(config, self.secret)[::-1]})
        request = self.message_request(other, text="Hi", message_id="SM1")
        with pytest.raises(SignatureRefusedError, match="signature_invalid"):
            adapter.verify(request, config)

    def test_has_one_signature_for_one_request(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        first = self.message_request(config, text="Hi", message_id="SM1")
        again = self.message_request(config, text="Hi", message_id="SM1")
        other = self.message_request(config, text="Ho", message_id="SM1")
        assert adapter.signature_of(first) == adapter.signature_of(again)
        assert adapter.signature_of(first) != adapter.signature_of(other)


class SendingContract(AdapterContract):
    """What is promised besides by providers that are far away, whose calls can fail."""

    def refuse_next(self) -> None:
        """Let the provider refuse the next message for good."""
        raise NotImplementedError

    def pause_next(self) -> None:
        """Let the provider be asked too much, and want seven seconds."""
        raise NotImplementedError

    def silence_next(self) -> None:
        """Let the provider take the next message and say so too late."""
        raise NotImplementedError

    def drop_next(self) -> None:
        """Let the provider take the next message, and the line go dead."""
        raise NotImplementedError

    def break_next(self) -> None:
        """Let the provider fail with a 500."""
        raise NotImplementedError

    def failure(self, adapter: ProviderAdapter, config: ChannelConfig) -> SendError:
        with pytest.raises(SendError) as caught:
            adapter.send(REPLY, config)
        assert 0 < len(caught.value.code) <= 16
        assert caught.value.detail.endswith(".")
        return caught.value

    def test_a_refusal_is_for_good(self, adapter: ProviderAdapter, config: ChannelConfig) -> None:
        self.refuse_next()
        assert self.failure(adapter, config).outcome == "permanent"

    def test_too_many_calls_are_tried_later(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        self.pause_next()
        error = self.failure(adapter, config)
        assert (error.outcome, error.retry_after_s) == ("retry", 7)
        assert adapter.is_passing(error.code)

    def test_no_answer_in_time_is_a_doubt(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        self.silence_next()
        assert self.failure(adapter, config).outcome == "unknown"

    def test_a_dead_line_is_a_doubt(self, adapter: ProviderAdapter, config: ChannelConfig) -> None:
        self.drop_next()
        assert self.failure(adapter, config).outcome == "unknown"

    def test_a_failure_of_the_provider_is_a_doubt(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        self.break_next()
        assert self.failure(adapter, config).outcome == "unknown"

    def test_wrong_credentials_break_the_channel(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        error = self.failure(adapter, self.with_wrong_credentials(config))
        assert (error.outcome, error.is_channel_broken) == ("permanent", True)

    def with_wrong_credentials(self, config: ChannelConfig) -> ChannelConfig:
        raise NotImplementedError

    def test_no_credentials_break_the_channel_without_a_call(
        self, adapter: ProviderAdapter, config: ChannelConfig
    ) -> None:
        bare = ChannelConfig(config.provider, config.medium, phone_number=config.phone_number)
        error = self.failure(adapter, bare)
        assert (error.outcome, error.code) == ("permanent", "not_configured")
        assert error.is_channel_broken
