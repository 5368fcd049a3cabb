"""The views of the list of callbacks: which rows each shows, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext_lazy as _

from callbacks.models import Callback
from callbacks.states import LIVE, PENDING, CallbackStatus
from conversations.admin.views import Tab, count_shown
from teams.models import User
from teams.texts import Text

Rows = QuerySet[Callback]
DAYS_A_WEEK = 7
_PENDING = sorted(status.value for status in PENDING)
_LIVE = sorted(status.value for status in LIVE)


@dataclass(frozen=True, slots=True)
class View:
    """`narrow` picks the rows for a viewer at an instant; `ordering` is that of the list."""

    key: str
    label: Text
    narrow: Callable[[Rows, User, datetime], Rows]
    ordering: tuple[str, ...]
    empty_title: Text
    empty_consequence: Text
    is_counted: bool = True


def start_of(day: date) -> datetime:
    """Return the first instant of a date on the reader's clock."""
    return datetime.combine(day, time(0), tzinfo=get_current_timezone())


def between(rows: Any, first: date, *, days: int) -> Any:
    """Narrow to what is due within days on the reader's clock, from the first one on."""
    until = start_of(first + timedelta(days=days))
    return rows.filter(due_at__gte=start_of(first), due_at__lt=until)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _due(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status__in=_LIVE)


def _today(rows: Rows, user: User, now: datetime) -> Rows:
    found: Rows = between(rows, localtime(now).date(), days=1)
    return found.exclude(status=CallbackStatus.CANCELLED)


def _week(rows: Rows, user: User, now: datetime) -> Rows:
    """The days are picked by the page itself: it may be another week."""
    return rows.exclude(status=CallbackStatus.CANCELLED)


def _missed(rows: Rows, user: User, now: datetime) -> Rows:
    return rows.filter(status=CallbackStatus.MISSED)


def _mine(rows: Rows, user: User, now: datetime) -> Rows:
    is_mine = Q(owner=user) | Q(preferred_agent=user) | Q(offered_to=user)
    return rows.filter(is_mine, status__in=_PENDING)


def _all(rows: Rows, user: User, now: datetime) -> Rows:
    return rows


VIEWS = (
    View(
        "due",
        _("Due"),
        _due,
        ("due_at", "pk"),
        _("No call is due."),
        _("Every promise whose time has come was kept. This page refreshes by itself."),
    ),
    View(
        "today",
        _("Today"),
        _today,
        ("due_at", "pk"),
        _("Nobody is to be called today."),
        _("Promise a call on the page of a conversation, by “Schedule callback”."),
    ),
    View(
        "week",
        _("Week"),
        _week,
        ("due_at", "pk"),
        _("Nobody is to be called in this week."),
        _("Promise a call on the page of a conversation, by “Schedule callback”."),
        is_counted=False,
    ),
    View(
        "list",
        _("List"),
        _all,
        ("-due_at", "-pk"),
        _("No callback yet."),
        _("Promise a call on the page of a conversation, by “Schedule callback”."),
        is_counted=False,
    ),
    View(
        "missed",
        _("Missed"),
        _missed,
        ("-due_at", "-pk"),
        _("No callback was missed."),
        _("Whatever nobody made in time is listed here."),
        is_counted=False,
    ),
    View(
        "mine",
        _("Mine"),
        _mine,
        ("due_at", "pk"),
        _("You have no callback."),
        _("What you own, what is offered to you and what prefers you is listed here."),
    ),
)
WEEK = "week"
_BY_KEY = {view.key: view for view in VIEWS}


def pick_view(key: str | None, *, rows: Rows) -> View:
    """Return the view with this name; without one what is due, or today if nothing is."""
    if key in _BY_KEY:
        return _BY_KEY[key]
    return _BY_KEY["due" if rows.filter(status__in=_LIVE).exists() else "today"]


def build_tabs(rows: Rows, *, user: User, now: datetime, current: View) -> list[Tab]:
    """Return every view, those that ask for something with their count."""
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
