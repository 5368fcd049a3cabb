"""Ratings and webhooks in the console, and what the conversation pages have without routing.

`routing.admin.conversations` adds who got a conversation and why, and registers the pages.
"""

from conversations.admin.deliveries import DeliveryAdmin
from conversations.admin.endpoints import EndpointAdmin
from conversations.admin.opting import OptingContactAdmin
from conversations.admin.ratings import RatingAdmin

__all__ = ["DeliveryAdmin", "EndpointAdmin", "OptingContactAdmin", "RatingAdmin"]
