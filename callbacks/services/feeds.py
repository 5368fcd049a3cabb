"""Addresses at which calendar programs read callbacks: made, read, and taken back."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from callbacks.models import CalendarFeed, Callback
from callbacks.states import CallbackStatus
from teams.models import Role, Team, User

#: What a calendar shows, around the instant at which it is read.
BACK, AHEAD = timedelta(days=7), timedelta(days=31)
MOST_SHOWN = 1000
#: Calendar programs read every few minutes: that they did is written no more often than this.
NOTED_EVERY = timedelta(minutes=1)


def make(
    *, created_by: User, now: datetime, person: User | None = None, team: Team | None = None
) -> CalendarFeed:
    """Make an address for one person's callbacks, or for a team's: exactly one of the two."""
    return CalendarFeed.objects.create(
        created_by=created_by, person=person, team=team, created_at=now
    )


def revoke(feed: CalendarFeed, *, now: datetime) -> CalendarFeed:
    """Take an address back: it shows nothing from now on. Again changes nothing."""
    if feed.revoked_at is None:
        feed.revoked_at = now
        feed.save(update_fields=["revoked_at"])
    return feed


def find(token: str) -> CalendarFeed | None:
    """Return the feed that an address means; None if there is none, or it may be read no more.

    Whoever made it must still be here, and may see no less than it shows; so must the person.
    """
    rows = CalendarFeed.objects.select_related("person", "team", "created_by")
    feed = rows.filter(token=token, revoked_at=None).order_by("pk").first()
    return feed if feed is not None and _is_allowed(feed) else None


def load(feed: CalendarFeed, *, now: datetime) -> list[Callback]:
    """Return what the calendar shows: the next month and the last week, without what was cancelled.

    Notes that it was read.
    """
    stale = Q(last_read_at=None) | Q(last_read_at__lt=now - NOTED_EVERY)
    CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_read_at=now)
    rows = _rows(feed).exclude(status=CallbackStatus.CANCELLED)
    near = rows.filter(due_at__gte=now - BACK, due_at__lt=now + AHEAD)
    shown = near.select_related("team", "identity__contact").order_by("due_at", "pk")
    return list(shown[:MOST_SHOWN])


def _rows(feed: CalendarFeed) -> "QuerySet[Callback]":
    if feed.team is not None:
        return Callback.objects.filter(team=feed.team)
    theirs = Q(owner=feed.person) | Q(preferred_agent=feed.person) | Q(offered_to=feed.person)
    return Callback.objects.filter(theirs)


def _is_allowed(feed: CalendarFeed) -> bool:
    maker = feed.created_by
    if not maker.is_active or (feed.person is not None and not feed.person.is_active):
        return False
    if maker.role >= Role.ADMINISTRATOR or feed.person_id == maker.pk:
        return True
    own = set(maker.teams.values_list("pk", flat=True))
    if feed.team is not None:
        return feed.team.pk in own
    return feed.person is not None and feed.person.teams.filter(pk__in=own).exists()
