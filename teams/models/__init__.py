from teams.models.api_key import ApiKey
from teams.models.idempotency import StoredAnswer
from teams.models.team import Membership, Strategy, Team
from teams.models.user import Presence, Role, User

__all__ = [
    "ApiKey",
    "Membership",
    "Presence",
    "Role",
    "StoredAnswer",
    "Strategy",
    "Team",
    "User",
]
