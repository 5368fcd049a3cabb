"""Every type of event there is. Pure.

A new type is written here and in docs/events.md: the type checker refuses to record any other, and
a test compares the two lists.
"""

from typing import Literal, get_args

EventType = Literal[
    "ai.callback_proposed",
    "ai.ended",
    "automatic_text.skipped",
    "callback.cancelled",
    "callback.completed",
    "callback.due",
    "callback.lapsed",
    "callback.missed",
    "callback.offered",
    "callback.recomputed",
    "callback.released",
    "callback.rescheduled",
    "callback.scheduled",
    "callback.started",
    "callback.talked",
    "callback.transferred",
    "callback.tried",
    "callback.updated",
    "contact.identity_linked",
    "contact.merged",
    "contact.number_changed",
    "contact.opted_in",
    "contact.opted_out",
    "contact.permanent_agent_released",
    "contact.permanent_agent_set",
    "contact.possible_duplicate",
    "contact.unmerged",
    "contact.updated",
    "conversation.assigned",
    "conversation.closed",
    "conversation.created",
    "conversation.handed_to_people",
    "conversation.held_by_bot",
    "conversation.in_progress",
    "conversation.priority_changed",
    "conversation.queued",
    "conversation.reopened",
    "conversation.resolved",
    "conversation.snoozed",
    "conversation.tags_changed",
    "conversation.unassigned",
    "flow.canceled",
    "flow.completed",
    "flow.expired",
    "flow.failed",
    "flow.started",
    "message.fetched",
    "message.file_failed",
    "message.file_removed",
    "message.file_retried",
    "message.file_stored",
    "message.queued",
    "message.reacted",
    "message.received",
    "message.replayed",
    "message.retried",
    "message.revoked",
    "message.status_changed",
    "note.added",
    "rules.discarded",
    "rules.publish_canceled",
    "rules.publish_planned",
    "rules.publish_skipped",
    "rules.published",
    "rules.restored",
    "survey.answered",
    "survey.comment_hidden",
    "survey.comment_shown",
    "survey.commented",
    "survey.followed_up",
    "survey.sent",
    "survey.skipped",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
#: Sent by the button "Send test", and never recorded.
TEST_TYPE = "endpoint.test"


def group_by_subject() -> dict[str, list[str]]:
    """Return the types under what they are about: `conversation`, `message`, …"""
    groups: dict[str, list[str]] = {}
    for type_ in EVENT_TYPES:
        groups.setdefault(type_.partition(".")[0], []).append(type_)
    return groups
