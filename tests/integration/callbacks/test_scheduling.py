"""Promising a call: what is stored, what is refused, and what only needs a reason."""

from datetime import date, datetime, time, timedelta

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.refusal_words import explain
from callbacks.services import scheduling
from callbacks.services.checks import Claim, read_wall_time
from callbacks.services.scheduling import CallbackRefusedError, WarnedError, Wish
from callbacks.slots import at_instant
from conversations.actors import Actor
from conversations.models import Contact, Event, Identity
from teams.models import Strategy
from teams.services.shifts import set_shifts
from teams.shifts import weekly
from tests import moments
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("language_en")]
NOW = moments.WEDNESDAY_MORNING  # 18:00 in Tokyo
TOKYO = "Asia/Tokyo"
SYSTEM = Actor.system()


def in_(hours: float, *, zone: str = TOKYO):
    return at_instant(NOW + timedelta(hours=hours), zone=zone)


def schedule(conversation=None, *, actor=SYSTEM, now: datetime = NOW, channel=None, **wish):
    return scheduling.schedule(
        conversation, wish=Wish(**wish), actor=actor, now=now, channel=channel
    )


def refused(*args, **wish) -> CallbackRefusedError:
    with pytest.raises(CallbackRefusedError) as caught:
        schedule(*args, **wish)
    assert not Callback.objects.exists()
    return caught.value


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def chat(team):
    return make_conversation(team=team, contact=make_contact(address="+819012345678"))


class TestACallbackOfAConversation:
    def test_keeps_the_wall_the_zone_and_the_instant(self, chat, team):
        slot = read_wall_time(date(2026, 11, 19), time(10, 30), zone=TOKYO)
        callback = schedule(chat, slot=slot, note="The larger frame", data={"order": "4711"})

        callback.refresh_from_db()
        assert (callback.wall_date, callback.wall_clock) == (date(2026, 11, 19), time(10, 30))
        assert callback.zone == TOKYO
        assert callback.due_at.isoformat() == "2026-11-19T01:30:00+00:00"
        assert callback.look_due_at == callback.due_at
        assert (callback.conversation, callback.channel) == (chat, chat.channel)
        assert (callback.identity, callback.number) == (chat.identity, chat.identity.address)
        assert (callback.team, callback.name, callback.country_code) == (team, "Dora", "JP")
        assert (callback.note, callback.data) == ("The larger frame", {"order": "4711"})

    def test_is_told_as_one_event(self, chat, team):
        alice = make_agent()
        actor = Actor.person(alice.pk, "Alice")
        callback = schedule(chat, slot=in_(1), claim=Claim.PREFERRED, agent=alice, actor=actor)

        event = Event.objects.get(type="callback.scheduled")
        assert (event.conversation, event.actor) == (chat, alice)
        assert event.data == {
            "callback": str(callback.public_id),
            "due_at": "2026-11-18T10:00:00+00:00",
            "zone": TOKYO,
            "user_id": alice.pk,
            "team_id": team.pk,
        }
        assert (callback.preferred_agent, callback.owner) == (alice, None)
        assert callback.created_by == alice

    def test_at_once_is_due_now_on_the_customers_clock(self, chat):
        callback = schedule(chat)

        assert (callback.due_at, callback.zone) == (NOW, TOKYO)
        assert callback.wall_clock == time(18, 0)

    def test_is_one_until_it_is_over(self, chat):
        first = schedule(chat, slot=in_(1))

        with pytest.raises(CallbackRefusedError) as caught:
            schedule(chat, slot=in_(2))

        assert caught.value.code == "callback.already_scheduled"
        assert caught.value.facts["callback"] == str(first.public_id)
        assert Callback.objects.count() == 1
        Callback.objects.update(status="completed", look_due_at=None)
        schedule(chat, slot=in_(2))
        assert Callback.objects.count() == 2

    def test_goes_to_the_team_that_had_the_conversation_last(self, chat, team):
        chat.assignments.create(team=team, kind="manual", started_at=NOW, ended_at=NOW)
        chat.team = None
        chat.save(update_fields=["team"])

        assert schedule(chat).team == team

    def test_needs_a_team(self):
        assert refused(make_conversation()).code == "callback.queue_required"


class TestTheTeam:
    def test_is_another_only_where_its_team_lets_people_choose(self, chat, team):
        sales, alice = make_team(name="Sales"), make_agent()
        actor = Actor.person(alice.pk, "Alice")

        assert refused(chat, team=sales, actor=actor).code == "callback.queue_choice_disabled"
        CallbackSettings.objects.create(team=team, is_team_choosable=True)
        assert schedule(chat, team=sales, actor=actor).team == sales

    def test_may_be_any_for_a_supervisor(self, chat):
        sales, sachi = make_team(name="Sales"), make_supervisor()

        assert schedule(chat, team=sales, actor=Actor.person(sachi.pk, "Sachi")).team == sales

    def test_that_is_switched_off_calls_nobody(self, chat):
        chat.team.is_active = False
        chat.team.save(update_fields=["is_active"])

        assert refused(chat).code == "callback.queue_inactive"


