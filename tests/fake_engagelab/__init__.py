"""A stand-in for EngageLab's WhatsApp API: messages, templates, and what it posts to the desk.

In a test: `with running(EngageLabFake()) as fake:` and `settings.ENGAGELAB_API_BASE_URL =
fake.url`.
"""

import base64
import itertools
import json
from typing import Any

from tests.fake_json import Asked, JsonFake, RefusedError

HEADERS = {"Content-Type": "application/json"}
_TYPES = {"text", "image", "video", "audio", "document", "sticker", "template"}
TEXT_LIMIT = 4096


class EngageLabFake(JsonFake):
    """`keys`: dev keys and their secrets. `number`: the one that the account sends from."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.keys = {"the-dev-key": "the-dev-secret"}
        self.number = "15550009999"
        self.account_id = "123321"
        self.sends: list[dict[str, Any]] = []
        self.templates: list[dict[str, Any]] = []
        self._ids = itertools.count(1666165485030094861)

    def is_send(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Any:
        encoded = asked.headers.get("Authorization", "").removeprefix("Basic ")
        key, _, secret = base64.b64decode(encoded).decode().partition(":")
        if not secret or self.keys.get(key) != secret:
            raise refusal(2001, status=401)
        if (asked.method, asked.path) == ("POST", "/v1/messages"):
            return self._send(asked.content)
        if (asked.method, asked.path) == ("GET", "/v1/templates"):
            return self.templates
        raise refusal(4001)

    # --- What EngageLab posts to the desk

    def write(self, *texts: tuple[str, str], sender: str = "15550000001") -> bytes:
        """Return the body of a request with texts of a customer: message id and text."""
        return self.rows(*(self._response(*each, sender=sender) for each in texts))

    def report(self, *reports: tuple[str, str], code: int = 0) -> bytes:
        """Return the body of a request with reports: message id and status, in this order."""
        return self.rows(*(self._status(*each, code=code) for each in reports))

    def rows(self, *rows: dict[str, Any]) -> bytes:
        return json.dumps({"total": len(rows), "rows": list(rows)}).encode()

    def _response(self, message_id: str, text: str, *, sender: str) -> dict[str, Any]:
        data = {
            "channel_message_id": message_id,
            "whatsapp_business_account_id": self.account_id,
            "contact": {"profile": {"name": "Dora"}, "wa_id": sender},
            "message": {"type": "text", "text": {"body": text}},
        }
        return {
            "message_id": str(next(self._ids)),
            "from": f"+{sender}",
            "to": f"+{self.number}",
            "server": "whatsapp",
            "channel": "whatsapp",
            "itime": 1640707579,
            "response": {"event": "received", "response_data": data},
        }

    def _status(self, message_id: str, status: str, *, code: int) -> dict[str, Any]:
        sent = next((each for each in self.sends if each["id"] == message_id), {})
        content = sent.get("content", {})
        data = {"msg_time": 1663432355, "whatsapp_business_account_id": self.account_id}
        return {
            "message_id": message_id,
            "from": f"+{self.number}",
            "to": f"+{next(iter(content.get('to', [])), '15550000001')}",
            "server": "whatsapp",
            "channel": "whatsapp",
            "itime": 1640707579,
            "custom_args": content.get("custom_args", {}),
            "status": {"message_status": status, "status_data": data, "error_code": code},
        }

    # --- What the desk asks

    def _send(self, content: dict[str, Any]) -> dict[str, Any]:
        body = content.get("body", {})
        kind = body.get("type", "")
        about = body.get(kind)
        if content.get("from") != self.number:
            raise refusal(2004, status=403)
        if not content.get("to") or kind not in _TYPES or not isinstance(about, dict):
            raise refusal(3002)
        if kind == "text" and not 0 < len(about.get("body", "")) <= TEXT_LIMIT:
            raise refusal(3002)
        if kind == "template" and not isinstance(about.get("language"), str):
            raise refusal(3002)
        with self.lock:
            message_id = str(next(self._ids))
            self.sends.append({"id": message_id, "content": content})
        return {"message_id": message_id, "request_id": content.get("request_id", "")}


def refusal(code: int, *, status: int = 400) -> RefusedError:
    """Return what EngageLab answers when it refuses a request."""
    return RefusedError(status, {"code": code, "message": "Refused."})
