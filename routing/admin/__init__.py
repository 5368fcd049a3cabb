"""Rules, the inbound log, and pages with what only routing knows: who gets what, and why."""

from routing.admin.ai_agents import AiAgentAdmin
from routing.admin.channels import RoutedChannelAdmin
from routing.admin.conversations import RoutedConversationAdmin
from routing.admin.flows.flow_admin import FlowAdmin
from routing.admin.flows.runs import FlowRunAdmin
from routing.admin.imports import RoutedImportAdmin
from routing.admin.inbound_log import EnvelopeAdmin
from routing.admin.people import LeavingPersonAdmin
from routing.admin.ratings import RoutedRatingAdmin
from routing.admin.rule_replays import RuleReplayAdmin
from routing.admin.rules import RuleAdmin
from routing.admin.saved_tests import SavedTestAdmin
from routing.admin.teams import ChoosingTeamAdmin
from routing.admin.templates import NeededTemplateAdmin

__all__ = [
    "AiAgentAdmin",
    "ChoosingTeamAdmin",
    "EnvelopeAdmin",
    "FlowAdmin",
    "FlowRunAdmin",
    "LeavingPersonAdmin",
    "NeededTemplateAdmin",
    "RoutedChannelAdmin",
    "RoutedConversationAdmin",
    "RoutedImportAdmin",
    "RoutedRatingAdmin",
    "RuleAdmin",
    "RuleReplayAdmin",
    "SavedTestAdmin",
]
