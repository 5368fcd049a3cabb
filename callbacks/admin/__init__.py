"""Callbacks, their calendar feeds, and pages with what only callbacks know."""

from callbacks.admin.calendar_feeds import CalendarFeedAdmin
from callbacks.admin.callbacks import CallbackAdmin
from callbacks.admin.conversations import CallbackConversationAdmin
from callbacks.admin.teams import CallbackTeamAdmin

__all__ = [
    "CalendarFeedAdmin",
    "CallbackAdmin",
    "CallbackConversationAdmin",
    "CallbackTeamAdmin",
]