class TestOwnership:
    def test_is_for_members_of_a_team_that_enables_it(self, chat, team):
        alice = make_agent()
        wish = {"claim": Claim.OWNED, "agent": alice, "slot": in_(1)}

        assert refused(chat, **wish).code == "callback.owned_not_enabled"
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        error = refused(chat, **wish)
        assert (error.code, error.field) == ("callback.invalid_owner", "owner")
        team.memberships.create(user=alice)
        callback = schedule(chat, **wish)
        assert (callback.owner, callback.preferred_agent) == (alice, None)

    @pytest.mark.parametrize(("hours", "is_fine"), [(1, True), (1.02, False)])
    def test_reaches_as_far_ahead_as_the_team_says(self, chat, team, hours, is_fine):
        alice = make_agent()
        team.memberships.create(user=alice)
        CallbackSettings.objects.create(team=team, is_owning_enabled=True, owned_ahead_s=3600)
        wish = {"claim": Claim.OWNED, "agent": alice, "slot": in_(hours)}

        if is_fine:
            assert schedule(chat, **wish).owner == alice
            return
        error = refused(chat, **wish)
        assert error.code == "callback.owned_delay_exceeded"
        assert explain(error) == "You can own callbacks at most 1 hour ahead."

    def test_is_not_for_somebody_who_left(self, chat):
        gone = make_agent(is_active=False)

        error = refused(chat, claim=Claim.PREFERRED, agent=gone)
        assert (error.code, error.field) == ("callback.invalid_owner", "preferred_agent")


class TestTheTime:
    @pytest.mark.parametrize(
        ("ahead", "code"),
        [
            (timedelta(seconds=-61), "callback.time_in_past"),
            (timedelta(seconds=-60), None),
            (timedelta(days=30, seconds=60), None),
            (timedelta(days=30, seconds=61), "callback.beyond_max_delay"),
        ],
    )
    def test_is_between_now_and_thirty_days(self, chat, ahead, code):
        slot = at_instant(NOW + ahead, zone=TOKYO)

        if code is None:
            assert schedule(chat, slot=slot).due_at == slot.at
        else:
            assert refused(chat, slot=slot).code == code

    def test_that_no_clock_shows_is_refused_with_one_that_it_does(self):
        with pytest.raises(CallbackRefusedError) as caught:
            read_wall_time(date(2026, 3, 29), time(2, 30), zone="Europe/Berlin")

        assert caught.value.code == "callback.nonexistent_local_time"
        assert "Take 03:30, for example." in explain(caught.value)

    def test_that_a_clock_shows_twice_is_the_earlier_one(self):
        slot = read_wall_time(date(2026, 10, 25), time(2, 30), zone="Europe/Berlin")

        assert slot.at.isoformat() == "2026-10-25T00:30:00+00:00"
        assert slot.is_ambiguous


class TestWhatSpeaksAgainstIt:
    def test_is_said_all_at_once_and_lifted_by_a_reason(self, chat, team):
        alice = make_agent()
        membership = team.memberships.create(user=alice)
        set_shifts(membership, shifts=[weekly(0, time(9), time(17), zone=TOKYO)], now=NOW)
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        wish = {"claim": Claim.OWNED, "agent": alice, "slot": in_(4)}  # 22:00 in Tokyo

        error = refused(chat, **wish)
        assert isinstance(error, WarnedError)
        assert error.warnings == ("quiet_hours", "owner_away")
        assert explain(error).endswith("Say why it is to be scheduled anyway.")
        callback = schedule(chat, **wish, override_reason="She works at night.")
        assert callback.override_reason == "She works at night."

    def test_is_a_closed_team(self, chat, closed_on_wednesdays):
        chat.team.hours = closed_on_wednesdays
        chat.team.save(update_fields=["hours"])

        error = refused(chat, slot=in_(1))
        assert isinstance(error, WarnedError)
        assert error.warnings == ("team_closed",)
        assert schedule(chat, slot=in_(24)).due_at == in_(24).at

    @pytest.mark.parametrize(
        ("clock", "is_fine"), [("07:59", False), ("08:00", True), ("20:59", True), ("21:00", False)]
    )
    def test_is_the_customers_night(self, chat, clock, is_fine):
        slot = read_wall_time(date(2026, 11, 20), time.fromisoformat(clock), zone="Europe/Paris")

        if is_fine:
            assert schedule(chat, slot=slot).zone == "Europe/Paris"
        else:
            assert isinstance(refused(chat, slot=slot), WarnedError)


