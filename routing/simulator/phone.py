"""The customer's phone: what it shows, and what it tells the provider about our messages.

Everything that changes something goes through the providers' two doors as a signed request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.models import Channel
from channels.providers.simulator import PLAYED_AT, new_message_sid
from conversations.csat import HIGHEST, LOWEST
from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Message, SurveyStatus
from conversations.models.message import Direction
from conversations.states import LIVE, Status
from routing.simulator import door
from routing.simulator.door import DoorAnswer
from routing.simulator.parcels import fields_of
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
DELIVERED, READ, UNDELIVERED = "delivered", "read", "undelivered"
#: What a provider's reports may do: which come, in this order.
_WORDS = {
    "reversed": (READ, DELIVERED, "sent"),
    "repeated": (DELIVERED, DELIVERED, "sent"),
    "silent": (),
}
REPORT_PLANS = ("late", *_WORDS, "forged")
LATE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was posted, its last request, and what came back each time."""

    request: SignedRequest
    answers: tuple[DoorAnswer, ...]
    #: How many messages of it are stored now.
    stored: int

    @property
    def status(self) -> int:
        return self.answers[-1].status


@dataclass(frozen=True, slots=True)
class Letter:
    """What a customer sends (a word of `parcels.KINDS`), how, and when if not now."""

    what: str = "text"
    how: str = ""
    at: datetime | None = None


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
        .prefetch_related("attachments")
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


def write(channel: Channel, *, caller: Caller, text: str, letter: Letter = Letter()) -> Delivery:
    """Send what a customer writes through the door.

    A text goes with the first of several messages, as a caption does. `how` is blank, `twice` (the
    very same request again, as a provider does that missed our answer) or `forged` (a request that
    the provider did not sign).
    """
    requests = [
        build_inbound(
            channel,
            caller=caller,
            text=text if index == 0 else "",
            sid=new_message_sid(),
            more={**fields, **_clock(letter.at)},
        )
        for index, fields in enumerate(fields_of(letter.what, medium=channel.medium))
    ]
    if letter.how == "forged":
        requests = [break_signature(request) for request in requests]
    return _post(channel, requests, times=2 if letter.how == "twice" else 1)


def report_read(channel: Channel, *, number: str) -> None:
    """The customer looks: everything that had arrived is read now."""
    for message in _with_status(channel, number, DeliveryStatus.DELIVERED):
        _report(channel, message, number=number, word=READ)


def report_delivered(
    channel: Channel, *, number: str, plans: Mapping[str, str], now: datetime
) -> None:
    """The phone takes what was sent to it. `plans`: what goes wrong, by our own message ids."""
    for message in _with_status(channel, number, DeliveryStatus.SENT):
        plan = plans.get(str(message.public_id), "")
        if plan == "late" and message.sent_at and now < message.sent_at + LATE_AFTER:
            continue
        if plan.isdigit():
            # Twilio reports it as undelivered, and once more as failed.
            for word in (UNDELIVERED, "failed"):
                _report(channel, message, number=number, word=word, code=plan)
            continue
        for word in _WORDS.get(plan, (DELIVERED,)):
            _report(channel, message, number=number, word=word, is_forged=plan == "forged")


def _with_status(channel: Channel, number: str, status: DeliveryStatus) -> Iterable[Message]:
    return list(
        Message.objects.filter(
            channel=channel,
            conversation__identity__address=number,
            delivery_status=status,
            provider_message_id__isnull=False,
        ).order_by("pk")[:SHOWN]
    )


def _report(
    channel: Channel,
    message: Message,
    *,
    number: str,
    word: str,
    code: str = "",
    is_forged: bool = False,
) -> None:
    report = Report(message.provider_message_id or "", message.public_id, word, code)
    request = build_report(channel, report=report, number=number)
    door.knock(break_signature(request) if is_forged else request)


def _post(channel: Channel, requests: Sequence[SignedRequest], *, times: int) -> Delivery:
    answers = tuple(door.knock(request) for request in requests for _ in range(times))
    sids = [dict(request.fields)["MessageSid"] for request in requests]
    stored = Message.objects.filter(channel=channel, provider_message_id__in=sids).count()
    return Delivery(requests[-1], answers, stored)


def _clock(at: datetime | None) -> dict[str, str]:
    return {PLAYED_AT: at.isoformat()} if at else {}
