"""Putting off, handing over, correcting, taking back: what changes, is told, and is refused."""

from datetime import timedelta

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.services import changing, moves, scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import CallbackRefusedError, WarnedError, Wish
from callbacks.slots import at_instant
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Event, Message
from conversations.services.replies import ReplyRefusedError
from tests import moments
from tests.factories import make_agent, make_conversation, make_supervisor, make_team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("language_en")]
NOW = moments.WEDNESDAY_MORNING
TOKYO = "Asia/Tokyo"
SYSTEM = Actor.system()
OVER = ("completed", "missed", "cancelled")


def in_(hours: float):
    return at_instant(NOW + timedelta(hours=hours), zone=TOKYO)


def promise(*, team=None, **wish) -> Callback:
    chat = make_conversation(team=team or make_team())
    wish = Wish(slot=in_(1), **wish)
    return scheduling.schedule(chat, wish=wish, actor=SYSTEM, now=NOW)


def put(callback: Callback, status: str, **also) -> Callback:
    """Put a callback into a state, as the sweeps would."""
    look_due_at = None if status in OVER else callback.look_due_at
    fields = {"look_due_at": look_due_at, **also}
    Callback.objects.filter(pk=callback.pk).update(status=status, **fields)
    callback.refresh_from_db()
    return callback


def last_event(callback: Callback) -> Event:
    event = Event.objects.order_by("-pk").first()
    assert event is not None
    assert event.data.pop("callback") == str(callback.public_id)
    return event


class TestPuttingOff:
    def test_moves_wall_zone_and_instant_together(self):
        callback = promise()
        slot = at_instant(NOW + timedelta(hours=5), zone="Europe/Paris")

        after = changing.reschedule(
            callback, slot=slot, actor=SYSTEM, now=NOW, reason="Not at home before."
        )

        assert (after.due_at, after.look_due_at, after.zone) == (slot.at, slot.at, "Europe/Paris")
        assert after.wall_clock == slot.clock
        assert after.version == callback.version + 1
        event = last_event(callback)
        assert event.type == "callback.rescheduled"
        assert event.data == {
            "from": "2026-11-18T10:00:00+00:00",
            "to": "2026-11-18T14:00:00+00:00",
            "zone": "Europe/Paris",
            "reason": "Not at home before.",
        }

    def test_to_the_same_time_is_no_change(self):
        callback = promise()
        changing.reschedule(callback, slot=in_(1), actor=SYSTEM, now=NOW)

        assert not Event.objects.filter(type="callback.rescheduled").exists()

    def test_has_the_limits_of_a_new_one(self):
        callback = promise()

        with pytest.raises(CallbackRefusedError, match="beyond_max_delay"):
            changing.reschedule(callback, slot=in_(31 * 24), actor=SYSTEM, now=NOW)
        with pytest.raises(WarnedError) as caught:
            changing.reschedule(callback, slot=in_(6), actor=SYSTEM, now=NOW)
        assert caught.value.warnings == ("quiet_hours",)

    def test_keeps_to_how_far_ahead_an_owner_may(self):
        alice = make_agent()
        team = make_team(members=(alice,))
        CallbackSettings.objects.create(team=team, is_owning_enabled=True, owned_ahead_s=7200)
        callback = promise(team=team, claim=Claim.OWNED, agent=alice)

        with pytest.raises(CallbackRefusedError, match="owned_delay_exceeded"):
            changing.reschedule(callback, slot=in_(2.5), actor=SYSTEM, now=NOW)

    @pytest.mark.parametrize("status", ["due", "offered", "calling", *OVER])
    def test_is_too_late_once_its_time_has_come(self, status):
        callback = put(promise(), status)

        with pytest.raises(CallbackRefusedError, match="not_scheduled_state"):
            changing.reschedule(callback, slot=in_(2), actor=SYSTEM, now=NOW)

    def test_of_one_that_changed_meanwhile_goes_by_how_it_is(self):
        callback = promise()
        changing.cancel(Callback.objects.get(pk=callback.pk), actor=SYSTEM, now=NOW, reason="x")

        with pytest.raises(CallbackRefusedError, match="not_scheduled_state"):
            changing.reschedule(callback, slot=in_(2), actor=SYSTEM, now=NOW)


