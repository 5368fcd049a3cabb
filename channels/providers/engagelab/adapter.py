"""EngageLab: sending and templates through its REST API."""

from base64 import b64encode
from typing import Any

from django.utils.translation import gettext_noop as _
from requests import PreparedRequest

from channels.providers.base import (
    ChannelConfig,
    Finding,
    MediaRules,
    MediaSource,
    OutboundMessage,
    ProviderTemplate,
    SendError,
    SendReceipt,
)
from channels.providers.engagelab.door import REFERENCE, EngageLabDoor
from channels.providers.engagelab.words import NOT_CONFIGURED, PHRASES, explain
from channels.providers.json_api import Auth, JsonApi
from channels.providers.json_shapes import an_object, text_of
from channels.providers.lines import TIMEOUT_S
from channels.providers.unlisted import Unlisted
from channels.providers.whatsapp.media import RULES
from channels.providers.whatsapp.templates import read_templates
from channels.providers.whatsapp.writing import TEXT_LIMIT, build_body

_NO_USER_IDS = _("EngageLab sends to telephone numbers alone.")


class EngageLabAdapter(Unlisted, EngageLabDoor):
    """Talks to EngageLab. `api_base_url` is EngageLab's, or that of a stand-in."""

    text_limit = TEXT_LIMIT

    def __init__(self, *, api_base_url: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        self._api = JsonApi(
            base_url=api_base_url, phrases=PHRASES, explain=explain, timeout_s=timeout_s
        )

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """Send one message. Raises `SendError`; takes twenty seconds at most."""
        auth = _basic(config)
        if not message.to_address.startswith("+"):
            raise SendError("permanent", "not_a_number", _NO_USER_IDS)
        content = {
            "from": config.phone_number.removeprefix("+"),
            "to": [message.to_address.removeprefix("+")],
            "body": _body(message),
            "request_id": message.reference,
            "custom_args": {REFERENCE: message.reference},
        }
        answer = an_object(self._api.post("/v1/messages", auth=auth, content=content))
        message_id = text_of(answer.get("message_id"))
        if not message_id:
            raise SendError("unknown", "unreadable", PHRASES.unreadable)
        return SendReceipt(message_id, "plan")

    def list_templates(self, config: ChannelConfig) -> list[ProviderTemplate]:
        return read_templates(self._api.get("/v1/templates", auth=_basic(config)))

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        """Ask for the templates: a key that may do that is accepted. More cannot be asked."""
        try:
            self.list_templates(config)
        except SendError as error:
            code = "engagelab_not_configured" if error.code == "not_configured" else error.code
            return (Finding("account", "failed", code),)
        return (
            Finding("account", "ok", "dev_key_accepted"),
            Finding("webhook", "warning", "unsigned", {"wanted": inbound_url}),
        )

    def media_rules(self, medium: str) -> MediaRules:
        return RULES

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        """Return the address as it came. Our credentials go to no address from an unsigned body."""
        return MediaSource(reference)


def _body(message: OutboundMessage) -> dict[str, Any]:
    """Return the message as WhatsApp has it; a template's language is a word of its own here."""
    body = build_body(message)
    if message.template is not None:
        body["template"] = body["template"] | {"language": message.template.language}
    return body


def _basic(config: ChannelConfig) -> Auth:
    if not (config.dev_key and config.dev_secret):
        raise SendError("permanent", "not_configured", NOT_CONFIGURED, is_channel_broken=True)
    pair = b64encode(f"{config.dev_key}:{config.dev_secret}".encode()).decode()

    def sign(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Basic {pair}"
        return request

    return sign
