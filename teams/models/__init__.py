from teams.models.api_key import ApiKey
from teams.models.hours import BusinessHours, HoursException, HoursInterval, Weekday
from teams.models.idempotency import StoredAnswer
from teams.models.imports import Import, ImportRow, ImportStatus, ImportSubject, RowKind
from teams.models.presence import PresenceChange
from teams.models.shift import Shift
from teams.models.team import Membership, ReassignClock, Strategy, Team
from teams.models.user import Presence, Role, User

__all__ = [
    "ApiKey",
    "BusinessHours",
    "HoursException",
    "HoursInterval",
    "Import",
    "ImportRow",
    "ImportStatus",
    "ImportSubject",
    "Membership",
    "Presence",
    "PresenceChange",
    "ReassignClock",
    "Role",
    "RowKind",
    "Shift",
    "StoredAnswer",
    "Strategy",
    "Team",
    "User",
    "Weekday",
]
