"""Twilio's telephone: calls that are placed, ended and looked up, and what is said about them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, get_args

from twilio.rest import Client

from channels.providers.base import ChannelConfig, InboundRequest, SendError
from channels.providers.lines import TIMEOUT_S, Lines
from channels.providers.signing import Form, read_form
from channels.providers.twilio import twiml
from channels.providers.twilio.client import (
    ApiHttpClient,
    credentials,
    open_client,
)
from channels.providers.twilio.refusals import CALL_ERRORS, NOT_CONFIGURED, explain
from channels.providers.twilio.voice_words import explained
from channels.providers.voice import CallUpdate, CallWord, FoundCall, OutboundCall, Script

# Twilio's own switch for reports that we could not take: try three times more, whatever went wrong.
RETRY_REPORTS = "#rc=3&rp=all"
#: How many of the newest calls to one number a look-up goes through.
MAX_LOOKED_AT = 50
MAX_SID_CHARS = 34
MAX_DIGITS = 7
#: What Twilio says of a call that is over, or not there.
_OVER = {"20404", "21220"}
#: Its words that are none of ours when their hyphen is gone.
_WORDS: dict[str, CallWord] = {"initiated": "queued", "answered": "completed"}


Answer = TypeVar("Answer")


class TwilioVoice:
    """Talks to Twilio through its own SDK. `api_base_url` is Twilio's, or that of a stand-in."""

    def __init__(self, *, api_base_url: str, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        self._api_base_url = api_base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._lines = Lines()

    def place_call(self, call: OutboundCall, config: ChannelConfig) -> FoundCall:
        """Place one call. Raises `SendError`; takes twenty seconds at most."""
        asked: dict[str, Any] = {
            "to": call.to_number,
            "from_": call.from_number,
            "timeout": call.ring_s,
            "status_callback": f"{call.status_url}{RETRY_REPORTS}",
            "status_callback_event": list(twiml.EVENTS),
            "status_callback_method": "POST",
        }
        if call.script is not None:
            asked["twiml"] = twiml.render(call.script)
        else:
            asked["url"] = f"{call.answer_url}{twiml.RETRY_SCRIPTS}"
        if call.is_detecting_machines:
            asked["machine_detection"] = "Enable"
        return self._ask(config, lambda client: _found(client.calls.create(**asked)))

    def end_call(self, call_id: str, config: ChannelConfig) -> None:
        """End a call, whether it rings or people talk; one that is over is fine."""
        try:
            self._ask(config, lambda client: client.calls(call_id).update(status="completed"))
        except SendError as error:
            if error.code not in _OVER:
                raise

    def find_call(self, call_id: str, config: ChannelConfig) -> FoundCall:
        return self._ask(config, lambda client: _found(client.calls(call_id).fetch()))

    def find_second(self, call_id: str, config: ChannelConfig) -> FoundCall | None:
        found = self._ask(
            config,
            lambda client: [
                _found(each) for each in client.calls.list(parent_call_sid=call_id, limit=20)
            ],
        )
        return next(iter(found), None)

    def find_placed(
        self, call: OutboundCall, config: ChannelConfig, *, since: datetime
    ) -> list[FoundCall]:
        """List what Twilio was asked to call so since then, oldest first.

        Twilio could choose by the time of the start, but a call that it still holds has none.
        """
        newest = self._ask(
            config,
            lambda client: [
                _found(each)
                for each in client.calls.list(
                    to=call.to_number, from_=call.from_number, limit=MAX_LOOKED_AT
                )
                if each.direction == "outbound-api"
            ],
        )
        recent = [each for each in newest if each.created_at and each.created_at >= since]
        return sorted(recent, key=lambda each: each.created_at or since)

    def parse_call(self, request: InboundRequest) -> CallUpdate | None:
        """Translate a verified request; None if it names no call."""
        form = read_form(request)
        call_id = form.last("CallSid").strip()
        if not call_id or len(call_id) > MAX_SID_CHARS:
            return None
        return CallUpdate(
            call_id=call_id,
            status=_word(form.last("CallStatus")),
            sequence=_number(form, "SequenceNumber"),
            duration_s=_number(form, "CallDuration"),
            answered_by=form.last("AnsweredBy").strip()[:24],
            second_call_id=form.last("DialCallSid").strip()[:MAX_SID_CHARS],
            second_status=_word(form.last("DialCallStatus")),
            second_duration_s=_number(form, "DialCallDuration"),
        )

    def render(self, script: Script) -> tuple[str, bytes]:
        return twiml.CONTENT_TYPE, twiml.render(script).encode()

    def _ask(self, config: ChannelConfig, call: Callable[[Client], Answer]) -> Answer:
        """Return what Twilio answers. Raises `SendError`."""
        # The SDK would take what is missing from the environment, and so from another account.
        if not (config.account_sid and all(credentials(config))):
            raise SendError("permanent", "not_configured", NOT_CONFIGURED, is_channel_broken=True)
        transport = ApiHttpClient(
            base_url=self._api_base_url, session=self._lines.take(), timeout_s=self._timeout_s
        )
        try:
            return call(open_client(config, transport=transport))
        except CALL_ERRORS as error:
            raise explained(explain(error, retry_after_s=transport.retry_after_s)) from error


def _found(call: Any) -> FoundCall:
    status = _word(str(call.status or ""))
    if not call.sid or status is None:
        raise ValueError("Twilio's answer names no call.")
    return FoundCall(
        call_id=str(call.sid),
        status=status,
        created_at=call.date_created,
        duration_s=int(call.duration) if str(call.duration or "").isdecimal() else None,
        answered_by=str(call.answered_by or "")[:24],
    )


def _word(theirs: str) -> CallWord | None:
    """Return our word for Twilio's; None for one that says nothing to us."""
    word = theirs.strip().lower().replace("-", "_")
    if word in _WORDS:
        return _WORDS[word]
    return word if word in get_args(CallWord) else None  # type: ignore[return-value]


def _number(form: Form, name: str) -> int | None:
    text = form.last(name).strip()
    is_sane = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_sane else None
