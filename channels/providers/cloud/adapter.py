"""WhatsApp Cloud API: sending, templates and files, through Meta's Graph API."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

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
from channels.providers.cloud import account
from channels.providers.cloud.door import CloudDoor
from channels.providers.cloud.words import NOT_CONFIGURED, PHRASES, explain
from channels.providers.json_api import Auth, JsonApi
from channels.providers.json_shapes import an_object, objects, text_of
from channels.providers.lines import TIMEOUT_S
from channels.providers.unlisted import Unlisted
from channels.providers.whatsapp.media import RULES
from channels.providers.whatsapp.templates import read_templates
from channels.providers.whatsapp.writing import TEXT_LIMIT, build_body

_TEMPLATE_FIELDS = "id,name,language,category,status,components,rejected_reason"
_ENDLESS = _("The provider's list of templates has no end.")
#: An account has at most 250 templates, 6000 once it is verified; a page has 100 of them.
MAX_PAGES = 60
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_METAS = re.compile(r"https://([0-9a-z-]+\.)+(fbsbx\.com|facebook\.com|whatsapp\.net|fbcdn\.net)/")
_NO_SUCH_FILE = _("WhatsApp did not say where the file is.")


class CloudAdapter(Unlisted, CloudDoor):
    """Talks to Meta. `api_base_url` is Meta's with the version of its API, or a stand-in's."""

    text_limit = TEXT_LIMIT

    def __init__(self, *, api_base_url: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        self._api = JsonApi(
            base_url=api_base_url, phrases=PHRASES, explain=explain, timeout_s=timeout_s
        )

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """Send one message. Raises `SendError`; takes twenty seconds at most."""
        auth = _bearer(config)
        content = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_recipient(message.to_address),
            **build_body(message),
        }
        if message.reference:
            content["biz_opaque_callback_data"] = message.reference
        answer = self._api.post(f"/{config.phone_number_id}/messages", auth=auth, content=content)
        sent = next(iter(objects(an_object(answer).get("messages"))), {})
        message_id = text_of(sent.get("id"))
        if not message_id:
            raise SendError("unknown", "unreadable", PHRASES.unreadable)
        return SendReceipt(message_id, text_of(sent.get("message_status")) or "accepted")

    def list_templates(self, config: ChannelConfig) -> list[ProviderTemplate]:
        return [each for page in self._template_pages(config) for each in read_templates(page)]

    def media_rules(self, medium: str) -> MediaRules:
        return RULES

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        """Exchange a file's id for its address, which is good for five minutes."""
        auth = _bearer(config)
        if not _MEDIA_ID.fullmatch(reference):
            raise SendError("permanent", "bad_media_id", _NO_SUCH_FILE)
        query = {"phone_number_id": config.phone_number_id}
        url = text_of(an_object(self._api.get(f"/{reference}", auth=auth, query=query)).get("url"))
        if not self._is_at_home(url):
            raise SendError("permanent", "bad_media_url", _NO_SUCH_FILE)
        return MediaSource(url, {"Authorization": f"Bearer {config.access_token}"})

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        if not (config.access_token and config.phone_number_id):
            return (Finding("account", "failed", "cloud_not_configured"),)
        auth = _bearer(config)
        return account.examine(
            lambda path, query: self._api.get(path, auth=auth, query=query),
            config=config,
            inbound_url=inbound_url,
        )

    def _is_at_home(self, url: str) -> bool:
        home = urlsplit(self._api.base_url)
        return bool(_METAS.match(url)) or url.startswith(f"{home.scheme}://{home.netloc}/")

    def _template_pages(self, config: ChannelConfig) -> Iterator[object]:
        auth = _bearer(config)
        query = {"fields": _TEMPLATE_FIELDS, "limit": "100"}
        for _page in range(MAX_PAGES):
            path = f"/{config.business_account_id}/message_templates"
            page = an_object(self._api.get(path, auth=auth, query=query))
            yield page.get("data")
            paging = an_object(page.get("paging"))
            after = text_of(an_object(paging.get("cursors")).get("after"))
            if not (after and paging.get("next")):
                return
            # By its mark, not by the address that came along: our token goes to our address only.
            query = {**query, "after": after}
        raise SendError("permanent", "too_many_pages", _ENDLESS)


def _bearer(config: ChannelConfig) -> Auth:
    if not (config.phone_number_id and config.access_token):
        raise SendError("permanent", "not_configured", NOT_CONFIGURED, is_channel_broken=True)

    def sign(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {config.access_token}"
        return request

    return sign


def _recipient(address: str) -> dict[str, str]:
    """Return who gets it: a number, or the id of somebody who does not show theirs."""
    return {"to": address[1:]} if address.startswith("+") else {"recipient": address}
