"""The tables of the app."""

from callbacks.models.calendar_feed import CalendarFeed
from callbacks.models.call_attempt import CallAttempt, CallStatus, Leg
from callbacks.models.callback import Callback, EndReason, Outcome
from callbacks.models.callback_settings import CallbackSettings, Dialling, OnExpiry

__all__ = [
    "CalendarFeed",
    "CallAttempt",
    "CallStatus",
    "Callback",
    "CallbackSettings",
    "Dialling",
    "EndReason",
    "Leg",
    "OnExpiry",
    "Outcome",
]
