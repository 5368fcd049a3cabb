"""People, teams and API keys in the console. Imports are registered where leaving is known."""

from teams.admin.api_keys import ApiKeyAdmin
from teams.admin.people import PersonAdmin
from teams.admin.teams import TeamAdmin

__all__ = ["ApiKeyAdmin", "PersonAdmin", "TeamAdmin"]
