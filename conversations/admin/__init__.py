"""Ratings in the console, and the part of the conversation pages that knows no routing.

`routing.admin.conversations` adds who got a conversation and why, and registers the pages.
"""

from conversations.admin.ratings import RatingAdmin

__all__ = ["RatingAdmin"]
