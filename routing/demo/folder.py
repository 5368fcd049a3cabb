"""One finished conversation as unsaved rows, and saving many of them at once.

Rows and events are those that the services write, in the same order. A test plays the same story
both ways and compares.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers.signing import FORM_TYPE
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import (
    Assignment,
    Contact,
    Conversation,
    DeliveryReport,
    Event,
    Identity,
    Message,
    Survey,
)
from conversations.models.message import AuthorKind, Direction
from conversations.states import Status
from routing.demo.crowd import Customer
from routing.demo.ticks import REPORTED_AFTER, SENT_AFTER
from routing.models import Decision
from routing.simulator.requests import Caller, SignedRequest, build_inbound

BATCH = 1000


@dataclass(slots=True)
class Folder:
    """A conversation while it is being written down."""

    customer: Customer
    channel: Channel
    conversation: Conversation
    messages: list[Message] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reports: list[DeliveryReport] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)

    def note(self, type_: str, *, actor: Actor, now: datetime, **data: Any) -> None:
        """Write an event, at its place in time."""
        event = Event(
            type=type_,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            actor_label=actor.label,
            data=data,
            occurred_at=now,
        )
        self.events.append(event)

    def move(self, type_: str, *, to: Status, actor: Actor, now: datetime) -> None:
        """Change the state, as `lifecycle` does."""
        data = {"from": self.conversation.status, "to": to.value}
        self.note(type_, actor=actor, now=now, **data)
        self.conversation.status = to
        self.conversation.version += 1

    def hear(self, text: str, *, now: datetime, rng: random.Random) -> None:
        """The customer writes: envelope, message and event."""
        sid = f"SM{rng.getrandbits(128):032x}"
        caller = Caller(self.customer.number, self.customer.name)
        request = build_inbound(self.channel, caller=caller, text=text, sid=sid)
        self.envelopes.append(_envelope(self.channel, request, sid=sid, now=now))
        message = self._append(
            Direction.INBOUND, AuthorKind.CONTACT, text, now=now, provider_message_id=sid
        )
        self.conversation.last_inbound_at = now
        data = {"message": str(message.public_id)}
        self.note("message.received", actor=Actor.contact(), now=now, **data)

    def say(
        self, text: str, *, author: Actor, now: datetime, rng: random.Random, read_at: datetime
    ) -> Message:
        """We write, and it arrives. `author` without a user is the machine."""
        is_person = author.user_id is not None
        message = self._append(
            Direction.OUTBOUND,
            AuthorKind.AGENT if is_person else AuthorKind.SYSTEM,
            text,
            now=now,
            author_id=author.user_id,
            provider_message_id=f"SM{rng.getrandbits(128):032x}",
            delivery_status=DeliveryStatus.READ,
            attempt=1,
            sent_at=now + SENT_AFTER,
        )
        if is_person:
            data = {"message": str(message.public_id), "sequence": message.sequence}
            self.note("message.queued", actor=author, now=now, **data)
        self._tick(message, DeliveryStatus.SENT, now=now + SENT_AFTER)
        self._tick(message, DeliveryStatus.DELIVERED, now=now + REPORTED_AFTER)
        self._tick(message, DeliveryStatus.READ, now=max(read_at, now + REPORTED_AFTER))
        return message

    def _append(
        self, direction: Direction, kind: AuthorKind, text: str, *, now: datetime, **more: Any
    ) -> Message:
        self.conversation.message_count += 1
        self.conversation.last_message_at = now
        message = Message(
            channel=self.channel,
            sequence=self.conversation.message_count,
            direction=direction,
            author_kind=kind,
            body=text,
            created_at=now,
            **more,
        )
        self.messages.append(message)
        return message

    def _tick(self, message: Message, status: DeliveryStatus, *, now: datetime) -> None:
        is_ours = status is DeliveryStatus.SENT
        actor = Actor.system() if is_ours else Actor.provider()
        data = {"message": str(message.public_id), "status": status.value, "error_code": ""}
        self.note("message.status_changed", actor=actor, now=now, **data)
        if not is_ours:
            report = DeliveryReport(
                channel=self.channel,
                provider_message_id=message.provider_message_id or "",
                status=status,
                received_at=now,
                message=message,
            )
            self.reports.append(report)


def _envelope(channel: Channel, request: SignedRequest, *, sid: str, now: datetime) -> Envelope:
    return Envelope(
        channel=channel,
        dedupe_key=sid,
        signature=request.signature,
        content_type=FORM_TYPE,
        raw_body=request.body,
        outcome=EnvelopeOutcome.ACCEPTED,
        received_at=now,
    )


@transaction.atomic
def save(folders: Sequence[Folder]) -> None:
    """Store all rows of many conversations, a table at a time."""
    senders = {f.customer.number: f.conversation.identity for f in folders}
    strangers = [identity for identity in senders.values() if identity.pk is None]
    Contact.objects.bulk_create([identity.contact for identity in strangers], BATCH)
    Identity.objects.bulk_create(strangers, BATCH)
    Conversation.objects.bulk_create([f.conversation for f in folders], BATCH)
    for folder in folders:
        for rows in (folder.messages, folder.assignments, folder.decisions, folder.surveys):
            for row in rows:
                row.conversation = folder.conversation
        for event in folder.events:
            event.conversation = folder.conversation
            event.contact_id = folder.conversation.contact_id
    Envelope.objects.bulk_create([row for f in folders for row in f.envelopes], BATCH)
    Message.objects.bulk_create([row for f in folders for row in f.messages], BATCH)
    DeliveryReport.objects.bulk_create([row for f in folders for row in f.reports], BATCH)
    Assignment.objects.bulk_create([row for f in folders for row in f.assignments], BATCH)
    Decision.objects.bulk_create([row for f in folders for row in f.decisions], BATCH)
    Survey.objects.bulk_create([row for f in folders for row in f.surveys], BATCH)
    events = [event for folder in folders for event in folder.events]
    Event.objects.bulk_create(sorted(events, key=lambda event: event.occurred_at), BATCH)
