"""The public addresses under which providers reach a channel.

Signatures are checked over exactly these strings, whatever a proxy makes of the request on its way.
"""

import uuid
from urllib.parse import urlencode

from django.conf import settings

from channels.models import Channel


def inbound_url(channel: Channel) -> str:
    """Return where the provider delivers what customers write."""
    return f"{settings.PUBLIC_BASE_URL}/webhooks/{channel.provider}/{channel.token}/"


def status_url(channel: Channel, *, message_id: uuid.UUID | None = None) -> str:
    """Return where the provider reports what became of our messages.

    With `message_id` the address is good for that one message: its report tells which send it is
    about even if the provider's answer to the send never reached us.
    """
    query = "?" + urlencode({"message": message_id}) if message_id else ""
    return f"{inbound_url(channel)}status/{query}"