class TestTheNumber:
    @pytest.mark.parametrize(
        ("given", "country", "stored"),
        [
            ("+1 (650) 253-0000", "", "+16502530000"),
            ("03-3224-9999", "jp", "+81332249999"),
            ("03-3224-9999", "", "+81332249999"),  # as the contact's country writes it
        ],
    )
    def test_is_stored_as_the_world_writes_it(self, chat, given, country, stored):
        wish = {"number": given, "country_code": country, "slot": in_(1)}
        assert schedule(chat, **wish).number == stored

    @pytest.mark.parametrize("given", ["+0123", "12", "+81 3", "call me", "+8190000000001111"])
    def test_must_be_one(self, chat, given):
        error = refused(chat, number=given)
        assert (error.code, error.field) == ("callback.invalid_number", "phone")

    def test_is_kept_as_given_where_nobody_wants_it_checked(self, chat):
        assert schedule(chat, number="ext. 12", is_checked=False).number == "ext. 12"

    @pytest.mark.parametrize("caller_id", ["0312345678", "+0123456789", "+81 312345678"])
    def test_that_calls_is_e164(self, chat, caller_id):
        assert refused(chat, caller_id=caller_id).code == "callback.invalid_caller_id"


class TestWithoutAConversation:
    NUMBER = "+81332249999"

    def test_makes_a_contact_at_the_only_channel(self, team):
        channel = make_channel()
        callback = schedule(number=self.NUMBER, team=team, name="Doc")

        assert (callback.channel, callback.conversation) == (channel, None)
        assert not callback.is_from_conversation
        contact = Contact.objects.get()
        assert (contact.name, contact.phone) == ("Doc", self.NUMBER)
        assert callback.identity == Identity.objects.get(medium="whatsapp", address=self.NUMBER)
        event = Event.objects.get(type="callback.scheduled")
        assert (event.contact, event.conversation) == (contact, None)

    def test_is_with_whom_the_number_talked_last(self, team):
        make_channel()
        dora = make_contact(address=self.NUMBER)
        chat = make_conversation(contact=dora, channel=make_channel(name="Kyoto"))

        callback = schedule(number=self.NUMBER, team=team)

        assert (callback.channel, callback.identity) == (chat.channel, chat.identity)
        assert callback.name == "Dora"
        assert Contact.objects.count() == 1

    def test_takes_the_channel_of_the_teams_settings(self, team):
        make_channel()
        kyoto = make_channel(name="Kyoto")
        assert refused(number=self.NUMBER, team=team).code == "callback.channel_required"
        assert not Contact.objects.exists()

        CallbackSettings.objects.create(team=team, channel=kyoto)
        assert schedule(number=self.NUMBER, team=team).channel == kyoto

    def test_is_not_limited_to_one(self, team):
        make_channel()
        schedule(number=self.NUMBER, team=team)
        schedule(number=self.NUMBER, team=team)

        assert Callback.objects.count() == 2
        assert Contact.objects.count() == 1

    def test_knows_a_number_in_both_spellings(self, team):
        make_channel()
        dora = make_contact(address="+551180000001")
        slot = in_(1)
        callback = schedule(number="+5511980000001", team=team, is_checked=False, slot=slot)

        assert callback.identity.contact == dora

    def test_needs_a_team(self):
        make_channel()
        assert refused(number=self.NUMBER).code == "callback.queue_required"


class TestWhatIsUsual:
    def test_is_in_half_an_hour_at_the_customers(self, chat, team):
        usual = scheduling.usual(chat, now=NOW)

        assert (usual.slot.at, usual.zone) == (NOW + timedelta(minutes=30), TOKYO)
        assert (usual.number, usual.team) == (chat.identity.address, team)
        assert (usual.may_choose_team, usual.may_own, usual.pending) == (False, False, None)

    def test_goes_over_midnight(self, chat):
        late = datetime.fromisoformat("2026-11-18T14:45:00+00:00")  # 23:45 in Tokyo

        slot = scheduling.usual(chat, now=late).slot

        assert (slot.day, slot.clock) == (date(2026, 11, 19), time(0, 15))

    def test_names_the_one_there_is(self, chat):
        callback = schedule(chat, slot=in_(1))

        assert scheduling.usual(chat, now=NOW).pending == callback

    def test_takes_the_zone_of_the_house_where_a_number_has_many(self, closed_on_wednesdays):
        dora = make_contact(address="+18005550100")
        team = make_team(strategy=Strategy.MANUAL, hours=closed_on_wednesdays)
        chat = make_conversation(contact=dora, team=team)

        usual = scheduling.usual(chat, now=NOW)

        assert (usual.zone, usual.is_zone_guessed) == (closed_on_wednesdays.time_zone, False)
