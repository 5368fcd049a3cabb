"""What the stand-in's account has besides messages: itself, its numbers, senders and services."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.fake_twilio.inbound import media
from tests.fake_twilio.store import API, RefusedError, Store

_ACCOUNT = re.compile(rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})\.json")
_NUMBERS = re.compile(rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})/IncomingPhoneNumbers\.json")
_MEDIA = re.compile(
    rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})/Messages/([SM]M[0-9a-f]{{32}})/Media\.json"
)
_SERVICE = re.compile(r"/v1/Services/(MG[0-9a-fA-F]{32})")
_SENDERS = "/v2/Channels/Senders"


@dataclass
class Account:
    """All of it may be changed.

    `numbers`: number -> (address for messages, method). `senders`: WhatsApp number -> (status,
    address). `services`: SID -> (address, whether each number decides for itself).
    """

    name: str = "Acme"
    status: str = "active"
    type: str = "Full"
    numbers: dict[str, tuple[str, str]] = field(default_factory=dict)
    senders: dict[str, tuple[str, str]] = field(default_factory=dict)
    services: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def answer(
        self, path: str, query: dict[str, str], *, store: Store, username: str, token: str
    ) -> dict[str, Any] | None:
        """Return what a GET is answered with; None if the address is none of these."""
        files = _MEDIA.fullmatch(path)
        own = _ACCOUNT.fullmatch(path) or _NUMBERS.fullmatch(path) or files
        service = _SERVICE.fullmatch(path)
        if not (own or service or path == _SENDERS):
            return None
        # Like Twilio, let an API key ask for anything but the account itself.
        is_about_itself = _ACCOUNT.fullmatch(path) is not None
        account_sid = own[1] if own else store.account_of(username)
        store.check_account(path_sid=account_sid, username=username, token=token)
        if is_about_itself and username != account_sid:
            raise RefusedError(20003, 401)
        if is_about_itself:
            return self._itself(account_sid)
        if files:
            return media(store, files[1], files[2])
        if service:
            return self._service(service[1])
        return self._numbers(query) if own else self._senders()

    def _itself(self, sid: str) -> dict[str, Any]:
        return {"sid": sid, "friendly_name": self.name, "status": self.status, "type": self.type}

    def _numbers(self, query: dict[str, str]) -> dict[str, Any]:
        wanted = query.get("PhoneNumber", "")
        found = [
            {"sid": f"PN{index:032x}", "phone_number": number, "sms_url": url, "sms_method": method}
            for index, (number, (url, method)) in enumerate(self.numbers.items())
            if wanted in number
        ]
        return {"incoming_phone_numbers": found, "next_page_uri": None, "page": 0}

    def _senders(self) -> dict[str, Any]:
        found = [
            {
                "sid": f"XE{index:032x}",
                "sender_id": f"whatsapp:{number}",
                "status": status,
                "webhook": {"callback_url": url, "callback_method": "POST"},
            }
            for index, (number, (status, url)) in enumerate(self.senders.items())
        ]
        meta = {"key": "senders", "next_page_url": None, "page": 0, "page_size": 50}
        return {"senders": found, "meta": meta}

    def _service(self, sid: str) -> dict[str, Any]:
        if sid not in self.services:
            raise RefusedError(20404, 404)
        url, is_by_number = self.services[sid]
        return {
            "sid": sid,
            "friendly_name": "Support",
            "inbound_request_url": url or None,
            "inbound_method": "POST",
            "use_inbound_webhook_on_number": is_by_number,
        }