class TestHandingOver:
    def test_to_another_team_leaves_the_owner_behind(self):
        alice = make_agent()
        team, sales = make_team(members=(alice,)), make_team(name="Sales")
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        callback = promise(team=team, claim=Claim.OWNED, agent=alice)

        after = changing.transfer(callback, team=sales, actor=SYSTEM, now=NOW, reason="A sale.")

        assert (after.team, after.owner, after.preferred_agent) == (sales, None, None)
        event = last_event(callback)
        assert event.type == "callback.transferred"
        assert event.data == {"user_id": None, "team_id": sales.pk, "reason": "A sale."}

    def test_to_somebody_else_keeps_what_it_was(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        owned = promise(team=team, claim=Claim.OWNED, agent=alice)
        preferred = promise(team=team, claim=Claim.PREFERRED, agent=alice)

        owned = changing.transfer(owned, agent=bob, actor=SYSTEM, now=NOW)
        preferred = changing.transfer(preferred, agent=bob, actor=SYSTEM, now=NOW)

        assert (owned.owner, owned.preferred_agent) == (bob, None)
        assert (preferred.owner, preferred.preferred_agent) == (None, bob)

    def test_to_nobody_lets_anybody_call(self):
        alice = make_agent()
        callback = promise(claim=Claim.PREFERRED, agent=alice)

        after = changing.transfer(callback, claim=Claim.ANY, actor=SYSTEM, now=NOW)

        assert after.preferred_agent is None

    def test_to_who_has_it_is_no_change(self):
        alice = make_agent()
        callback = promise(claim=Claim.PREFERRED, agent=alice)
        changing.transfer(callback, agent=alice, actor=SYSTEM, now=NOW)

        assert not Event.objects.filter(type="callback.transferred").exists()

    def test_asks_the_new_team_about_owners(self):
        alice = make_agent()
        team, sales = make_team(members=(alice,)), make_team(name="Sales", members=(alice,))
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        callback = promise(team=team, claim=Claim.OWNED, agent=alice)

        with pytest.raises(CallbackRefusedError, match="owned_not_enabled"):
            changing.transfer(
                callback, team=sales, claim=Claim.OWNED, agent=alice, actor=SYSTEM, now=NOW
            )

    def test_of_one_that_was_offered_lets_it_be_offered_anew(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        callback = put(promise(team=team), "offered", offered_to=alice, offered_at=NOW)

        after = changing.transfer(callback, agent=bob, claim=Claim.PREFERRED, actor=SYSTEM, now=NOW)

        assert (after.status, after.offered_to, after.look_due_at) == (
            CallbackStatus.DUE,
            None,
            NOW,
        )

    @pytest.mark.parametrize("status", ["calling", *OVER])
    def test_is_too_late_while_somebody_calls(self, status):
        callback = put(promise(), status)

        with pytest.raises(CallbackRefusedError, match="not_scheduled_state"):
            changing.transfer(callback, team=make_team(), actor=SYSTEM, now=NOW)


class TestCorrecting:
    def test_changes_what_is_named(self):
        callback = promise(note="Old", name="Dora")

        after = changing.edit(
            callback, number="+1 650 253 0000", note="New", data={"a": "b"}, actor=SYSTEM, now=NOW
        )

        assert (after.number, after.note, after.name) == ("+16502530000", "New", "Dora")
        event = last_event(callback)
        assert (event.type, event.data) == (
            "callback.updated",
            {"changed": ["data", "note", "number"]},
        )

    def test_refuses_what_is_no_number(self):
        with pytest.raises(CallbackRefusedError, match="invalid_number"):
            changing.edit(promise(), number="12", actor=SYSTEM, now=NOW)

    def test_of_nothing_is_no_change(self):
        callback = promise(note="Old")
        changing.edit(callback, note="Old", actor=SYSTEM, now=NOW)

        assert Callback.objects.get().version == callback.version
        assert not Event.objects.filter(type="callback.updated").exists()


class TestCancelling:
    @pytest.mark.parametrize("status", ["scheduled", "due", "offered"])
    def test_leaves_nothing_for_a_sweep_to_find(self, status):
        callback = put(promise(), status)

        after = changing.cancel(callback, actor=SYSTEM, now=NOW, reason="Solved by mail.")

        assert (after.status, after.look_due_at, after.ended_at) == ("cancelled", None, NOW)
        assert (after.end_reason, after.end_note) == ("cancelled", "Solved by mail.")
        event = last_event(callback)
        assert (event.type, event.data) == ("callback.cancelled", {"reason": "Solved by mail."})

    def test_again_changes_nothing(self):
        callback = promise()
        changing.cancel(callback, actor=SYSTEM, now=NOW, reason="First")
        again = changing.cancel(callback, actor=SYSTEM, now=NOW, reason="Second")

        assert again.end_note == "First"
        assert Event.objects.filter(type="callback.cancelled").count() == 1

    @pytest.mark.parametrize(
        ("status", "code"), [("calling", "calling"), ("completed", "over"), ("missed", "over")]
    )
    def test_is_refused_while_somebody_calls_and_afterwards(self, status, code):
        callback = put(promise(), status)

        with pytest.raises(CallbackRefusedError) as caught:
            changing.cancel(callback, actor=SYSTEM, now=NOW, reason="x")

        assert caught.value.code == f"callback.{code}"
        assert Callback.objects.get().status == status

    def test_frees_the_conversation_for_another(self):
        callback = promise()
        changing.cancel(callback, actor=SYSTEM, now=NOW, reason="x")
        assert callback.conversation is not None

        scheduling.schedule(callback.conversation, wish=Wish(), actor=SYSTEM, now=NOW)

    def test_tells_the_customer_if_wanted(self):
        sachi = make_supervisor()
        callback = promise()
        actor = Actor.person(sachi.pk, "Sachi")

        changing.cancel(callback, actor=actor, now=NOW, reason="x", message="No call is needed.")

        message = Message.objects.get()
        assert (message.body, message.author) == ("No call is needed.", sachi)

    def test_is_not_done_where_the_customer_cannot_be_told(self):
        sachi = make_supervisor()
        callback = promise()
        late = NOW + timedelta(hours=25)  # WhatsApp's window is over
        actor = Actor.person(sachi.pk, "Sachi")

        with pytest.raises(ReplyRefusedError):
            changing.cancel(callback, actor=actor, now=late, reason="x", message="No call.")

        assert Callback.objects.get().status == "scheduled"


class TestALostRace:
    def test_writes_nothing(self):
        callback = promise()
        Callback.objects.update(version=7)

        with pytest.raises(moves.CallbackMovedError):
            moves.write(callback, {"note": "x"}, "callback.updated", actor=SYSTEM, now=NOW)

        assert not Event.objects.filter(type="callback.updated").exists()
