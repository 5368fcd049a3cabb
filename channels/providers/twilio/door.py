"""What reaches us in Twilio's form: who may come in, and what they say."""

from urllib.parse import parse_qsl

from channels.providers.base import (
    ChannelConfig,
    InboundRequest,
    MediaSource,
    NotSupportedError,
    Parsed,
    ProviderTemplate,
    SignatureRefusedError,
    StatusUpdate,
)
from channels.providers.meanings import Speaker
from channels.providers.signing import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    Form,
    is_signed,
    read_form,
)
from channels.providers.twilio import inbound, words
from channels.providers.twilio.shifts import is_shifted


class TwilioDoor(Speaker):
    """The inbound half of an adapter, for Twilio and for everyone who speaks as Twilio does."""

    vocabulary = words.VOCABULARY
    text_limit = 1600
    max_body_bytes = 256 * 1024
    door_answer = ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
    has_signatures = True

    def verify(self, request: InboundRequest, config: ChannelConfig) -> None:
        """Raise `SignatureRefusedError` unless this account signed this very request."""
        form = read_form(request)
        refusal = _refusal(request, form=form, config=config)
        if refusal:
            raise SignatureRefusedError(refusal)

    def answer_challenge(self, request: InboundRequest, config: ChannelConfig) -> str:
        raise NotSupportedError

    def signature_of(self, request: InboundRequest) -> str:
        return request.header(SIGNATURE_HEADER)

    def headers_of(self, signature: str) -> dict[str, str]:
        return {SIGNATURE_HEADER: signature}

    def parse_inbound(self, request: InboundRequest, config: ChannelConfig) -> Parsed:
        """Translate a verified request. Never raises for its content."""
        return inbound.parse(
            read_form(request), config=config, signature=self.signature_of(request)
        )

    def parse_status(
        self, request: InboundRequest, config: ChannelConfig
    ) -> tuple[StatusUpdate, ...]:
        """Translate a verified status report; none if it names no message or no status."""
        form = read_form(request)
        message_id = form.last("MessageSid").strip()
        # `SmsStatus` comes along and sometimes disagrees: only this one counts.
        status = form.last("MessageStatus").strip().lower()
        if not (message_id and status) or len(message_id) > inbound.MAX_ID_CHARS:
            return ()
        code = form.last("ErrorCode").strip()[:16]
        # The address that we gave for this one message names it.
        reference = dict(parse_qsl(request.query)).get("message", "")
        addresses = inbound.recipient_addresses(form)
        return (StatusUpdate(message_id, status[:32], code, reference, addresses),)

    def list_templates(self, config: ChannelConfig) -> list[ProviderTemplate]:
        raise NotSupportedError

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        return MediaSource(reference)


def _refusal(request: InboundRequest, *, form: Form, config: ChannelConfig) -> str:
    """Return why a request may not come in, or blank. What it says is looked at last."""
    if not request.header(SIGNATURE_HEADER):
        return "signature_missing"
    if not config.auth_token:
        # A signature made with an empty secret can be made by anyone.
        return "channel_not_configured"
    if request.header(SIGNATURE_SETTINGS_HEADER).strip():
        return "signature_invalid"
    tokens = filter(None, (config.auth_token, config.second_auth_token))
    if not any(is_signed(request, form=form, token=token) for token in tokens):
        return "signature_invalid"
    if is_shifted(form):
        return "unexpected_fields"
    if config.account_sid and form.last("AccountSid") not in ("", config.account_sid):
        return "account_mismatch"
    return ""
