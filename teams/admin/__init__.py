"""People, teams and API keys in the console."""

from teams.admin.api_keys import ApiKeyAdmin
from teams.admin.imports import ImportAdmin
from teams.admin.people import PersonAdmin
from teams.admin.teams import TeamAdmin

__all__ = ["ApiKeyAdmin", "ImportAdmin", "PersonAdmin", "TeamAdmin"]
