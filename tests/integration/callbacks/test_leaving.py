"""Somebody leaves who promised to call: the promises stay, and are anybody's of the team."""

from datetime import timedelta

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.services import leaving, scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import Wish
from callbacks.slots import at_instant
from conversations.actors import Actor
from conversations.admin import history
from conversations.models import Event
from teams.models import User
from teams.services import directory
from tests import moments
from tests.factories import make_agent, make_conversation, make_team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("language_en")]
NOW = moments.WEDNESDAY_MORNING


@pytest.fixture
def alice():
    return make_agent()


def promise(person: User, claim: Claim) -> Callback:
    team = make_team(members=(person,))
    CallbackSettings.objects.create(team=team, is_owning_enabled=True)
    slot = at_instant(NOW + timedelta(hours=1), zone="Asia/Tokyo")
    wish = Wish(slot=slot, claim=claim, agent=person)
    return scheduling.schedule(
        make_conversation(team=team), wish=wish, actor=Actor.system(), now=NOW
    )


def let_go() -> None:
    while leaving.let_go_next(now=NOW):
        pass


class TestSomebodyWhoLeft:
    @pytest.mark.parametrize("claim", [Claim.OWNED, Claim.PREFERRED])
    def test_owns_nothing_and_the_history_says_so(self, alice, claim):
        callback = promise(alice, claim)
        directory.deactivate(alice, now=NOW)

        let_go()

        callback.refresh_from_db()
        assert (callback.owner, callback.preferred_agent) == (None, None)
        assert (callback.status, callback.look_due_at) == ("scheduled", callback.due_at)
        event = Event.objects.get(type="callback.released")
        line = history.build_history([event])[0]
        assert line.text == "Alice left: anybody of the team may call."
        alice.refresh_from_db()
        assert alice.promises_due_at is None

    def test_lets_what_waits_for_them_be_offered_at_once(self, alice):
        callback = promise(alice, Claim.OWNED)
        until = NOW + timedelta(days=1)
        Callback.objects.update(status="due", owner_until=until, look_due_at=until)
        directory.deactivate(alice, now=NOW)

        let_go()

        callback.refresh_from_db()
        assert (callback.owner_until, callback.look_due_at) == (None, NOW)

    def test_keeps_what_is_over_and_the_call_they_are_at(self, alice):
        calling, done = promise(alice, Claim.OWNED), promise(alice, Claim.OWNED)
        Callback.objects.filter(pk=calling.pk).update(status="calling")
        Callback.objects.filter(pk=done.pk).update(status="completed", look_due_at=None)
        directory.deactivate(alice, now=NOW)

        let_go()

        assert Callback.objects.filter(owner=alice).count() == 2

    def test_and_came_back_before_the_sweep_keeps_all(self, alice):
        promise(alice, Claim.OWNED)
        directory.deactivate(alice, now=NOW)
        User.objects.filter(pk=alice.pk).update(is_active=True)

        let_go()

        assert Callback.objects.get().owner == alice

    def test_of_hundreds_is_done_batch_by_batch(self, alice):
        one = promise(alice, Claim.PREFERRED)
        copied = {field.attname: getattr(one, field.attname) for field in one._meta.fields}
        for name in ("id", "public_id", "conversation_id", "is_from_conversation"):
            del copied[name]
        Callback.objects.bulk_create(
            Callback(**copied, is_from_conversation=False) for _ in range(leaving.BATCH)
        )
        directory.deactivate(alice, now=NOW)

        let_go()

        assert not Callback.objects.filter(preferred_agent=alice).exists()

    def test_is_done_again_by_another_worker_where_one_died(self, alice):
        promise(alice, Claim.OWNED)
        directory.deactivate(alice, now=NOW)
        held = NOW + timedelta(seconds=60)
        User.objects.filter(pk=alice.pk).update(promises_due_at=held)

        assert not leaving.let_go_next(now=NOW)
        assert leaving.let_go_next(now=held)
        assert Callback.objects.get().owner is None


class TestTheHistory:
    def test_reads_instants_and_codes(self):
        def said(type_: str, **data) -> str:
            event = Event(type=type_, actor_kind="system", data=data, occurred_at=NOW)
            return str(history.build_history([event])[0].text)

        at = "2026-11-18T10:00:00+00:00"
        assert "Nov. 18, 2026, 10 a.m." in said("callback.scheduled", due_at=at)
        assert "10 a.m." in said("callback.rescheduled", to=at, **{"from": at})
        assert said("callback.rescheduled", to=at, reason="Not at home.").endswith("Not at home.")
        assert said("callback.completed", outcome="no_answer") == (
            "The customer was called: no answer."
        )
        assert said("callback.completed", outcome="reached", note="Fine.").endswith(
            "reached. Fine."
        )
        assert said("callback.missed", reason="ownership_expired") == (
            "The promised call was not made: its owner did not come in time."
        )
        assert said("callback.cancelled", reason="person").endswith("cancelled: person.")
