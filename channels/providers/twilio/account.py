"""Whether a channel can work, asked of Twilio: its account, its sender, and where that points."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag

from twilio.rest import Client

from channels.providers.base import ChannelConfig, Finding
from channels.providers.text import clean, shorten
from channels.providers.twilio.client import ApiHttpClient, open_client
from channels.providers.twilio.inbound import addressed
from channels.providers.twilio.refusals import CALL_ERRORS, explain

OpenTransport = Callable[[], ApiHttpClient]
MAX_FACT_CHARS = 200
#: Twilio's word for a number that it knows and that cannot be used just now.
_ONLINE = "ONLINE"
_NOT_FOUND = "20404"


def examine(
    config: ChannelConfig, *, inbound_url: str, open_transport: OpenTransport
) -> tuple[Finding, ...]:
    """Look at account, API key, sender and webhook, in this order; what depends on a failed step
    is not looked at."""
    if not (config.account_sid and config.auth_token):
        return (Finding("account", "failed", "not_configured"),)
    # The account is asked with its token: the very one that signs what comes in.
    client = open_client(replace(config, api_key_sid=""), transport=open_transport())
    found = [*_account(client, config)]
    if found[0].state == "failed":
        return tuple(found)
    if config.api_key_sid:
        found.append(_api_key(open_client(config, transport=open_transport())))
    return (*found, *_sender(client, config, inbound_url))


def _account(client: Client, config: ChannelConfig) -> list[Finding]:
    found, refusal = _ask(lambda: client.api.accounts(config.account_sid).fetch())
    if refusal:
        return [Finding("account", "failed", refusal)]
    facts = {"name": _fact(found.friendly_name), "status": _fact(found.status)}
    if found.status != "active":
        return [Finding("account", "failed", "account_inactive", facts)]
    if str(found.type).lower() == "trial":
        return [Finding("account", "warning", "account_trial", facts)]
    return [Finding("account", "ok", "account_active", facts)]


def _api_key(client: Client) -> Finding:
    """Ask for something that a key may: it may not ask for the account."""
    _, refusal = _ask(lambda: client.messages.list(limit=1))
    if refusal:
        return Finding("api_key", "failed", "key_refused" if refusal == "20003" else refusal)
    return Finding("api_key", "ok", "key_accepted")


def _sender(client: Client, config: ChannelConfig, inbound_url: str) -> list[Finding]:
    if config.messaging_service_sid:
        return _service(client, config, inbound_url)
    if config.medium == "whatsapp":
        return _whatsapp_sender(client, config, inbound_url)
    return _number(client, config, inbound_url)


def _service(client: Client, config: ChannelConfig, inbound_url: str) -> list[Finding]:
    sid = config.messaging_service_sid
    found, refusal = _ask(lambda: client.messaging.v1.services(sid).fetch())
    if refusal:
        code = "service_unknown" if refusal == _NOT_FOUND else refusal
        return [Finding("sender", "failed", code, {"sid": sid})]
    known = Finding("sender", "ok", "service_found", {"name": _fact(found.friendly_name)})
    if found.use_inbound_webhook_on_number:
        return [known, Finding("webhook", "warning", "webhook_on_number")]
    url, method = found.inbound_request_url, found.inbound_method
    return [known, _webhook(url, method, inbound_url)]


def _whatsapp_sender(client: Client, config: ChannelConfig, inbound_url: str) -> list[Finding]:
    wanted = addressed(config.phone_number, config)
    senders, refusal = _ask(lambda: client.messaging.v2.channels_senders.list(channel="whatsapp"))
    if refusal:
        return [Finding("sender", "failed", refusal, {"number": config.phone_number})]
    found = next((each for each in senders if each.sender_id == wanted), None)
    if found is None:
        # Twilio's sandbox, and senders of another account, are not in this list.
        return [Finding("sender", "warning", "sender_unknown", {"number": config.phone_number})]
    facts = {"number": config.phone_number, "status": _fact(found.status)}
    if str(found.status).partition(":")[0] != _ONLINE:
        known = Finding("sender", "failed", "sender_offline", facts)
    else:
        known = Finding("sender", "ok", "sender_found", facts)
    webhook: Any = found.webhook or {}
    url, method = webhook.get("callback_url"), webhook.get("callback_method")
    return [known, _webhook(url, method, inbound_url)]


def _number(client: Client, config: ChannelConfig, inbound_url: str) -> list[Finding]:
    facts = {"number": config.phone_number}
    numbers, refusal = _ask(
        lambda: client.incoming_phone_numbers.list(phone_number=config.phone_number, limit=20)
    )
    if refusal:
        return [Finding("sender", "failed", refusal, facts)]
    found = next((each for each in numbers if each.phone_number == config.phone_number), None)
    if found is None:
        return [Finding("sender", "failed", "number_unknown", facts)]
    known = Finding("sender", "ok", "number_found", facts)
    return [known, _webhook(found.sms_url, found.sms_method, inbound_url)]


def _webhook(url: str | None, method: str | None, inbound_url: str) -> Finding:
    if not url:
        return Finding("webhook", "failed", "webhook_missing", {"wanted": inbound_url})
    if urldefrag(url).url != inbound_url:
        facts = {"url": _fact(url), "wanted": inbound_url}
        return Finding("webhook", "failed", "webhook_elsewhere", facts)
    if method and method.upper() != "POST":
        return Finding("webhook", "failed", "webhook_method", {"method": _fact(method)})
    return Finding("webhook", "ok", "webhook_set")


def _ask(call: Callable[[], Any]) -> tuple[Any, str]:
    """Return what Twilio answered, or the code of its refusal."""
    try:
        return call(), ""
    except CALL_ERRORS as error:
        return None, explain(error, retry_after_s=None).code or "unreadable"


def _fact(value: object) -> str:
    return shorten(clean(str(value or "")), limit=MAX_FACT_CHARS)
