"""What every provider's adapter speaks: values in, values out, no rows, no Django."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A provider's HTTP request as it arrived. `url` is our configured address, query included."""

    url: str
    content_type: str
    body: bytes
    headers: dict[str, str]
    query: str = ""

    def header(self, name: str) -> str:
        """Return a header whatever its spelling in upper and lower case; blank if it is absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """What an adapter needs to know of a channel; secrets in clear."""

    provider: str
    medium: str
    account_sid: str = ""
    auth_token: str = ""
    phone_number: str = ""
    messaging_service_sid: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A customer's message in our own words. Everything in it is safe to store in any database.

    `media` holds what came along with the text, one entry each, told apart by its `kind`: `file`,
    `location`, `button`, `list`, `reply`, `referral`, `opt_out`. A file's `state` is `pending`,
    `missing`, `bad_scheme` or `blocked_ssrf`: only a pending one may ever be fetched or linked.
    `is_self_addressed`: it comes from our own number; answering it by machine would never end.
    """

    provider_message_id: str
    address: str
    text: str
    kind: str = "text"
    profile_name: str = ""
    media: tuple[dict[str, str], ...] = ()
    sent_to: str = ""
    is_self_addressed: bool = False


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A provider's word about a message of ours. `status` is the provider's own word, cleaned."""

    provider_message_id: str
    status: str
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Signed by the provider, but not understood: kept with its reason, never dropped."""

    reason: str
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A text to send. `status_url` is where the provider reports what became of it."""

    to_address: str
    text: str
    status_url: str


@dataclass(frozen=True, slots=True)
class SendReceipt:
    provider_message_id: str
    status: str


class SignatureRefusedError(Exception):
    """The request is not the provider's, or not for this channel: answer 403, store nothing.

    `code` is one of `signature_missing`, `signature_invalid`, `channel_not_configured` (no secret
    to check with), `account_mismatch`, `unexpected_fields` (letters moved between names and values
    of a genuine request).
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(eq=False)
class SendError(Exception):
    """A send that did not succeed, and what that means. `detail` is an English sentence for people.

    `code`, the provider's or our own, has at most 16 characters.
    `permanent`: it will never succeed. `retry`: the provider did not take it; try later.
    `unknown`: it may have been taken; never send again without knowing.
    """

    outcome: Literal["permanent", "retry", "unknown"]
    code: str
    detail: str
    retry_after_s: float | None = None
    is_channel_broken: bool = False
    is_opt_out: bool = False


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that the provider says it has, found by looking it up."""

    provider_message_id: str
    status: str
    error_code: str = ""
    text: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a verified request contains: one message, or the reason why it cannot be used."""

    message: InboundMessage | None = None
    quarantine: Quarantine | None = None
    warnings: tuple[str, ...] = field(default=())


class ProviderAdapter(Protocol):
    """One provider. Adapters are stateless; the channel's configuration is passed to each call.

    `text_limit` is how many characters one message may have.
    """

    text_limit: int

    def verify(self, request: InboundRequest, config: ChannelConfig) -> None:
        """Raise `SignatureRefusedError` unless the provider signed this very request."""

    def signature_of(self, request: InboundRequest) -> str:
        """Return the signature, to be used once per channel; blank if the provider has none."""

    def headers_of(self, signature: str) -> dict[str, str]:
        """Return the headers that carry a signature, for a request that is checked later."""

    def parse_inbound(self, request: InboundRequest, config: ChannelConfig) -> Parsed:
        """Translate a verified request. Never raises for its content."""

    def parse_status(self, request: InboundRequest, config: ChannelConfig) -> StatusUpdate | None:
        """Translate a verified status report; None if it names no message."""

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """Send one message. Raises `SendError`; talks HTTP, with a time limit."""

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        """List what the provider took for this address since then, oldest first.

        For sends that ended in doubt. Raises `SendError` if the provider cannot say.
        """

    def normal_status(self, word: str) -> str | None:
        """Return our own word for the provider's; None for words that say nothing to us."""

    def describe_error(self, code: str) -> str:
        """Return one English sentence for people about an error code; it can be translated."""
