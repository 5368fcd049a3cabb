"""Hours and API keys in the console. What routing knows more about is registered there: people, who
may leave, teams, who choose, and imports.
"""

from teams.admin.api_keys import ApiKeyAdmin
from teams.admin.hours import BusinessHoursAdmin
from teams.admin.people import PersonAdmin
from teams.admin.teams import TeamAdmin

__all__ = ["ApiKeyAdmin", "BusinessHoursAdmin", "PersonAdmin", "TeamAdmin"]
