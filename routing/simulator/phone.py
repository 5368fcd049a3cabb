"""The customer's phone: what it shows, and what it tells the provider about our messages.

Everything that changes something goes through the providers' two doors as a signed request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from channels.models import Channel
from channels.providers.simulator import new_message_sid
from conversations.csat import HIGHEST, LOWEST
from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Message, SurveyStatus
from conversations.models.message import Direction
from conversations.states import LIVE, Status
from routing.simulator import door
from routing.simulator.door import DoorAnswer
from routing.simulator.requests import (
    Caller,
    Report,
    SignedRequest,
    break_signature,
    build_inbound,
    build_report,
)

#: A phone shows this many messages; the rest is in the admin.
SHOWN = 60
#: The two ticks that a customer's phone gives back.
DELIVERED, READ, FAILED = "delivered", "read", "undelivered"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that was posted, and what came back each time."""

    request: SignedRequest
    answers: tuple[DoorAnswer, ...]
    #: How many messages with this id are stored now.
    stored: int

    @property
    def status(self) -> int:
        return self.answers[-1].status


@dataclass(frozen=True, slots=True)
class Screen:
    """What a phone shows. `conversation` is the latest one; `is_rating` while a survey waits."""

    messages: Sequence[Message]
    conversation: Conversation | None
    is_rating: bool

    @property
    def ratings(self) -> range:
        return range(LOWEST, HIGHEST + 1)

    @property
    def is_unsettled(self) -> bool:
        """Say whether one of our messages is still on its way to the customer's eyes."""
        over = {DeliveryStatus.READ, DeliveryStatus.FAILED, ""}
        is_live = self.conversation is not None and self.conversation.status in LIVE
        return is_live or any(message.delivery_status not in over for message in self.messages)


def look(channel: Channel, *, number: str) -> Screen:
    """Return what the phone with this number shows of its chat with the channel."""
    messages = list(
        Message.objects.filter(channel=channel, conversation__identity__address=number)
        .exclude(direction=Direction.NOTE)
        .select_related("author")
        .order_by("-created_at", "-pk")[:SHOWN]
    )
    conversation = (
        Conversation.objects.filter(channel=channel, identity__address=number)
        .select_related("assignee", "team", "contact", "channel")
        .order_by("-pk")
        .first()
    )
    is_rating = conversation is not None and (
        conversation.status == Status.RESOLVED
        and conversation.surveys.filter(status=SurveyStatus.SENT).exists()
    )
    return Screen(messages[::-1], conversation, is_rating)


def write(channel: Channel, *, caller: Caller, text: str) -> Delivery:
    """Send a customer's text through the door."""
    return _post(
        channel, build_inbound(channel, caller=caller, text=text, sid=new_message_sid()), times=1
    )


def write_twice(channel: Channel, *, caller: Caller, text: str) -> Delivery:
    """Send the very same request twice, as a provider does that missed our answer."""
    return _post(
        channel, build_inbound(channel, caller=caller, text=text, sid=new_message_sid()), times=2
    )


def write_forged(channel: Channel, *, caller: Caller, text: str) -> Delivery:
    """Send a request that the provider did not sign."""
    request = build_inbound(channel, caller=caller, text=text, sid=new_message_sid())
    return _post(channel, break_signature(request), times=1)


def report_read(channel: Channel, *, number: str) -> None:
    """The customer looks: everything that had arrived is read now."""
    for message in _with_status(channel, number, DeliveryStatus.DELIVERED):
        _report(channel, message, number=number, word=READ)


def report_delivered(channel: Channel, *, number: str, failing: Mapping[str, str]) -> None:
    """The phone takes what was sent to it. `failing`: error codes by our own message ids."""
    for message in _with_status(channel, number, DeliveryStatus.SENT):
        code = failing.get(str(message.public_id), "")
        word = FAILED if code else DELIVERED
        _report(channel, message, number=number, word=word, code=code)


def _with_status(channel: Channel, number: str, status: DeliveryStatus) -> Iterable[Message]:
    return list(
        Message.objects.filter(
            channel=channel,
            conversation__identity__address=number,
            delivery_status=status,
            provider_message_id__isnull=False,
        ).order_by("pk")[:SHOWN]
    )


def _report(channel: Channel, message: Message, *, number: str, word: str, code: str = "") -> None:
    report = Report(message.provider_message_id or "", message.public_id, word, code)
    door.knock(build_report(channel, report=report, number=number))


def _post(channel: Channel, request: SignedRequest, *, times: int) -> Delivery:
    answers = tuple(door.knock(request) for _ in range(times))
    sid = dict(request.fields)["MessageSid"]
    stored = Message.objects.filter(channel=channel, provider_message_id=sid).count()
    return Delivery(request, answers, stored)
