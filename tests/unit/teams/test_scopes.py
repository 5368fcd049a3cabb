"""What a key may be used for, and what a role may do."""

import pytest

from teams.models import Role, User
from teams.permissions import Right, is_allowed
from teams.scopes import Scope, UnknownScopeError, every_scope, parse_scopes


class TestParseScopes:
    def test_keeps_each_once_in_the_order_of_the_list(self):
        assert parse_scopes(["assign", "read", "assign"]) == ["read", "assign"]

    def test_names_what_it_does_not_know(self):
        with pytest.raises(UnknownScopeError, match="admin, root") as refused:
            parse_scopes(["root", "read", "admin"])

        assert refused.value.names == ["admin", "root"]

    def test_takes_them_all(self):
        assert parse_scopes(every_scope()) == [scope.value for scope in Scope]


class TestRights:
    @pytest.mark.parametrize(
        ("right", "lowest"),
        [
            (Right.EDIT_CONTACTS, Role.SENIOR_AGENT),
            (Right.SET_PRESENCE_OF_OTHERS, Role.SUPERVISOR),
            (Right.EDIT_MEMBERS, Role.SUPERVISOR),
            (Right.ASSIGN_WITHIN_TEAMS, Role.SUPERVISOR),
            (Right.EDIT_TEAMS, Role.ADMINISTRATOR),
            (Right.EDIT_PEOPLE, Role.ADMINISTRATOR),
            (Right.EDIT_CHANNELS, Role.ADMINISTRATOR),
            (Right.EDIT_RULES, Role.ADMINISTRATOR),
            (Right.EDIT_FLOWS, Role.SUPERVISOR),
            (Right.ASSIGN_ANYWHERE, Role.ADMINISTRATOR),
        ],
    )
    def test_belong_to_a_role_and_all_above(self, right, lowest):
        allowed = [role for role in Role if is_allowed(User(role=role), right)]

        assert allowed == [role for role in Role if role >= lowest]

    def test_are_all_in_the_table(self):
        assert all(is_allowed(User(role=Role.OWNER), right) for right in Right)
