"""How conversations, messages, contacts and events look from outside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.api.serializers import ChannelBrief
from conversations import payloads
from conversations.models import (
    Attachment,
    AutomaticText,
    Contact,
    Conversation,
    Event,
    Message,
    Survey,
)
from conversations.models.automatic_text import LONG_AGO
from conversations.models.event import ActorKind
from conversations.window import closes_at
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, Whole
from teams.api.serializers import Out, PersonBrief, TeamBrief


class BlankAsNull(serializers.CharField):
    """Text of which the blank means that there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_null": True, **kwargs})

    def to_representation(self, value: Any) -> Any:
        return str(value) or None


class ContactBrief(serializers.Serializer[Contact]):
    id = PublicId(source="public_id")
    name = Text()
    phone = Text()


class SurveyOut(serializers.Serializer[Survey]):
    status = Text()
    rating = Whole(allow_null=True)
    answered_at = Instant(allow_null=True)
    comment = BlankAsNull(source="comment_for_agents")
    skip_reason = BlankAsNull()


class AutomaticTextOut(serializers.Serializer[AutomaticText]):
    """What was decided about the greeting, or about the unavailable message in one closure.

    `message` is what was sent; else `reason` says why nothing was. `closed_since` and
    `closed_until` are the closure, null where there was none or where it has no end in a year.
    """

    kind = Text()
    reason = BlankAsNull()
    language = BlankAsNull()
    message = PublicId(source="message.public_id", allow_null=True, default=None)
    closed_since = serializers.SerializerMethodField()
    closed_until = Instant(allow_null=True)
    decided_at = Instant(source="created_at")

    @extend_schema_field(Instant(allow_null=True))
    def get_closed_since(self, row: AutomaticText) -> Any:
        since = None if row.closed_since == LONG_AGO else row.closed_since
        return None if since is None else Instant().to_representation(since)


class ConversationOut(Out):
    id = PublicId(source="public_id")
    channel = ChannelBrief()
    contact = ContactBrief()
    team = TeamBrief(allow_null=True)
    assignee = PersonBrief(allow_null=True)
    tags = serializers.ListField(child=Text())
    snoozed_until = Instant(source="snooze_due_at", allow_null=True)
    window_closes_at = serializers.SerializerMethodField()
    survey = serializers.SerializerMethodField()
    automatic_texts = AutomaticTextOut(source="automatic_texts.all", many=True)

    class Meta:
        model = Conversation
        fields = (
            "id",
            "status",
            "channel",
            "contact",
            "team",
            "assignee",
            "priority",
            "tags",
            "version",
            "message_count",
            "opened_at",
            "last_message_at",
            "last_inbound_at",
            "window_closes_at",
            "snoozed_until",
            "waiting_since",
            "first_replied_at",
            "resolved_at",
            "closed_at",
            "survey",
            "automatic_texts",
        )

    @extend_schema_field(Instant(allow_null=True))
    def get_window_closes_at(self, conversation: Conversation) -> Any:
        end = closes_at(conversation.last_inbound_at)
        return None if end is None else Instant().to_representation(end)

    @extend_schema_field(SurveyOut(allow_null=True))
    def get_survey(self, conversation: Conversation) -> Any:
        """Return the latest one. `surveys` is prefetched: latest first."""
        surveys = list(conversation.surveys.all())
        return SurveyOut(surveys[0]).data if surveys else None


class PartOut(serializers.Serializer[Message]):
    """One of the messages in which a long answer goes out, in their order."""

    sequence = Whole()
    body = Text()
    delivery_status = BlankAsNull()
    sent_at = Instant(allow_null=True)
    error_code = BlankAsNull()
    error_detail = BlankAsNull()


class AttachmentOut(Out):
    """A file of a message. `content_type` is what its bytes are; `url` is null until it is here."""

    id = PublicId(source="public_id")
    content_type = BlankAsNull()
    declared_type = BlankAsNull()
    filename = BlankAsNull()
    error = BlankAsNull()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = (
            "id",
            "position",
            "state",
            "content_type",
            "declared_type",
            "size",
            "filename",
            "error",
            "url",
        )

    @extend_schema_field(Text(allow_null=True))
    def get_url(self, attachment: Attachment) -> str | None:
        return payloads.file_url(attachment)


