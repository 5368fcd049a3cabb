"""Placing planned calls: at most once, one a second, and what becomes of doubts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from callbacks.models import CallAttempt, CallPace, Dialling
from callbacks.services import call_lookups, placing
from callbacks.states import CallbackStatus
from channels.models import Channel
from teams.clock import database_now
from tests.calls import read
from tests.fake_twilio import Fault, RunningFake, running
from tests.telephones import ALICE, DORA, last_call, make_dialling_team, make_offered

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def fake(settings) -> Iterator[RunningFake]:
    with running() as server:
        settings.TWILIO_API_BASE_URL = server.url
        server.store.reach = "http://127.0.0.1:9"
        yield server


@pytest.fixture
def now():
    """Twilio's stand-in has a clock of its own."""
    return database_now()


@pytest.fixture
def offered(now):
    return make_offered(make_dialling_team(), now=now)


class TestPlacing:
    def test_rings_whom_the_call_is_for(self, fake, offered, now):
        assert placing.place_next(now=now)
        (made,) = fake.calls.made
        call = last_call(offered)
        assert (made.asked("To"), made.asked("From")) == (ALICE, call.caller_id)
        assert (call.status, call.call_sid) == ("queued", made.call["sid"])
        assert (call.place_due_at, call.placed_at) == (None, now)
        assert call.look_due_at > now
        assert call.token in made.asked("StatusCallback")
        assert not placing.place_next(now=now)

    def test_says_who_is_to_be_called_in_the_agents_language(self, fake, offered, now):
        offered.offered_to.language = "ja"
        offered.offered_to.save()
        placing.place_next(now=now)
        twiml = fake.calls.made[0].asked("Twiml")
        assert "Dora" in twiml
        assert 'language="ja-JP"' in twiml
        assert DORA not in twiml

    def test_never_comes_before_its_time(self, fake, offered, now):
        assert not placing.place_next(now=now - SECOND)

    def test_is_one_a_second_for_an_account(self, fake, now):
        team = make_dialling_team()
        for _ in range(3):
            make_offered(team, now=now)
        assert placing.place_next(now=now)
        assert not placing.place_next(now=now + 0.5 * SECOND)
        assert placing.place_next(now=now + SECOND)
        assert placing.place_next(now=now + 2 * SECOND)
        assert len(fake.calls.made) == 3

    def test_does_not_ring_whom_it_was_taken_from(self, fake, offered, now):
        type(offered).objects.filter(pk=offered.pk).update(status="due", offered_to=None)
        assert placing.place_next(now=now)
        assert fake.calls.made == []
        assert last_call(offered).status == "canceled"

    def test_makes_a_customer_first_call_begin(self, fake, now):
        callback = make_offered(make_dialling_team(dialling=Dialling.CUSTOMER_FIRST), now=now)
        placing.place_next(now=now)
        assert fake.calls.made[0].asked("To") == DORA
        assert read(callback).status == CallbackStatus.CALLING


class TestARefusal:
    def test_ends_the_call_and_leaves_the_offer(self, fake, offered, now):
        fake.calls.faults.append(Fault(code=21215))
        placing.place_next(now=now)
        call = last_call(offered)
        assert (call.status, call.ended_at, call.error_code) == ("failed", now, "21215")
        assert read(offered).status == CallbackStatus.OFFERED

    def test_of_the_account_is_shown_on_the_channel(self, fake, offered, now):
        fake.calls.faults.append(Fault(code=20003, status=401))
        placing.place_next(now=now)
        assert Channel.objects.get(name="Voice").broken_at == now

    def test_that_passes_is_waited_for(self, fake, offered, now):
        fake.calls.faults.append(Fault(code=20429, status=429, retry_after="4"))
        placing.place_next(now=now)
        call = last_call(offered)
        assert (call.status, call.place_due_at) == ("planned", now + 4 * SECOND)
        assert CallPace.objects.get().ready_at == now + 4 * SECOND
        assert placing.place_next(now=now + 4 * SECOND)
        assert last_call(offered).status == "queued"
        assert len(fake.calls.made) == 1


