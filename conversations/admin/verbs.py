"""What people do with one conversation by a button: each a verb with its own address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import lifecycle
from conversations.services.assignments import AssignmentLostError
from conversations.services.labels import TagsLockedError, VersionConflictError
from conversations.services.lifecycle import ConversationMovedError, SnoozeRefusedError
from conversations.states import OPEN, IllegalTransitionError, Status, is_move_allowed
from teams.models import User
from teams.texts import Text


@dataclass(frozen=True, slots=True)
class Verb:
    """One button. `run` does it and returns the sentence that says what changed."""

    key: str
    label: Text
    icon: str
    permission: str
    is_possible: Callable[[Conversation, User], bool]
    consequence: Callable[[Conversation], Text]
    run: Callable[[Conversation, User, datetime], Text]
    #: Where to go afterwards: the conversation is done with, so back to the list.
    leaves_page: bool = False
    shortcut: str = ""


def actor_of(user: User) -> Actor:
    return Actor.person(user.pk, user.name)


def _may_resolve(conversation: Conversation, user: User) -> bool:
    return is_move_allowed(Status(conversation.status), Status.RESOLVED)


def _what_resolving_does(conversation: Conversation) -> Text:
    if conversation.channel.has_survey:
        return _(
            "The customer is asked for a rating. A rating closes it; anything else reopens it."
        )
    return _("It is closed at once. If the customer writes again, a new conversation starts.")


def _resolve(conversation: Conversation, user: User, now: datetime) -> Text:
    resolved = lifecycle.resolve(conversation, actor=actor_of(user), now=now)
    if resolved.status == Status.CLOSED:
        return _("%(who)s is resolved and closed.") % {"who": conversation.contact}
    return _("%(who)s is resolved. The customer is asked for a rating.") % {
        "who": conversation.contact
    }


def _may_reopen(conversation: Conversation, user: User) -> bool:
    """Whatever is not open already, and is over or set aside."""
    return conversation.status not in OPEN and conversation.status != Status.BOT


def _what_reopening_does(conversation: Conversation) -> Text:
    return _("It is new again and goes back to whoever had it, if that person is still there.")


def _reopen(conversation: Conversation, user: User, now: datetime) -> Text:
    lifecycle.reopen(conversation, actor=actor_of(user), now=now)
    return _("Reopened. Routing gives it to somebody within seconds.")


def _may_silence(conversation: Conversation, user: User) -> bool:
    return conversation.status == Status.BOT


def _what_silencing_does(conversation: Conversation) -> Text:
    return _("The bot is silent from now on, and routing looks for a person.")


def _silence(conversation: Conversation, user: User, now: datetime) -> Text:
    lifecycle.hand_to_people(conversation, actor=actor_of(user), now=now)
    return _("The bot is silent. Routing gives the conversation to somebody within seconds.")


RESOLVE = Verb(
    "resolve",
    gettext_lazy("Resolve"),
    "check",
    "conversations.resolve",
    _may_resolve,
    _what_resolving_does,
    _resolve,
    leaves_page=True,
    shortcut="e",
)
REOPEN = Verb(
    "reopen",
    gettext_lazy("Reopen"),
    "swap",
    "conversations.resolve",
    _may_reopen,
    _what_reopening_does,
    _reopen,
)
LET_PEOPLE_GO_ON = Verb(
    "to-people",
    gettext_lazy("Let people go on"),
    "person",
    "conversations.resolve",
    _may_silence,
    _what_silencing_does,
    _silence,
)

#: What a verb may raise because the conversation is not what it was on the page.
REFUSED = (
    IllegalTransitionError,
    ConversationMovedError,
    AssignmentLostError,
    SnoozeRefusedError,
    TagsLockedError,
    VersionConflictError,
)


def explain_refusal(error: Exception) -> Text:
    """Say what did not happen, why, and what to do."""
    if isinstance(error, SnoozeRefusedError):
        return _("Nothing was changed: choose a time in the future, within a year.")
    if isinstance(error, IllegalTransitionError | TagsLockedError):
        return _("Nothing was changed: the conversation is not in that state any more. Look again.")
    return _("Nothing was changed: somebody else changed this conversation just now. Look again.")
