"""A stand-in for Meta's Graph API, as far as WhatsApp goes: messages, templates, files, numbers.

In a test: `with running(CloudFake()) as fake:` and `settings.WHATSAPP_CLOUD_API_BASE_URL =
fake.api_url`. `report` returns the signed request with which Meta tells what became of a message,
`write` the one with which it brings what customers wrote; whoever has the desk posts them.
"""

import hmac
import itertools
import json
import re
from hashlib import sha256
from typing import Any

from tests.fake_json import Asked, JsonFake, RefusedError

VERSION = "/v23.0"
_NUMBER = "(?P<number>[0-9]+)"
_TYPES = {"text", "image", "video", "audio", "document", "sticker", "template"}
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
PAGE = 2


class CloudFake(JsonFake):
    """`numbers`: phone number ids and their access token. `closed_windows`: customers who have not
    written for 24 hours: free text is taken, and fails on the way with 131047."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.api_url = f"{self.url}{VERSION}"
        self.numbers = {"106540352242922": "the-access-token"}
        self.account_id = "102290129340398"
        self.app_secret = "the-app-secret"
        self.closed_windows: set[str] = set()
        self.sends: list[dict[str, Any]] = []
        self.templates: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.apps: list[dict[str, Any]] = [{"whatsapp_business_api_data": {"id": "1"}}]
        self._ids = itertools.count(1)

    def is_send(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Any:
        token = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.numbers.values():
            raise refusal(190, status=401)
        path = asked.path.removeprefix(VERSION)
        if asked.method == "POST" and (match := re.fullmatch(f"/{_NUMBER}/messages", path)):
            return self._send(match["number"], asked.content, token=token)
        if path == f"/{self.account_id}/message_templates":
            return self._template_page(int(asked.query.get("after", "0")))
        if path == f"/{self.account_id}/subscribed_apps":
            return {"data": self.apps}
        if match := re.fullmatch("/files/(.+)", asked.path):
            return self.files[match[1]]
        if (match := re.fullmatch("/([0-9A-Za-z_-]+)", path)) and match[1] in self.files:
            return {"id": match[1], "url": f"{self.url}/files/{match[1]}"}
        if path.removeprefix("/") in self.numbers:
            return {"display_phone_number": "+1 555 000 9999", "verified_name": "The Shop"}
        raise refusal(100, subcode=33)

    # --- What Meta posts to the desk

    def write(self, *messages: dict[str, Any], number: str = "", **value: Any) -> bytes:
        """Return the body of a request with these messages of customers, of one number."""
        contacts = {message["from"]: _contact(message["from"]) for message in messages}
        more: dict[str, Any] = {"contacts": list(contacts.values()), "messages": list(messages)}
        return self._body({**(more if messages else {}), **value}, number=number)

    def report(self, *reports: tuple[str, str], number: str = "", code: int = 0) -> bytes:
        """Return the body of a request with reports: message id and status, in this order."""
        return self._body(
            {"statuses": [self._status(*each, code=code) for each in reports]}, number=number
        )

    def sign(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(self.app_secret.encode(), body, sha256).hexdigest()
        return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}

    def _body(self, value: dict[str, Any], *, number: str) -> bytes:
        number_id = number or next(iter(self.numbers))
        metadata = {"display_phone_number": "15550009999", "phone_number_id": number_id}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": self.account_id, "changes": [{"field": "messages", "value": value}]}
        return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()

    def _status(self, message_id: str, status: str, *, code: int) -> dict[str, Any]:
        sent = next((each for each in self.sends if each["id"] == message_id), {})
        reference = sent.get("content", {}).get("biz_opaque_callback_data", "")
        return {
            "id": message_id,
            "status": status,
            "timestamp": "1731672268",
            "recipient_id": sent.get("content", {}).get("to", "15550000001"),
            **({"biz_opaque_callback_data": reference} if reference else {}),
            **({"errors": [{"code": code, "title": "Refused"}]} if code else {}),
        }

    # --- What the desk asks

    def _send(self, number: str, content: dict[str, Any], *, token: str) -> dict[str, Any]:
        if self.numbers.get(number) != token:
            raise refusal(100, subcode=33)
        kind = content.get("type", "")
        to = content.get("to") or content.get("recipient", "")
        if content.get("messaging_product") != "whatsapp" or kind not in _TYPES or not to:
            raise refusal(100)
        if not _is_acceptable(kind, content.get(kind)):
            raise refusal(131009)
        with self.lock:
            message_id = f"wamid.{next(self._ids):08d}"
            self.sends.append({"id": message_id, "content": content})
        contact = {"input": to, "wa_id": to}
        accepted = {"id": message_id, "message_status": "accepted"}
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]}

    def _template_page(self, start: int) -> dict[str, Any]:
        page: dict[str, Any] = {"data": self.templates[start : start + PAGE]}
        if start + PAGE < len(self.templates):
            after = str(start + PAGE)
            page["paging"] = {"cursors": {"after": after}, "next": "https://example.net/stolen"}
        return page


def refusal(code: int, *, status: int = 400, subcode: int = 0) -> RefusedError:
    """Return what Meta answers when it refuses a request."""
    error = {"message": f"(#{code}) Refused", "type": "OAuthException", "code": code}
    return RefusedError(status, {"error": error | ({"error_subcode": subcode} if subcode else {})})


def text_message(
    text: str, *, message_id: str, sender: str = "15550000001", **more: Any
) -> dict[str, Any]:
    """Return a customer's text as Meta describes it."""
    return {
        "from": sender,
        "id": message_id,
        "timestamp": "1731672268",
        "type": "text",
        "text": {"body": text},
        **more,
    }


def _contact(wa_id: str) -> dict[str, Any]:
    return {"profile": {"name": "Dora"}, "wa_id": wa_id}


def _is_acceptable(kind: str, about: Any) -> bool:
    if not isinstance(about, dict):
        return False
    if kind == "text":
        return 0 < len(about.get("body", "")) <= TEXT_LIMIT
    if kind == "template":
        return bool(about.get("name")) and bool(about.get("language", {}).get("code"))
    has_words = kind not in ("audio", "sticker")
    caption = about.get("caption", "")
    return bool(about.get("link")) and len(caption) <= (CAPTION_LIMIT if has_words else 0)
