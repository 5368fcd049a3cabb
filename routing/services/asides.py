"""What reaches us among messages and is none: reactions, messages taken back, new numbers."""

from channels.models import Channel
from channels.providers import adapter_for
from channels.providers.base import InboundMessage
from conversations.services import asides, number_changes
from conversations.services.number_changes import NumberChange
from conversations.statements import Incoming

#: None of them starts, opens or prolongs a conversation.
KINDS = frozenset({"reaction", "revoke", "number_change"})


def take(channel: Channel, *, message: InboundMessage, incoming: Incoming) -> bool:
    """Do what was asked for, once; say whether it was new."""
    at = message.sent_at or incoming.now
    about = next((entry for entry in message.media if entry["kind"] == message.kind), {})
    named = (about.get("message_id", ""), message.reply_to)
    if message.kind == "reaction":
        return asides.react(incoming, to=named, emoji=about.get("emoji", ""), at=at)
    if message.kind == "revoke":
        return asides.take_back(incoming, message_ids=named, at=at)
    if not adapter_for(channel.provider).has_signatures:
        # Whoever knows the address could say so.
        return asides.keep(incoming)
    change = NumberChange(
        old=(incoming.address, *incoming.other_addresses),
        new=about["number"],
        new_names=tuple(filter(None, (about.get("user_id"), about.get("parent_user_id")))),
    )
    return number_changes.move(incoming, change=change) != "duplicate"
