"""What people may do in the console follows from their role, and from nothing else."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from teams.models import Role, User
from teams.permissions import Right, is_allowed

#: Each permission that the console asks for, and the right or the lowest role that gives it.
PERMISSIONS: dict[str, Right | Role] = {
    "conversations.view_conversation": Role.SUPERVISOR,
    "conversations.reply": Role.SUPERVISOR,
    "conversations.resolve": Role.SUPERVISOR,
    "conversations.reassign": Right.ASSIGN_WITHIN_TEAMS,
    "conversations.view_phone": Role.ADMINISTRATOR,
    "conversations.view_survey": Role.SUPERVISOR,
    "conversations.hide_comment": Role.SUPERVISOR,
    "conversations.view_contact": Role.SUPERVISOR,
    "conversations.merge_contact": Right.EDIT_CONTACTS,
    "conversations.opt_out_contact": Right.EDIT_CONTACTS,
    "routing.view_rule": Role.SUPERVISOR,
    "routing.view_condition": Role.SUPERVISOR,
    "routing.test_rule": Right.TEST_RULES,
    **{
        f"routing.{action}_savedtest": Right.TEST_RULES
        for action in ("view", "add", "change", "delete")
    },
    "routing.view_rulereplay": Right.TEST_RULES,
    "routing.add_rulereplay": Right.TEST_RULES,
    "routing.add_rule": Right.EDIT_RULES,
    "routing.change_rule": Right.EDIT_RULES,
    "routing.delete_rule": Right.EDIT_RULES,
    "routing.publish": Right.PUBLISH_RULES,
    "routing.add_condition": Right.EDIT_RULES,
    "routing.change_condition": Right.EDIT_RULES,
    "routing.delete_condition": Right.EDIT_RULES,
    **{
        f"routing.{action}_{rows}": Role.SUPERVISOR if action == "view" else Right.EDIT_RULES
        for rows in ("aiagent", "knowledgeentry")
        for action in ("view", "add", "change")
    },
    "routing.delete_knowledgeentry": Right.EDIT_RULES,
    "routing.view_flow": Role.SUPERVISOR,
    "routing.view_flowrun": Role.SUPERVISOR,
    "routing.view_flowversion": Role.SUPERVISOR,
    "routing.add_flow": Right.EDIT_FLOWS,
    "routing.change_flow": Right.EDIT_FLOWS,
    "routing.delete_flow": Right.EDIT_FLOWS,
    "routing.publish_flow": Right.EDIT_FLOWS,
    "routing.stop_flowrun": Right.ASSIGN_WITHIN_TEAMS,
    "teams.view_team": Role.SUPERVISOR,
    "teams.add_team": Right.EDIT_TEAMS,
    "teams.change_team": Right.EDIT_TEAMS,
    "teams.view_membership": Role.SUPERVISOR,
    "teams.add_membership": Right.EDIT_MEMBERS,
    "teams.change_membership": Right.EDIT_MEMBERS,
    "teams.delete_membership": Right.EDIT_MEMBERS,
    **{
        f"teams.{action}_{rows}": Role.SUPERVISOR if action == "view" else Right.EDIT_TEAMS
        for rows in ("businesshours", "hoursexception")
        for action in ("view", "add", "change")
    },
    "teams.delete_hoursexception": Right.EDIT_TEAMS,
    "teams.view_user": Role.SUPERVISOR,
    "teams.add_user": Right.EDIT_PEOPLE,
    "teams.change_user": Right.EDIT_PEOPLE,
    "teams.set_presence": Right.SET_PRESENCE_OF_OTHERS,
    "teams.view_import": Right.IMPORT,
    "teams.add_import": Right.IMPORT,
    "teams.view_apikey": Role.ADMINISTRATOR,
    "teams.add_apikey": Role.ADMINISTRATOR,
    "teams.revoke_apikey": Role.ADMINISTRATOR,
    "channels.view_channel": Role.SUPERVISOR,
    "channels.add_channel": Right.EDIT_CHANNELS,
    "channels.change_channel": Right.EDIT_CHANNELS,
    **{
        f"channels.{action}_{rows}": Role.SUPERVISOR if action == "view" else Right.EDIT_CHANNELS
        for rows in ("channelmember", "channeltext", "surveytemplate")
        for action in ("view", "add", "change", "delete")
    },
    "channels.view_template": Role.SUPERVISOR,
    "channels.view_endpoint": Right.EDIT_ENDPOINTS,
    "channels.add_endpoint": Right.EDIT_ENDPOINTS,
    "channels.change_endpoint": Right.EDIT_ENDPOINTS,
    "conversations.view_endpointdelivery": Right.EDIT_ENDPOINTS,
    "callbacks.view_callback": Role.SUPERVISOR,
    "callbacks.schedule": Right.SCHEDULE_CALLBACKS,
    "callbacks.manage": Right.MANAGE_CALLBACKS,
    "callbacks.view_calendarfeed": Role.SUPERVISOR,
    "callbacks.add_calendarfeed": Role.SUPERVISOR,
    "callbacks.change_callbacksettings": Right.EDIT_TEAMS,
    # Raw requests hold what customers of every team wrote.
    "channels.view_envelope": Role.ADMINISTRATOR,
    "channels.replay_envelope": Right.EDIT_CHANNELS,
}


class RoleBackend(ModelBackend):
    """Signs people in, and reads their permissions off their role: no rows, no query, no drift."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what the person's role gives; nothing on single rows, nothing once inactive."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return {name for name, need in PERMISSIONS.items() if _has(user_obj, need)}


def _has(user: User, need: Right | Role) -> bool:
    return is_allowed(user, need) if isinstance(need, Right) else user.role >= need
