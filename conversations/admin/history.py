"""What happened to a conversation, as sentences: for its page and its history."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from channels.greetings import TextKind
from conversations.admin import callback_words
from conversations.models import Assignment, Event, OptOutReason
from conversations.models.assignment import AssignmentKind, EndReason
from conversations.models.event import ActorKind
from conversations.models.message import DELIVERY_STATUS_CHOICES
from conversations.models.survey import SkipReason
from teams.models import Team, User
from teams.texts import Text

CALLBACK = "callback."
#: One sentence per type of event. An unknown type is shown by its own name.
SENTENCES: dict[str, str] = {
    "automatic_text.skipped": gettext_noop("%(automatic)s not sent: %(skip_reason)s."),
    "conversation.created": gettext_noop("The conversation started."),
    "ai.callback_proposed": gettext_noop("The AI agent proposes to call the customer: %(when)s"),
    "ai.ended": gettext_noop("The AI agent's part is over."),
    "callback.scheduled": gettext_noop("A call is promised for %(due_at)s."),
    "callback.rescheduled": gettext_noop("The promised call is put off to %(to)s."),
    "callback.transferred": gettext_noop("Somebody else is to call: %(person)s (%(team)s)."),
    "callback.updated": gettext_noop("The promised call was changed."),
    "callback.recomputed": gettext_noop(
        "The rules of the time zone changed: the promised call is at %(to)s now."
    ),
    "callback.due": gettext_noop("The customer is to be called now."),
    "callback.offered": gettext_noop("The call is offered to %(person)s."),
    "callback.lapsed": gettext_noop("The call is not offered to %(person)s any more."),
    "callback.released": gettext_noop("%(person)s did not come in time: anybody may call."),
    "callback.started": gettext_noop("%(person)s calls the customer."),
    "callback.talked": gettext_noop("Our call reached the customer."),
    "callback.tried": gettext_noop("The customer was not reached. Next try: %(next_at)s."),
    "callback.completed": gettext_noop("The customer was called: %(outcome)s."),
    "callback.missed": gettext_noop("The promised call was not made: %(reason)s."),
    "callback.cancelled": gettext_noop("The promised call was cancelled: %(reason)s."),
    "conversation.assigned": gettext_noop("Given to %(person)s (%(team)s)."),
    "conversation.queued": gettext_noop("Waits in the queue: %(team)s."),
    "conversation.unassigned": gettext_noop("Taken from %(person)s: %(reason)s."),
    "conversation.handed_to_people": gettext_noop("Handed over to people."),
    "conversation.held_by_bot": gettext_noop("A bot has it."),
    "conversation.in_progress": gettext_noop("Answered for the first time."),
    "conversation.resolved": gettext_noop("Resolved."),
    "conversation.reopened": gettext_noop("Reopened."),
    "conversation.closed": gettext_noop("Closed."),
    "conversation.snoozed": gettext_noop("Set aside until %(until)s."),
    "conversation.priority_changed": gettext_noop("Priority %(to)s, before it was %(from)s."),
    "conversation.tags_changed": gettext_noop("Tags changed."),
    "contact.opted_in": gettext_noop("The customer wants messages again."),
    "contact.opted_out": gettext_noop("The customer wants no more messages. Nothing is sent."),
    "contact.identity_linked": gettext_noop("One more address of the customer became known."),
    "contact.number_changed": gettext_noop(
        "The customer's number changed from %(from)s to %(to)s."
    ),
    "contact.possible_duplicate": gettext_noop(
        "The provider says that this customer and another are the same person."
    ),
    "contact.permanent_agent_released": gettext_noop(
        "%(person)s is not the customer's permanent agent any more."
    ),
    "contact.permanent_agent_set": gettext_noop("%(person)s is the customer's permanent agent."),
    "contact.merged": gettext_noop(
        "Two customers became one. Conversations: %(conversations)s. Addresses: %(addresses)s."
    ),
    "contact.unmerged": gettext_noop("The two customers were parted again."),
    "contact.updated": gettext_noop("The customer's data changed."),
    "message.received": gettext_noop("The customer wrote."),
    "message.reacted": gettext_noop("The customer reacted to a message."),
    "message.revoked": gettext_noop("The customer took a message back."),
    "message.file_stored": gettext_noop("A file of the customer is here."),
    "message.file_failed": gettext_noop("A file of the customer could not be fetched."),
    "message.file_retried": gettext_noop("A file of the customer is fetched once more."),
    "message.file_removed": gettext_noop("A file was removed, because it was old."),
    "message.queued": gettext_noop("An answer was written."),
    "message.status_changed": gettext_noop("An answer of ours: %(status)s. %(error_code)s"),
    "message.retried": gettext_noop("An answer that was not delivered is sent once more."),
    "message.fetched": gettext_noop(
        "A message that never reached us was fetched from the provider."
    ),
    "message.replayed": gettext_noop("A message of the customer was taken out of quarantine."),
    "note.added": gettext_noop("An internal note was written."),
    "survey.sent": gettext_noop("The customer was asked for a rating."),
    "survey.skipped": gettext_noop("The customer was not asked for a rating: %(skip_reason)s."),
    "survey.comment_hidden": gettext_noop("The comment is kept from agents: %(reason)s"),
    "survey.comment_shown": gettext_noop("Agents see the comment again."),
    "survey.followed_up": gettext_noop("Follow-up on the rating %(rating)s of 5, by %(person)s."),
    "survey.commented": gettext_noop("The customer's comment: %(comment)s"),
    "survey.answered": gettext_noop("The customer's rating: %(rating)s of 5."),
}
#: A colleague said so, in the customer's place.
OUT_BY_HAND = gettext_noop("No more messages to the customer: %(note)s")
IN_BY_HAND = gettext_noop("The customer gets messages again: %(note)s")
#: Nobody wrote it.
AUTOMATIC = gettext_noop("%(automatic)s sent.")
#: Nobody had it: it waited with a team.
FROM_A_QUEUE = gettext_noop("Taken from the queue of %(team)s: %(reason)s.")
#: What the channel names to ask with outside the 24 hours cannot be used.
NOT_ASKED_BECAUSE = gettext_noop(
    "The customer was not asked for a rating: %(skip_reason)s (%(skip_detail)s)."
)
#: Nobody reopened it: it woke up.
WOKE_UP = gettext_noop("Open again: the time was over for which it was set aside.")
NOBODY_WROTE = gettext_noop("Resolved: nobody wrote for as long as the channel allows.")
CALL_DUE = gettext_noop("Open again: the customer is to be called.")
#: What nobody did, by why it happened.
BECAUSE = {
    ("conversation.resolved", "inactive"): NOBODY_WROTE,
    ("conversation.reopened", "snooze_over"): WOKE_UP,
    ("conversation.reopened", "callback_due"): CALL_DUE,
}
UNTIL_THE_CUSTOMER_WRITES = gettext_noop("Set aside until the customer writes.")
#: What is shown between the messages; who had it comes from the assignments.
MARKED = (
    "callback.cancelled",
    "callback.completed",
    "callback.missed",
    "callback.rescheduled",
    "callback.scheduled",
    "contact.number_changed",
    "contact.opted_in",
    "contact.opted_out",
    "conversation.unassigned",
    "conversation.held_by_bot",
    "conversation.handed_to_people",
    "conversation.snoozed",
    "conversation.resolved",
    "conversation.reopened",
    "conversation.closed",
    "message.retried",
    "message.fetched",
    "message.replayed",
    "survey.skipped",
    "survey.answered",
    "survey.commented",
    "survey.followed_up",
)
SKIP_REASONS: dict[str, Text] = {
    **dict(SkipReason.choices),
    "other_text": gettext_lazy("the unavailable message went out instead"),
    "person_wrote": gettext_lazy("a person had written less than five minutes before"),
    "own_number": gettext_lazy("the message came from our own number"),
    "keyword": gettext_lazy("the message was a word that stops or starts messages"),
    "late": gettext_lazy("the message was taken in later than it was written"),
    "no_text": gettext_lazy("there is no text for it"),
}
AUTOMATIC_TEXTS = {
    TextKind.GREETING.value: gettext_lazy("Greeting"),
    TextKind.UNAVAILABLE.value: gettext_lazy("Unavailable message"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history: when, who, and what in words."""

    at: datetime
    who: Text
    text: Text
    type: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the people and teams that events speak of by id, loaded in two queries."""

    people: dict[int, str]
    teams: dict[int, str]


def load_names(events: Iterable[Event]) -> Names:
    data = [event.data for event in events]
    people = {d["user_id"] for d in data if isinstance(d.get("user_id"), int)}
    teams = {d["team_id"] for d in data if isinstance(d.get("team_id"), int)}
    return Names(
        dict(User.objects.filter(pk__in=people).values_list("pk", "name")),
        dict(Team.objects.filter(pk__in=teams).values_list("pk", "name")),
    )


def build_history(events: list[Event]) -> list[Line]:
    """Return every event as a line, in the order in which they happened."""
    names = load_names(events)
    return [describe(event, names=names) for event in events]


def describe(event: Event, *, names: Names) -> Line:
    template = _template_of(event)
    facts = _Facts(event.data, names)
    if event.type.startswith(CALLBACK):
        facts.update(callback_words.facts_in_words(event.data))
    text = event.type if template is None else _(template) % facts
    # "p.m." ends with the full stop that its sentence has, too.
    text = re.sub(r"(?<!\.)\.\.\Z", ".", text.strip())
    return Line(event.occurred_at, _who(event), text, event.type)


def _template_of(event: Event) -> str | None:
    if event.type.startswith(CALLBACK):
        chosen = callback_words.choose_sentence(event.type, event.data)
        return chosen or SENTENCES.get(event.type)
    if event.type == "survey.skipped" and event.data.get("skip_detail"):
        return NOT_ASKED_BECAUSE
    if event.type == "message.queued" and "automatic" in event.data:
        return AUTOMATIC
    if event.type == "conversation.unassigned" and event.data.get("user_id") is None:
        return FROM_A_QUEUE
    if event.data.get("reason") == OptOutReason.PERSON:
        return {"contact.opted_out": OUT_BY_HAND, "contact.opted_in": IN_BY_HAND}.get(event.type)
    if event.type == "conversation.snoozed" and event.data.get("until") is None:
        return UNTIL_THE_CUSTOMER_WRITES
    by_itself = BECAUSE.get((event.type, event.data.get("because", "")))
    return by_itself or SENTENCES.get(event.type)


def describe_assignment(assignment: Assignment) -> Text:
    """Say who got the conversation, and how."""
    facts = {
        "person": assignment.user.name if assignment.user else "",
        "team": assignment.team.name if assignment.team else "",
        "how": AssignmentKind(assignment.kind).label,
    }
    if assignment.user is None:
        return _("In the queue of %(team)s (%(how)s)") % facts
    if assignment.team is None:
        return _("Given to %(person)s (%(how)s)") % facts
    return _("Given to %(person)s, %(team)s (%(how)s)") % facts


class _Facts(dict[str, Any]):
    """The facts of an event by name; one that is missing reads as a dash."""

    def __init__(self, data: dict[str, Any], names: Names) -> None:
        reason = data.get("reason")
        labels = dict(DELIVERY_STATUS_CHOICES)
        super().__init__(
            {
                **data,
                "note": data.get("note") or "–",
                "person": names.people.get(data.get("user_id") or 0, _("nobody")),
                "team": names.teams.get(data.get("team_id") or 0, _("no team")),
                "reason": data.get("note") or _reason(reason),
                "status": labels.get(data.get("status") or "", data.get("status")),
                "until": _instant(data.get("until")),
                "skip_reason": SKIP_REASONS.get(str(data.get("skip_reason") or reason)),
                "automatic": AUTOMATIC_TEXTS.get(str(data.get("automatic"))),
            }
        )

    def __missing__(self, key: str) -> str:
        return "–"


def _reason(code: Any) -> Any:
    return EndReason(code).label if code in EndReason.values else code


def _instant(text: Any) -> Text:
    """Write an instant as the reader's clock shows it."""
    if not isinstance(text, str):
        return ""
    return date_format(localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")


def _who(event: Event) -> Text:
    return event.actor_label or ActorKind(event.actor_kind).label
