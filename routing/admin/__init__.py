"""Rules, the inbound log, and the conversation pages with the reason why somebody has it."""

from routing.admin.conversations import RoutedConversationAdmin
from routing.admin.inbound_log import EnvelopeAdmin
from routing.admin.rules import RuleAdmin

__all__ = ["EnvelopeAdmin", "RoutedConversationAdmin", "RuleAdmin"]