class TestADoubt:
    @pytest.fixture
    def doubt(self, fake, offered, now):
        fake.calls.faults.append(Fault(status=503, is_taken=True))
        placing.place_next(now=now)
        call = last_call(offered)
        assert (call.status, call.ended_at) == ("unknown", None)
        return call

    def test_is_never_placed_again(self, fake, doubt, now):
        for seconds in range(1, 4000, 400):
            placing.place_next(now=now + seconds * SECOND)
            placing.settle_next_lost(now=now + seconds * SECOND)
        assert len(fake.calls.made) == 1

    def test_is_closed_by_looking_it_up(self, fake, doubt, now):
        assert not call_lookups.look_up_next(now=now + SECOND)
        assert call_lookups.look_up_next(now=now + 2 * SECOND)
        doubt.refresh_from_db()
        assert doubt.call_sid == fake.calls.made[0].call["sid"]
        assert doubt.status != "unknown"

    def test_of_which_nothing_is_found_stays_one(self, fake, offered, now):
        fake.calls.faults.append(Fault(status=503))
        placing.place_next(now=now)
        at = now
        for _ in range(20):
            at += 20 * MINUTE
            call_lookups.look_up_next(now=at)
            placing.place_next(now=at)
        call = last_call(offered)
        assert (call.status, fake.calls.made) == ("unknown", [])
        assert call.ended_at is not None
        assert call.look_due_at is None


class TestAWorkerThatDied:
    @pytest.fixture
    def lost(self, offered, now):
        CallAttempt.objects.update(
            status="placing", fence=1, placed_at=now, place_due_at=now + placing.LEASE
        )
        assert not placing.settle_next_lost(now=now + SECOND)
        assert placing.settle_next_lost(now=now + placing.LEASE)
        call = last_call(offered)
        assert call.status == "unknown"
        return call

    def test_before_it_asked_is_made_good(self, fake, offered, lost, now):
        at = now + placing.LEASE
        for _ in range(3):
            at = last_call(offered).look_due_at
            assert call_lookups.look_up_next(now=at)
        assert last_call(offered).status == "planned"
        assert placing.place_next(now=at + SECOND)
        assert (last_call(offered).status, len(fake.calls.made)) == ("queued", 1)

    def test_after_it_asked_rings_nobody_again(self, fake, offered, lost, now):
        telephone = placing.voice_for("twilio")
        callback = lost.callback
        config = placing.config_of(lost.channel)
        found = telephone.place_call(placing.call_scripts.outbound(lost, callback), config)
        assert call_lookups.look_up_next(now=lost.look_due_at)
        assert last_call(offered).call_sid == found.call_id
        assert not placing.place_next(now=now + 10 * MINUTE)


class TestASilentCall:
    def test_is_asked_about(self, fake, offered, now):
        placing.place_next(now=now)
        fake.calls.settle()
        call = last_call(offered)
        assert call.status == "queued"
        assert call_lookups.look_up_next(now=call.look_due_at)
        call.refresh_from_db()
        assert call.status == "completed"
        assert call.ended_at is not None


class TestAnUnwantedCall:
    def test_is_hung_up_once(self, fake, offered, now):
        fake.store.step_s = 5
        placing.place_next(now=now)
        CallAttempt.objects.update(status="canceled", ended_at=now, hang_up_due_at=now)
        assert placing.call_lookups.hang_up_next(now=now)
        assert fake.calls.made[0].call["status"] == "canceled"
        assert not call_lookups.hang_up_next(now=now + MINUTE)

    def test_is_tried_again_while_twilio_is_away(self, settings, offered, now):
        settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
        CallAttempt.objects.update(
            status="canceled", ended_at=now, hang_up_due_at=now, call_sid="CA1"
        )
        assert call_lookups.hang_up_next(now=now)
        assert not call_lookups.hang_up_next(now=now + SECOND)
        assert call_lookups.hang_up_next(now=now + MINUTE)
        assert call_lookups.hang_up_next(now=now + 20 * MINUTE)
        assert not call_lookups.hang_up_next(now=now + 40 * MINUTE)
