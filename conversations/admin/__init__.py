"""Webhooks in the console, and what the pages of conversations and ratings have without routing.

`routing.admin` adds who got a conversation and why, and registers those pages.
"""

from conversations.admin.deliveries import DeliveryAdmin
from conversations.admin.endpoints import EndpointAdmin
from conversations.admin.opting import OptingContactAdmin

__all__ = ["DeliveryAdmin", "EndpointAdmin", "OptingContactAdmin"]
