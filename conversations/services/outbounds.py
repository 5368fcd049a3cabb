"""What goes to the provider for a message of ours, and how its parts depend on each other."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from channels.addresses import status_url
from channels.providers.base import OutboundMedia, OutboundMessage, OutboundTemplate
from conversations import media_files
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.file_addresses import name_of, public_url
from conversations.models import FileState, Message
from conversations.services import events
from conversations.services.messages import FILE_KIND

_PART_BEFORE = _("A part before this one was not delivered.")


def build(message: Message) -> OutboundMessage:
    """Return what the provider's adapter is given. Blanks at the ends are not sent."""
    return OutboundMessage(
        to_address=message.conversation.identity.address,
        text=message.body.strip(),
        status_url=status_url(message.channel, message_id=message.public_id),
        reference=str(message.public_id),
        media=_media(message),
        template=_template(message),
    )


def has_lost_file(message: Message) -> bool:
    """Say whether a file of the message is not here any more, so that nobody could fetch it."""
    if message.kind != FILE_KIND:
        return False
    return not all(
        file.state == FileState.STORED and media_files.exists(file.path)
        for file in message.attachments.all()
    )


def _media(message: Message) -> tuple[OutboundMedia, ...]:
    """Return its files, each at an address that is signed now and good for some hours."""
    if message.kind != FILE_KIND:
        return ()
    return tuple(
        OutboundMedia(public_url(file), file.content_type, name_of(file))
        for file in message.attachments.all()
    )


def _template(message: Message) -> OutboundTemplate | None:
    if message.template is None:
        return None
    return OutboundTemplate(
        provider_template_id=message.template.provider_template_id,
        name=message.template.name,
        language=message.template.language,
        variables=message.template_variables or {},
    )


def named(message: Message) -> dict[str, Any]:
    """Return the facts of an event that say which message it is about: the whole, and the part."""
    if message.part_of is None:
        return {"message": str(message.public_id)}
    number = message.sequence - message.part_of.sequence + 1
    return {"message": str(message.part_of.public_id), "part": number}


def give_up_rest(message: Message, *, now: datetime) -> None:
    """Send no part behind one that failed: the end of a text without its beginning helps nobody."""
    rest = Message.objects.filter(
        part_of=message.part_of_id or message.pk,
        sequence__gt=message.sequence,
        delivery_status=DeliveryStatus.QUEUED,
    )
    for part in rest.select_related("conversation", "part_of").order_by("sequence"):
        stopped = rest.filter(pk=part.pk).update(
            delivery_status=DeliveryStatus.FAILED,
            send_due_at=None,
            error_code="part_before",
            error_detail=_PART_BEFORE,
        )
        if stopped:
            events.record(
                "message.status_changed",
                conversation=part.conversation,
                actor=Actor.system(),
                now=now,
                data={
                    **named(part),
                    "status": DeliveryStatus.FAILED,
                    "error_code": "part_before",
                },
            )
