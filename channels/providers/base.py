"""What every provider's adapter speaks: values in, values out, no rows, no Django."""

from collections.abc import Mapping
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
    """What an adapter needs to know of a channel; secrets in clear. Blank where it has none.

    Twilio: account, token, and a number or a service. WhatsApp Cloud: `phone_number_id`,
    `business_account_id`, `access_token` to send with, `app_secret` that signs, `verify_token` of
    our own choice. EngageLab: number, `business_account_id`, `dev_key`, `dev_secret`.

    `second_auth_token` signs as well as the first, and is never sent with. `api_key_sid` and its
    secret send in place of account and token; they never sign.
    """

    provider: str
    medium: str
    account_sid: str = ""
    auth_token: str = field(default="", repr=False)
    phone_number: str = ""
    messaging_service_sid: str = ""
    phone_number_id: str = ""
    business_account_id: str = ""
    access_token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)
    dev_key: str = ""
    dev_secret: str = field(default="", repr=False)
    second_auth_token: str = field(default="", repr=False)
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A customer's message in our own words. Everything in it is safe to store in any database.

    `kind` is mostly `text` or what came along. `reaction`, `revoke` and `number_change` are no
    messages: they are about one that is here already, or about the customer.
    `media` holds what came along with the text, one entry each, told apart by its `kind`: `file`,
    `location`, `button`, `list`, `reply`, `reaction`, `referral`, `opt_out`, `username`,
    `forwarded`, `add_ons`, `contact_card`, `order`, `form`, `edit`, `revoke`, `unsupported`,
    `number_change`. A file's `state` is `pending`, `missing`, `bad_scheme` or
    `blocked_ssrf`: only a pending one may ever be fetched or linked.
    `is_self_addressed`: it comes from our own number; answering it by machine would never end.
    `other_addresses`: what else this same person is known by at the provider, as kind and value;
    the kinds are `phone`, `user_id` and `parent_user_id` (ids that the provider gives to one
    business). `reply_to`: the provider's id of the message that the customer answers.
    `sent_at`: when the provider says that it was written; None if it does not say.
    `raw`: this message's part of a request with several, readable alone; blank: the whole request.
    """

    provider_message_id: str
    address: str
    text: str
    kind: str = "text"
    profile_name: str = ""
    media: tuple[dict[str, str], ...] = ()
    sent_to: str = ""
    is_self_addressed: bool = False
    other_addresses: tuple[tuple[str, str], ...] = ()
    reply_to: str = ""
    sent_at: datetime | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A provider's word about a message of ours. `status` is the provider's own word, cleaned.

    `reference` is what we gave the provider with the message (`OutboundMessage.reference`) and what
    came back: it tells which send this is about even if the answer to it never reached us.
    `addresses`: what the recipient is known by at the provider, where the report says it.
    """

    provider_message_id: str
    status: str
    error_code: str = ""
    reference: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Signed by the provider, but not understood: kept with its reason, never dropped.

    `raw` as in `InboundMessage`: a part that is read again by itself, or blank for the whole.
    """

    reason: str
    dedupe_key: str
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ForeignPart:
    """A row for another number (`number_id`) than the channel's: one app has one address for all.

    `dedupe_key` and `raw` as in `Quarantine`, where it goes if no channel of ours has the number.
    """

    number_id: str
    dedupe_key: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboundMedia:
    """A file to send. `url` is public: the provider fetches it."""

    url: str
    content_type: str
    filename: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class MediaRules:
    """Which files a provider takes: media type -> the most bytes of one.

    `captioned`: the types beside which it shows a text, of at most `caption_limit` letters. With
    any other the text is a message of its own.
    """

    most_bytes: Mapping[str, int]
    captioned: frozenset[str]
    caption_limit: int


@dataclass(frozen=True, slots=True)
class OutboundTemplate:
    """An approved template to send. `variables`: its placeholders' names and what fills them."""

    provider_template_id: str
    name: str
    language: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """Something to send: a text, a text with files, or a template (then text and media are blank).

    `status_url` is where the provider reports what became of it; `reference` is our own name for
    the message, for providers that report to one address and give it back with each report.
    """

    to_address: str
    text: str
    status_url: str
    reference: str = ""
    media: tuple[OutboundMedia, ...] = ()
    template: OutboundTemplate | None = None


@dataclass(frozen=True, slots=True)
class SendReceipt:
    provider_message_id: str
    status: str


