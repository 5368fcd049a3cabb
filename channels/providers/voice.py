"""What every telephone adapter speaks: values in, values out, no rows, no Django."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from channels.providers.base import ChannelConfig, InboundRequest

#: What becomes of a call. `queued`: the provider has it, and nothing rings yet.
CallWord = Literal[
    "queued", "ringing", "in_progress", "completed", "busy", "no_answer", "failed", "canceled"
]


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence that is read out. `language`: a code of ours (`en`, `ja`, `fr`, `zh-hans`)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class AskKey:
    """Read out, wait `wait_s` for any key, go on at `then_url`; without a key hang up."""

    speech: Speech
    then_url: str
    wait_s: int = 10


@dataclass(frozen=True, slots=True)
class Connect:
    """Ring another number and connect the two; when that is over, go on at `then_url`.

    `status_url` hears what becomes of the other call. `screen_url`: what whoever answers there
    hears before they are connected; blank: they are connected at once.
    """

    number: str
    caller_id: str
    ring_s: int
    then_url: str
    status_url: str
    screen_url: str = ""
    speech: Speech | None = None


@dataclass(frozen=True, slots=True)
class GoOn:
    """Nothing to do here: let the two talk."""


@dataclass(frozen=True, slots=True)
class HangUp:
    speech: Speech | None = None


#: What is done on a line.
Script = AskKey | Connect | GoOn | HangUp


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call to place. `script` is what whoever answers hears; without one, `answer_url` is asked.

    `status_url` hears what becomes of it. `is_detecting_machines`: say who answered, a person or a
    machine, when `answer_url` is asked.
    """

    to_number: str
    from_number: str
    ring_s: int
    status_url: str
    answer_url: str = ""
    script: AskKey | None = None
    is_detecting_machines: bool = False


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call as the provider has it. `call_id` is the provider's."""

    call_id: str
    status: CallWord
    created_at: datetime | None = None
    duration_s: int | None = None
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class CallUpdate:
    """What a verified request says about a call.

    `sequence` orders the reports about one call; None where the request is none of these.
    `second_*` is the other call, where a connection ended. `answered_by`: `human`, or what machine.
    """

    call_id: str
    status: CallWord | None
    sequence: int | None = None
    duration_s: int | None = None
    answered_by: str = ""
    second_call_id: str = ""
    second_status: CallWord | None = None
    second_duration_s: int | None = None


class VoiceAdapter(Protocol):
    """One provider's telephone. Stateless; the channel's configuration is passed to each call."""

    def place_call(self, call: OutboundCall, config: ChannelConfig) -> FoundCall:
        """Place one call. Raises `SendError`; talks HTTP, with a time limit."""

    def end_call(self, call_id: str, config: ChannelConfig) -> None:
        """End a call, whether it rings or people talk; one that is over is fine. `SendError`."""

    def find_call(self, call_id: str, config: ChannelConfig) -> FoundCall:
        """Return what became of a call. Raises `SendError`."""

    def find_second(self, call_id: str, config: ChannelConfig) -> FoundCall | None:
        """Return the last call that a call was connected with, if there is one. `SendError`."""

    def find_placed(
        self, call: OutboundCall, config: ChannelConfig, *, since: datetime
    ) -> list[FoundCall]:
        """List the calls between these two numbers since then, oldest first. `SendError`."""

    def parse_call(self, request: InboundRequest) -> CallUpdate | None:
        """Translate a verified request; None if it names no call."""

    def render(self, script: Script) -> tuple[str, bytes]:
        """Return type and body of an answer that has a script done."""
