"""Whether a channel can work, asked of Meta: its token, its number, and whether its app listens."""

from collections.abc import Callable, Mapping
from typing import Any

from channels.providers.base import ChannelConfig, Finding, SendError
from channels.providers.json_shapes import Json, an_object, objects, text_of
from channels.providers.text import shorten

Get = Callable[[str, Mapping[str, str]], Any]
MAX_FACT_CHARS = 200
_NO_SUCH_OBJECT = "33"


def examine(get: Get, *, config: ChannelConfig, inbound_url: str) -> tuple[Finding, ...]:
    """Look at token, number and webhook; what depends on a failed step is not looked at."""
    fields = {"fields": "display_phone_number,verified_name"}
    number, refusal = _ask(get, f"/{config.phone_number_id}", fields)
    if refusal == _NO_SUCH_OBJECT:
        facts = {"number": config.phone_number_id}
        accepted = Finding("account", "ok", "token_accepted")
        return (accepted, Finding("sender", "failed", "number_id_unknown", facts))
    if refusal:
        return (Finding("account", "failed", refusal),)
    facts = {name: _fact(number.get(name)) for name in ("display_phone_number", "verified_name")}
    found = Finding("sender", "ok", "cloud_number_found", facts)
    return (Finding("account", "ok", "token_accepted"), found, *_webhook(get, config, inbound_url))


def _webhook(get: Get, config: ChannelConfig, inbound_url: str) -> tuple[Finding, ...]:
    """Look whether an app is told of messages. Which address it has, Meta says only of one that the
    account or the number has for itself."""
    if not config.business_account_id:
        return (Finding("webhook", "skipped", "account_id_missing"),)
    answer, refusal = _ask(get, f"/{config.business_account_id}/subscribed_apps", {})
    if refusal:
        return (Finding("webhook", "failed", refusal),)
    apps = objects(answer.get("data"))
    if not apps:
        return (Finding("webhook", "failed", "app_not_subscribed"),)
    own = [url for app in apps if (url := text_of(app.get("override_callback_uri")))]
    if own and inbound_url not in own:
        facts = {"url": _fact(own[0]), "wanted": inbound_url}
        return (Finding("webhook", "failed", "cloud_elsewhere", facts),)
    return (Finding("webhook", "ok", "app_subscribed"),)


def _ask(get: Get, path: str, query: Mapping[str, str]) -> tuple[Json, str]:
    """Return what Meta answered, or the code of its refusal."""
    try:
        return an_object(get(path, query)), ""
    except SendError as error:
        return {}, error.code


def _fact(value: object) -> str:
    return shorten(text_of(value), limit=MAX_FACT_CHARS)
