"""A week of callbacks as a table: a column for each day, a row for each hour, cards in the cells.

Drawn on the reader's clock. The very same rows are the list, so the week is never the only way.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from callbacks.admin import cells
from callbacks.admin.views import DAYS_A_WEEK, Rows, between, monday_of, start_of
from callbacks.models import Callback
from teams.hours import Hours, open_spans
from teams.loaders import load_hours_version
from teams.models import Team
from teams.time_zones import written_offset

#: So many callbacks are drawn; more are only in the list.
MOST_DRAWN = 500
#: So many cards stand in a cell; the others are folded.
MOST_IN_CELL = 3
#: Without anything to show, the rows of a working day.
USUAL_HOURS = (9, 18)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Card:
    url: str
    clock: str
    name: str
    team: str
    who: str
    state: SafeString
    is_late: bool


@dataclass(slots=True)
class Cell:
    """An hour of a day. `is_closed`: none of the teams shown is open in any part of it."""

    is_closed: bool = False
    cards: list[Card] = field(default_factory=list)

    @property
    def shown(self) -> list[Card]:
        return self.cards[:MOST_IN_CELL]

    @property
    def folded(self) -> list[Card]:
        return self.cards[MOST_IN_CELL:]


@dataclass(frozen=True, slots=True)
class WeekDay:
    day: date
    is_today: bool
    url: str
    cards: list[Card]


@dataclass(frozen=True, slots=True)
class Week:
    """`rows` are hours, each with its seven cells. `is_cut`: there is more than is drawn."""

    days: list[WeekDay]
    rows: list[tuple[str, list[Cell]]]
    earlier: str
    later: str
    is_current: bool
    is_cut: bool
    hours_note: str
    zone: str
    offset: str
    links: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> date:
        return self.days[0].day

    @property
    def last(self) -> date:
        return self.days[-1].day


def read_week(text: str | None, *, now: datetime) -> date:
    """Return the Monday of the week that an address names by any of its days; else of this one."""
    try:
        day = parse_date(text or "")
    except ValueError:
        day = None
    today = localtime(now).date()
    is_near = day is not None and abs(day - today) <= timedelta(days=3660)
    return monday_of(day if day is not None and is_near else today)


def build_week(rows: Rows, *, monday: date, teams: "QuerySet[Team]", now: datetime) -> Week:
    """Return the week that begins on a Monday. Three queries, and one for each calendar."""
    found = list(between(rows, monday, days=DAYS_A_WEEK).order_by("due_at", "pk")[: MOST_DRAWN + 1])
    drawn = found[:MOST_DRAWN]
    placed: dict[tuple[int, int], list[Card]] = defaultdict(list)
    for callback in drawn:
        at = localtime(callback.due_at)
        day = (at.date() - monday).days
        placed[day, at.hour].append(_card(callback, now=now))
    calendars, names = _calendars(teams)
    hours = _hours({hour for _day, hour in placed}, calendars, monday)
    return Week(
        days=[_day(monday, number, placed, now=now) for number in range(DAYS_A_WEEK)],
        rows=[(f"{hour:02}:00", _row(hour, monday, placed, calendars)) for hour in hours],
        earlier=(monday - timedelta(days=DAYS_A_WEEK)).isoformat(),
        later=(monday + timedelta(days=DAYS_A_WEEK)).isoformat(),
        is_current=monday == monday_of(localtime(now).date()),
        is_cut=len(found) > MOST_DRAWN,
        hours_note=_("Grey: outside the business hours of %(teams)s.") % {"teams": names}
        if calendars
        else "",
        zone=str(get_current_timezone()),
        offset=written_offset(str(get_current_timezone()), at=now),
    )


def _card(callback: Callback, *, now: datetime) -> Card:
    owner = callback.owner or callback.preferred_agent
    return Card(
        reverse("admin:callbacks_callback_change", args=[callback.pk]),
        f"{localtime(callback.due_at):%H:%M}",
        cells.name_of(callback),
        callback.team.name,
        owner.name if owner is not None else _("any agent"),
        cells.status_pill(callback),
        cells.is_late(callback, now=now),
    )


def _day(
    monday: date, number: int, placed: dict[tuple[int, int], list[Card]], *, now: datetime
) -> WeekDay:
    day = monday + timedelta(days=number)
    cards = [card for hour in range(24) for card in placed.get((number, hour), ())]
    url = f"?view=list&day={day.isoformat()}"
    return WeekDay(day, day == localtime(now).date(), url, cards)


def _row(
    hour: int,
    monday: date,
    placed: dict[tuple[int, int], list[Card]],
    calendars: Sequence[Hours],
) -> list[Cell]:
    return [
        Cell(
            is_closed=bool(calendars)
            and not any(_is_open(each, monday + timedelta(days=day), hour) for each in calendars),
            cards=placed.get((day, hour), []),
        )
        for day in range(DAYS_A_WEEK)
    ]


def _is_open(calendar: Hours, day: date, hour: int) -> bool:
    """Say whether a calendar is open in any part of an hour on the reader's clock."""
    start = datetime.combine(day, time(hour), tzinfo=get_current_timezone())
    return bool(open_spans(calendar, since=start, until=start + HOUR))


def _calendars(teams: "QuerySet[Team]") -> tuple[list[Hours], str]:
    """Return the calendars of teams, and the teams' names; none if one of them is always open."""
    rows = list(teams.select_related("hours"))
    if not rows or any(team.hours is None for team in rows):
        return [], ""
    versions = {(team.hours.pk, team.hours.version) for team in rows if team.hours is not None}
    calendars = [load_hours_version(pk, version) for pk, version in sorted(versions, key=str)]
    return calendars, ", ".join(team.name for team in rows)


def _hours(used: Iterable[int], calendars: Sequence[Hours], monday: date) -> range:
    """Return the hours to draw: those of the working day, and every one that has a card."""
    first, last = USUAL_HOURS
    wanted = set(used) | set(_open_hours(calendars, monday)) | {first, last - 1}
    return range(min(wanted), max(wanted) + 1)


def _open_hours(calendars: Sequence[Hours], monday: date) -> Iterator[int]:
    since, until = start_of(monday), start_of(monday + timedelta(days=DAYS_A_WEEK))
    zone = ZoneInfo(str(get_current_timezone()))
    for calendar in calendars:
        for start, end in open_spans(calendar, since=since, until=until):
            yield start.astimezone(zone).hour
            yield (end - timedelta(minutes=1)).astimezone(zone).hour
