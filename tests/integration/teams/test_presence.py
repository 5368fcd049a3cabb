"""Presence as it is said, and as it lapses when nobody gives a sign of life."""

from datetime import datetime, timedelta

import pytest

from config import drains
from teams.models import Presence, PresenceChange, User
from teams.services import presence
from tests.factories import make_agent, make_supervisor

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def online(user: User, *, now: datetime, lapses_after_s: int | None = 60) -> User:
    return presence.set_presence(
        user, presence=Presence.ONLINE, lapses_after_s=lapses_after_s, now=now
    )


class TestSetPresence:
    def test_writes_down_who_said_so_when_and_why(self, now: datetime) -> None:
        alice, sachi = make_agent(), make_supervisor()

        presence.set_presence(alice, presence=Presence.AWAY, reason="Lunch", by=sachi, now=now)

        change = PresenceChange.objects.get()
        assert (change.user, change.by, change.presence) == (alice, sachi, "away")
        assert (change.reason, change.changed_at) == ("Lunch", now)

    def test_keeps_since_when_if_nothing_changes(self, now: datetime) -> None:
        alice = make_agent(presence=Presence.OFFLINE)
        online(alice, now=now)

        alice = online(alice, now=now + MINUTE)

        assert alice.presence_changed_at == now
        assert alice.offer_due_at == now + MINUTE
        assert PresenceChange.objects.count() == 1

    @pytest.mark.parametrize("wanted", Presence.values)
    def test_marks_the_person_for_the_sweep(self, now: datetime, wanted: str) -> None:
        alice = presence.set_presence(make_agent(), presence=Presence(wanted), now=now)

        assert alice.offer_due_at == now

    def test_lets_the_last_word_count(self, now: datetime) -> None:
        alice = make_agent(presence=Presence.OFFLINE)
        seen_earlier = User.objects.get(pk=alice.pk)
        online(alice, now=now)

        alice = presence.set_presence(seen_earlier, presence=Presence.AWAY, now=now)

        assert (alice.presence, alice.presence_lapse_due_at) == ("away", None)


class TestAPresenceThatLapses:
    def test_ends_when_no_heartbeat_comes(self, now: datetime) -> None:
        alice = online(make_agent(), now=now)

        assert not presence.lapse_next_presence(now=now + MINUTE - timedelta(seconds=1))
        assert presence.lapse_next_presence(now=now + MINUTE)

        alice.refresh_from_db()
        assert (alice.presence, alice.has_lapsed) == (Presence.OFFLINE, True)
        assert alice.offer_due_at == now + MINUTE
        change = PresenceChange.objects.latest("pk")
        assert (change.presence, change.by) == (Presence.OFFLINE, None)

    def test_goes_on_with_every_heartbeat(self, now: datetime) -> None:
        alice = online(make_agent(), now=now)
        presence.beat(alice, now=now + 0.5 * MINUTE)

        assert presence.lapse_next_presence(now=now + MINUTE)

        alice.refresh_from_db()
        assert alice.presence == Presence.ONLINE
        assert not presence.lapse_next_presence(now=now + 1.4 * MINUTE)
        assert presence.lapse_next_presence(now=now + 1.5 * MINUTE)

    def test_is_not_brought_back_by_a_late_heartbeat(self, now: datetime) -> None:
        alice = online(make_agent(), now=now)
        presence.lapse_next_presence(now=now + MINUTE)

        alice = presence.beat(alice, now=now + 2 * MINUTE)

        assert (alice.presence, presence.lapses_at(alice)) == (Presence.OFFLINE, None)

    def test_is_over_when_somebody_says_so(self, now: datetime) -> None:
        alice = online(make_agent(), now=now)

        alice = presence.set_presence(alice, presence=Presence.OFFLINE, now=now)

        assert not alice.has_lapsed
        assert not presence.lapse_next_presence(now=now + MINUTE)

    def test_stays_without_a_limit(self, now: datetime) -> None:
        online(make_agent(), now=now, lapses_after_s=None)

        assert not presence.lapse_next_presence(now=now + timedelta(days=30))

    def test_costs_a_tick_one_look(self, now: datetime) -> None:
        for n in range(3):
            online(make_agent(name=f"Alice {n}"), now=now)

        done = drains.run_until_idle(read_clock=lambda: now + MINUTE)

        assert done["lapse_presences"] == 3