class MessageOut(Out):
    """A message. A long answer is one message here; `parts` says how each piece of it fares.

    `reaction`: the customer's emoji on it. `revoked_at`: when the customer took it back.
    """

    id = PublicId(source="public_id")
    conversation_id = PublicId(source="conversation.public_id")
    author = PersonBrief(allow_null=True)
    body = Text(source="whole_body")
    media = serializers.ListField(child=serializers.DictField())
    attachments = AttachmentOut(many=True, source="whole_files")
    reaction = BlankAsNull()
    revoked_at = Instant(allow_null=True)
    delivery_status = BlankAsNull(source="whole_status")
    error_code = serializers.SerializerMethodField()
    error_detail = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = (
            "id",
            "conversation_id",
            "sequence",
            "direction",
            "author_kind",
            "author",
            "kind",
            "body",
            "media",
            "attachments",
            "created_at",
            "reaction",
            "revoked_at",
            "delivery_status",
            "sent_at",
            "error_code",
            "error_detail",
            "parts",
        )

    @extend_schema_field(BlankAsNull())
    def get_error_code(self, message: Message) -> str | None:
        return next((part.error_code for part in message.whole if part.error_code), None)

    @extend_schema_field(BlankAsNull())
    def get_error_detail(self, message: Message) -> str | None:
        return next((part.error_detail for part in message.whole if part.error_detail), None)

    @extend_schema_field(PartOut(many=True))
    def get_parts(self, message: Message) -> Any:
        """Return nothing for a message that is one piece."""
        whole = message.whole
        if len(whole) == 1:
            return []
        return PartOut(whole, many=True).data  # type: ignore[arg-type]


class IdentityOut(serializers.Serializer[Any]):
    medium = Text()
    address = Text()
    opted_out_at = Instant(allow_null=True)
    opted_out_reason = BlankAsNull()


class ContactOut(Out):
    id = PublicId(source="public_id")
    tags = serializers.ListField(child=Text())
    attributes = serializers.DictField()
    identities = IdentityOut(many=True)
    permanent_agent = PersonBrief(allow_null=True)
    merged_into = PublicId(source="merged_into.public_id", default=None, allow_null=True)

    class Meta:
        model = Contact
        fields = (
            "id",
            "name",
            "phone",
            "language",
            "tags",
            "attributes",
            "identities",
            "permanent_agent",
            "merged_into",
            "created_at",
        )


class EventActorOut(serializers.Serializer[Any]):
    """Who did it: a person, a key, the customer, the provider, or Relaydesk itself."""

    kind = Choice(choices=ActorKind.values)
    id = PublicId(allow_null=True)
    label = Text()  # type: ignore[assignment]  # a field of this name, not the attribute


class EventOut(serializers.Serializer[Event]):
    """Something that happened. What `data` holds depends on `type`."""

    id = PublicId(source="public_id")
    type = Text()
    actor = serializers.SerializerMethodField()
    occurred_at = Instant()

    def get_fields(self) -> dict[str, Any]:
        """Add `data`, which a class body cannot: that attribute is the serializer's answer."""
        return {**super().get_fields(), "data": serializers.DictField()}

    @extend_schema_field(EventActorOut)
    def get_actor(self, event: Event) -> dict[str, Any]:
        person = event.actor
        return {
            "kind": event.actor_kind,
            "id": str(person.public_id) if person else None,
            "label": event.actor_label or (person.name if person else ""),
        }


class MergeOut(serializers.Serializer[Any]):
    """What merging does, or did. `refusal` says why it cannot be done (with `dry_run` alone)."""

    dry_run = Flag()
    conversations = serializers.SerializerMethodField()
    addresses = serializers.SerializerMethodField()
    changed = serializers.SerializerMethodField()
    kept = serializers.SerializerMethodField()
    refusal = serializers.SerializerMethodField()
    contact = ContactOut()

    @extend_schema_field(Whole())
    def get_conversations(self, merged: Any) -> int:
        return len(merged["plan"].conversation_ids)

    @extend_schema_field(Whole())
    def get_addresses(self, merged: Any) -> int:
        return len(merged["plan"].identity_ids)

    @extend_schema_field(serializers.ListField(child=Text()))
    def get_changed(self, merged: Any) -> list[str]:
        """Return the fields in which the contact that stays gets something."""
        return [_without_id(name) for name in merged["plan"].changes]

    @extend_schema_field(serializers.ListField(child=Text()))
    def get_kept(self, merged: Any) -> list[str]:
        """Return the fields in which the two differ, and the contact that stays keeps its own."""
        return [_without_id(name) for name in merged["plan"].kept]

    @extend_schema_field(Text(allow_null=True))
    def get_refusal(self, merged: Any) -> str | None:
        return merged["plan"].refusal or None


def _without_id(name: str) -> str:
    return name.removesuffix("_id")
