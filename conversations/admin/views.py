"""The views of the conversation list: which rows each shows, and how many there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message
from conversations.states import OPEN, Status
from teams.models import User
from teams.texts import Text

#: A tab counts this far and then shows "99+".
MOST_SHOWN = 99
MOST_DIGITS = 15
#: Four digits of a telephone number name somebody; fewer are a coincidence.
LEAST_DIGITS = 4
#: A search by text goes no further back than this many messages that match.
MOST_FOUND = 300

Rows = QuerySet[Conversation]


@dataclass(frozen=True, slots=True)
class View:
    """`narrow` picks the rows for a viewer at an instant; `ordering` is that of the list."""

    key: str
    label: Text
    narrow: Callable[[Rows, User, datetime], Rows]
    ordering: tuple[str, ...] = ("-last_message_at", "-pk")
    is_counted: bool = True
    empty_title: Text = ""
    empty_consequence: Text = ""


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: Text
    url: str
    count: str
    is_current: bool


def _waiting(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status__in=sorted(OPEN), assignee__isnull=True)


def _unanswered(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status__in=(Status.NEW, Status.IN_PROGRESS), waiting_since__isnull=False)


def _mine(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status__in=(Status.NEW, Status.IN_PROGRESS), assignee=user)


def _open(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status__in=(Status.NEW, Status.IN_PROGRESS))


def _held(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status=Status.BOT)


def _snoozed(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status=Status.SNOOZED)


def _resolved_today(rows: Rows, user: User, now: datetime) -> Rows:
    """Since midnight where the viewer is."""
    midnight = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + timedelta(days=1)
    return rows.filter(resolved_at__gte=midnight, resolved_at__lt=until)


def _all(rows: Rows, user: User, now: datetime) -> Rows:
    return rows


VIEWS = (
    View(
        "waiting",
        _("Waiting"),
        _waiting,
        ("-priority", "waiting_since", "pk"),
        empty_title=_("Nobody is waiting."),
        empty_consequence=_("Every new conversation has somebody. This page refreshes by itself."),
    ),
    View(
        "unanswered",
        _("Unanswered"),
        _unanswered,
        ("waiting_since", "pk"),
        empty_title=_("Every customer has an answer."),
        empty_consequence=_("In no open conversation did the customer write last."),
    ),
    View(
        "mine",
        _("Mine"),
        _mine,
        empty_title=_("You have no open conversation."),
        empty_consequence=_("Take one from Waiting, or stay online to be given one."),
    ),
    View(
        "open",
        _("Open"),
        _open,
        empty_title=_("Nothing is open."),
        empty_consequence=_("All conversations are resolved or closed."),
    ),
    View(
        "ai",
        _("Held by AI"),
        _held,
        ("-pk",),
        empty_title=_("No AI agent has a conversation."),
        empty_consequence=_("People have all of them, or nobody has written yet."),
    ),
    View(
        "snoozed",
        _("Snoozed"),
        _snoozed,
        ("snooze_due_at", "pk"),
        empty_title=_("Nothing is set aside."),
        empty_consequence=_("Snooze a conversation on its page, until a time or an answer."),
    ),
    View(
        "resolved_today",
        _("Resolved today"),
        _resolved_today,
        ("-resolved_at", "-pk"),
        empty_title=_("Nothing was resolved today."),
        empty_consequence=_("Conversations show up here once somebody resolves them."),
    ),
    View(
        "all",
        _("All"),
        _all,
        # The newest first by their number: sorting everything by its last message would read
        # everything, and an index for it would slow down every message that comes in.
        ("-pk",),
        is_counted=False,
        empty_title=_("No conversation yet."),
        empty_consequence=_(
            "They arrive by themselves once a channel receives messages. "
            "Or play the customer in the simulator."
        ),
    ),
)
VIEW_BY_KEY = {view.key: view for view in VIEWS}
DEFAULT_VIEW = VIEWS[0]


def pick_view(key: str | None) -> View:
    """Return the view with this name; the first one where there is none."""
    return VIEW_BY_KEY.get(key or "", DEFAULT_VIEW)


def build_tabs(rows: Rows, *, user: User, now: datetime, current: View) -> list[Tab]:
    """Return every view with its count, each counted by its own index and no further than shown."""
    return [
        Tab(
            view.key,
            view.label,
            f"?view={view.key}",
            count_shown(view.narrow(rows, user, now)) if view.is_counted else "",
            view is current,
        )
        for view in VIEWS
    ]


def count_shown(rows: QuerySet[Any]) -> str:
    """Return how many there are, no further than a tab shows; nothing for none."""
    number = rows.order_by()[: MOST_SHOWN + 1].count()
    return f"{MOST_SHOWN}+" if number > MOST_SHOWN else str(number or "")


def search(rows: Rows, *, text: str) -> Rows:
    """Find by name, by digits of the number in any spelling, by #number, or by what was said."""
    text = text.strip()
    digits = "".join(char for char in text if char.isdecimal())
    number = int(digits) if digits and len(digits) <= MOST_DIGITS else 0
    if text.startswith("#"):
        return rows.filter(pk=number)
    found = Q(contact__name__icontains=text) | Q(pk__in=_said(text))
    if text == digits:
        found |= Q(pk=number)
    if len(digits) >= LEAST_DIGITS and not any(char.isalpha() for char in text):
        found |= Q(identity__address__contains=digits.lstrip("0"))
    return rows.filter(found)


def _said(text: str) -> list[int]:
    """Return the conversations of the newest messages with this text, looked up once."""
    said = Message.objects.filter(body__icontains=text).order_by("-pk")
    return list(said.values_list("conversation_id", flat=True)[:MOST_FOUND])
