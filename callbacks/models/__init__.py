"""The tables of the app."""

from callbacks.models.calendar_feed import CalendarFeed
from callbacks.models.call_attempt import FINAL, CallAttempt, CallStatus, Leg, follows
from callbacks.models.call_pace import CallPace
from callbacks.models.callback import Callback, EndReason, Outcome
from callbacks.models.callback_settings import CallbackSettings, Dialling, OnExpiry

__all__ = [
    "FINAL",
    "CalendarFeed",
    "CallAttempt",
    "CallPace",
    "CallStatus",
    "Callback",
    "CallbackSettings",
    "Dialling",
    "EndReason",
    "Leg",
    "OnExpiry",
    "Outcome",
    "follows",
]
