"""What each role may do: one table, for the API and the admin alike."""

from enum import StrEnum

from teams.models import Role, User


class Right(StrEnum):
    EDIT_CONTACTS = "edit_contacts"
    SET_PRESENCE_OF_OTHERS = "set_presence_of_others"
    EDIT_MEMBERS = "edit_members"
    EDIT_TEAMS = "edit_teams"
    EDIT_PEOPLE = "edit_people"
    IMPORT = "import"
    EDIT_CHANNELS = "edit_channels"
    EDIT_ENDPOINTS = "edit_endpoints"
    EDIT_RULES = "edit_rules"
    EDIT_FLOWS = "edit_flows"
    PUBLISH_RULES = "publish_rules"
    TEST_RULES = "test_rules"
    SCHEDULE_CALLBACKS = "schedule_callbacks"
    MANAGE_CALLBACKS = "manage_callbacks"
    ASSIGN_WITHIN_TEAMS = "assign_within_teams"
    ASSIGN_ANYWHERE = "assign_anywhere"


#: The lowest role that has the right; every role above it has it too.
_LOWEST: dict[Right, Role] = {
    Right.EDIT_CONTACTS: Role.SENIOR_AGENT,
    Right.SET_PRESENCE_OF_OTHERS: Role.SUPERVISOR,
    Right.EDIT_MEMBERS: Role.SUPERVISOR,
    Right.EDIT_TEAMS: Role.ADMINISTRATOR,
    Right.EDIT_PEOPLE: Role.ADMINISTRATOR,
    Right.IMPORT: Role.ADMINISTRATOR,
    Right.EDIT_CHANNELS: Role.ADMINISTRATOR,
    Right.EDIT_ENDPOINTS: Role.ADMINISTRATOR,
    Right.EDIT_RULES: Role.ADMINISTRATOR,
    Right.EDIT_FLOWS: Role.SUPERVISOR,
    Right.PUBLISH_RULES: Role.ADMINISTRATOR,
    Right.TEST_RULES: Role.SUPERVISOR,
    Right.SCHEDULE_CALLBACKS: Role.AGENT,
    Right.MANAGE_CALLBACKS: Role.SUPERVISOR,
    Right.ASSIGN_WITHIN_TEAMS: Role.SUPERVISOR,
    Right.ASSIGN_ANYWHERE: Role.ADMINISTRATOR,
}


def is_allowed(user: User, right: Right) -> bool:
    """Say whether the person's role has the right."""
    return user.role >= _LOWEST[right]


def lowest_role(right: Right) -> Role:
    """Return the lowest role that has the right."""
    return _LOWEST[right]
