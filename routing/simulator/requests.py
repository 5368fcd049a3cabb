"""Requests exactly as Twilio would send them: its fields, its encoding, its signature."""

import shlex
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from channels.addresses import inbound_url, status_url
from channels.models import Channel
from channels.providers import config_of
from channels.providers.base import InboundRequest
from channels.providers.signing import FORM_TYPE, SIGNATURE_HEADER, build_signed_form
from channels.providers.simulator import message_fields, status_fields


@dataclass(frozen=True, slots=True)
class Caller:
    """The customer whose phone is simulated. `number` is in E.164."""

    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that is ready to be posted."""

    url: str
    body: bytes
    headers: dict[str, str]

    @property
    def fields(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @property
    def signature(self) -> str:
        return self.headers.get(SIGNATURE_HEADER, "")


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says about a message of ours: its own word, and a code for failures."""

    provider_message_id: str
    message_public_id: uuid.UUID
    status: str
    error_code: str = ""


def build_inbound(
    channel: Channel,
    *,
    caller: Caller,
    text: str,
    sid: str,
    more: Mapping[str, str] | None = None,
) -> SignedRequest:
    """Return the request with which a customer's text reaches the channel; `more` are fields."""
    fields = message_fields(
        config_of(channel),
        address=caller.number,
        text=text,
        message_sid=sid,
        profile_name=caller.name,
    )
    return _sign(channel, url=inbound_url(channel), fields={**fields, **(more or {})})


def build_report(channel: Channel, *, report: Report, number: str) -> SignedRequest:
    """Return the request with which the provider reports what became of our message."""
    fields = status_fields(
        config_of(channel),
        message_sid=report.provider_message_id,
        address=number,
        status=report.status,
        error_code=report.error_code,
    )
    url = status_url(channel, message_id=report.message_public_id)
    return _sign(channel, url=url, fields=fields)


def break_signature(request: SignedRequest) -> SignedRequest:
    """Return the request as a stranger would send it, who does not know the secret."""
    forged = request.signature[::-1]
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: forged})


def as_inbound_request(request: SignedRequest) -> InboundRequest:
    """Return the request as the door hands it to the services."""
    return InboundRequest(
        url=request.url, content_type=FORM_TYPE, body=request.body, headers=request.headers
    )


def as_curl(request: SignedRequest) -> str:
    """Return a shell command that sends this very request."""
    headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    data = f"--data-raw {shlex.quote(request.body.decode())}"
    return " \\\n  ".join([f"curl -i {shlex.quote(request.url)}", *headers, data])


def _sign(channel: Channel, *, url: str, fields: dict[str, str]) -> SignedRequest:
    body, headers = build_signed_form(config_of(channel), url=url, fields=fields)
    return SignedRequest(url, body, headers)