TemplateState = Literal["approved", "unsubmitted", "pending", "rejected", "paused", "disabled"]


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """A template as the provider has it. `body` has its placeholders written as `{{name}}`.

    `reason`: why it was rejected, in the provider's words.
    `category` is the provider's own word in lower case (`utility`, `marketing`, …).
    """

    id: str
    name: str
    language: str
    category: str
    status: TemplateState
    body: str
    variables: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Where a file can be fetched just now, and the headers that let us in.

    The headers are for this address alone: never for another host after a redirect.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class NotSupportedError(Exception):
    """The provider has nothing of the kind."""


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
    has_file: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a verified request contains, row by row: each is used or kept by itself.

    A request that says nothing of interest to us (a change of account, say) has none of them.
    """

    messages: tuple[InboundMessage, ...] = ()
    updates: tuple[StatusUpdate, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()
    warnings: tuple[str, ...] = ()
    foreign: tuple[ForeignPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A customer's message as the provider's own list has it. `fields` are the provider's."""

    provider_message_id: str
    sent_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step of a channel's test found. Codes and facts; `channels/checks.py` has the words.

    `step` is what was looked at (`account`, `api_key`, `sender`, `webhook`, …), `facts` are what
    the sentence of the code names. `waiting`: nothing is wrong, and nothing has shown it yet.
    """

    step: str
    state: Literal["ok", "failed", "warning", "waiting", "skipped"]
    code: str
    facts: dict[str, str] = field(default_factory=dict)


class ProviderAdapter(Protocol):
    """One provider. Adapters are stateless; the channel's configuration is passed to each call.

    `text_limit` is how many characters one message may have. `max_body_bytes`: larger requests
    are not the provider's. `door_answer`: type and body of our 200 to a message.
    `has_signatures`: without them the secret address alone says who is there.
    """

    text_limit: int
    max_body_bytes: int
    door_answer: tuple[str, bytes]
    has_signatures: bool

    def verify(self, request: InboundRequest, config: ChannelConfig) -> None:
        """Raise `SignatureRefusedError` unless the provider signed this very request."""

    def answer_challenge(self, request: InboundRequest, config: ChannelConfig) -> str:
        """Return the answer to a GET that asks whether this door is ours.

        Raises `SignatureRefusedError`, or `NotSupportedError` if the provider never asks.
        """

    def signature_of(self, request: InboundRequest) -> str:
        """Return the signature, to be used once per channel; blank if the provider has none."""

    def headers_of(self, signature: str) -> dict[str, str]:
        """Return the headers that carry a signature, for a request that is checked later."""

    def parse_inbound(self, request: InboundRequest, config: ChannelConfig) -> Parsed:
        """Translate a verified request. Never raises for its content."""

    def parse_status(
        self, request: InboundRequest, config: ChannelConfig
    ) -> tuple[StatusUpdate, ...]:
        """Translate a verified request to the address for reports; none that names no message."""

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """Send one message. Raises `SendError`; talks HTTP, with a time limit."""

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        """List what the provider took for this address since then, oldest first.

        For sends that ended in doubt. Raises `SendError` if it cannot be asked now, and
        `NotSupportedError` if the provider has no such list.
        """

    def list_received(
        self, config: ChannelConfig, *, since: datetime, until: datetime
    ) -> list[ReceivedMessage]:
        """List what customers wrote to this channel, oldest first, whether it reached us or not.

        Raises `SendError` if it cannot be asked now, `NotSupportedError` if there is no such list.
        """

    def rebuild_request(
        self, listed: ReceivedMessage, config: ChannelConfig, *, url: str
    ) -> InboundRequest:
        """Return a listed message in the shape of a request, without a signature. Raises the same.

        The list knows less than a request does: no name, no place, no button. Talks HTTP where the
        message has files.
        """

    def list_templates(self, config: ChannelConfig) -> list[ProviderTemplate]:
        """List all of the channel's templates. Raises `SendError`, or `NotSupportedError`.

        What is missing counts as gone: a list that is not whole or cannot be read is an error.
        """

    def media_rules(self, medium: str) -> MediaRules:
        """Return which files may be sent over a channel of this medium."""

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        """Return where a customer's file is, from its entry in `media`: its `id`, else its `url`.

        Twilio gives addresses, which want its credentials on its own hosts only; WhatsApp Cloud
        gives ids, which are exchanged for an address that is good for minutes. So ask just before
        the file is fetched. Raises `SendError` or `NotSupportedError`.
        """

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        """Ask the provider whether this channel can work, step by step; never raises.

        `inbound_url` is where its messages should go. Talks HTTP, with a time limit.
        """

    def normal_status(self, word: str) -> str | None:
        """Return our own word for the provider's; None for words that say nothing to us."""

    def is_opt_out(self, code: str) -> bool:
        """Say whether an error code means that the customer wants no more messages."""

    def is_passing(self, code: str) -> bool:
        """Say whether a message that failed with this code may well succeed later."""

    def describe_error(self, code: str) -> str:
        """Return one English sentence for people about an error code; it can be translated."""
