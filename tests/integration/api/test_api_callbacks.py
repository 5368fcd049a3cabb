"""Callbacks over HTTP: promised, found, changed, taken back; one and many; safe to repeat."""

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import Callback, CallbackSettings
from callbacks.services import scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import Wish
from callbacks.slots import at_instant
from conversations.actors import Actor
from conversations.models import Event
from teams.models import Role
from tests import moments
from tests.factories import make_agent, make_channel, make_contact, make_conversation, make_team

pytestmark = pytest.mark.django_db
NOW = moments.WEDNESDAY_MORNING
TOKYO = "Asia/Tokyo"
NUMBER = "+81332249999"


@pytest.fixture
def team():
    return make_team(code="cs")


@pytest.fixture
def chat(team):
    return make_conversation(team=team, contact=make_contact(address="+819012345678"))


def promise(chat=None, *, hours: float = 1, by=None, **wish) -> Callback:
    chat = chat or make_conversation(team=make_team())
    slot = at_instant(NOW + timedelta(hours=hours), zone=TOKYO)
    actor = Actor.person(by.pk, by.name) if by else Actor.system()
    return scheduling.schedule(chat, wish=Wish(slot=slot, **wish), actor=actor, now=NOW)


def of(chat) -> dict[str, Any]:
    return {"conversation": str(chat.public_id)}


def path(callback: Callback, verb: str = "") -> str:
    return f"callbacks/{callback.public_id}/" + (f"{verb}/" if verb else "")


class TestScheduling:
    def test_answers_with_the_wall_the_zone_and_the_instant(self, api, chat):
        body = {"local_time": "2026-11-25T10:30", "timezone": "Europe/Paris", "note": "Frames"}

        answer = api.post("callbacks/", of(chat) | body)

        shown = answer.json()
        assert answer.status_code == 201
        assert shown["local_time"] == "2026-11-25T10:30"
        assert shown["timezone"] == "Europe/Paris"
        assert shown["due_at"] == "2026-11-25T09:30:00Z"
        assert (shown["state"], shown["is_ambiguous"]) == ("scheduled", False)
        assert (shown["conversation"], shown["note"]) == (str(chat.public_id), "Frames")
        assert (shown["team"]["code"], shown["contact"]["name"]) == ("cs", "Dora")
        assert shown["created_by"]["name"] == "Ada"
        assert api.get(f"callbacks/{shown['id']}/").json() == shown

    def test_without_a_time_is_in_half_an_hour_at_the_customers(self, api, chat):
        shown = api.post("callbacks/", of(chat)).json()

        assert (shown["local_time"], shown["timezone"]) == ("2026-11-18T18:30", TOKYO)

    def test_at_once_is_due_now(self, api, chat):
        shown = api.post("callbacks/", of(chat) | {"at_once": True}).json()

        assert shown["due_at"] == "2026-11-18T09:00:00Z"

    def test_takes_an_instant(self, api, chat):
        shown = api.post("callbacks/", of(chat) | {"due_at": "2026-11-19T10:30:00+09:00"}).json()

        assert (shown["due_at"], shown["local_time"]) == (
            "2026-11-19T01:30:00Z",
            "2026-11-19T10:30",
        )

    def test_needs_no_conversation(self, api, team):
        channel = make_channel()
        body = {
            "phone": "03-3224-9999",
            "country_code": "JP",
            "team": {"code": "cs"},
            "channel": str(channel.public_id),
            "name": "Doc",
            "caller_id": "+81312345678",
            "caller_id_name": "Relay",
            "data": {"order": "4711"},
        }

        shown = api.post("callbacks/", body).json()

        assert (shown["conversation"], shown["phone"]) == (None, NUMBER)
        assert (shown["caller_id"], shown["caller_id_name"]) == ("+81312345678", "Relay")
        assert (shown["data"], shown["contact"]["name"]) == ({"order": "4711"}, "Doc")

    def test_twice_with_one_key_is_one(self, api, chat):
        first = api.post("callbacks/", of(chat), Idempotency_Key="a")
        again = api.post("callbacks/", of(chat), Idempotency_Key="a")

        assert first.content == again.content
        assert Callback.objects.count() == 1

    def test_a_second_time_says_where_the_first_is(self, api, chat):
        first = promise(chat)

        answer = api.post("callbacks/", of(chat))

        assert (answer.status_code, answer.json()["code"]) == (409, "callback.already_scheduled")
        assert answer.headers["Location"] == f"/api/v1/callbacks/{first.public_id}/"
        assert set(answer.json()["fields"]) == {"conversation"}

    def test_at_night_needs_a_reason(self, api, chat):
        body = of(chat) | {"local_time": "2026-11-19T03:00"}

        answer = api.post("callbacks/", body)

        assert (answer.status_code, answer.json()["code"]) == (422, "callback.needs_reason")
        assert set(answer.json()["fields"]) == {"override_reason"}
        lifted = api.post("callbacks/", body | {"override_reason": "A night shift."})
        assert lifted.json()["override_reason"] == "A night shift."

    def test_says_of_a_time_that_the_clocks_show_it_twice(self, api, chat):
        callback = promise(chat)
        twice = {"wall_date": "2026-10-25", "wall_clock": "02:30", "zone": "Europe/Berlin"}
        Callback.objects.update(**twice)

        assert api.get(path(callback)).json()["is_ambiguous"] is True

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({"local_time": "2026-12-20T10:00"}, "callback.beyond_max_delay", "local_time"),
            ({"local_time": "2026-11-18T17:58"}, "callback.time_in_past", "local_time"),
            ({"due_at": "2026-11-18T08:00:00Z"}, "callback.time_in_past", "due_at"),
            ({"due_at": "9999-12-31T23:59:59Z"}, "callback.beyond_max_delay", "due_at"),
            ({"local_time": "2026-02-30T10:00"}, "validation", "local_time"),
            ({"local_time": "2026-11-25 10:30"}, "validation", "local_time"),
            ({"timezone": "europe/berlin"}, "validation", "timezone"),
            ({"phone": "+0123"}, "callback.invalid_number", "phone"),
            ({"caller_id": "0312"}, "callback.invalid_caller_id", "caller_id"),
            ({"data": {"a": 1}}, "validation", "data"),
            ({"at_once": True, "local_time": "2026-11-25T10:30"}, "validation", "local_time"),
            ({"channel": "0199c0de-0000-7000-8000-000000000241"}, "validation", "channel"),
            ({"queueId": "x"}, "unknown_field", "queueId"),
        ],
    )
    def test_refuses_what_cannot_be(self, api, chat, body, code, field):
        answer = api.post("callbacks/", of(chat) | body)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert set(answer.json()["fields"]) == {field}
        assert not Callback.objects.exists()

    def test_by_an_agent_is_for_oneself(self, call, team, chat):
        alice, bob = make_agent(), make_agent(name="Bob")
        team.memberships.create(user=alice)
        team.memberships.create(user=bob)
        agent = call(alice)

        other = agent.post("callbacks/", of(chat) | {"preferred_agent": {"email": bob.email}})
        own = agent.post("callbacks/", of(chat) | {"preferred_agent": {"email": alice.email}})

        assert (other.status_code, own.status_code) == (403, 201)
        assert own.json()["preferred_agent"]["name"] == "Alice"

    def test_by_an_agent_without_a_conversation_is_for_the_own_teams(self, call, team):
        make_channel()
        make_team(name="Sales", code="sales")
        alice = make_agent()
        team.memberships.create(user=alice)
        agent = call(alice)

        answers = [
            agent.post("callbacks/", {"phone": NUMBER, "team": {"code": code}}).status_code
            for code in ("sales", "cs")
        ]

        assert answers == [403, 201]

    def test_counts_the_owner_where_both_are_named(self, api, team, chat):
        alice = make_agent()
        team.memberships.create(user=alice)
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        alice_is = {"email": alice.email}

        shown = api.post(
            "callbacks/", of(chat) | {"owner": alice_is, "preferred_agent": alice_is}
        ).json()

        assert (shown["owner"]["name"], shown["preferred_agent"]) == ("Alice", None)


class TestTheList:
    def test_is_narrowed_by_each_filter(self, api, team):
        alice = make_agent()
        team.memberships.create(user=alice)
        CallbackSettings.objects.create(team=team, is_owning_enabled=True)
        early = promise(make_conversation(team=team))
        owned = promise(
            make_conversation(team=team, contact=make_contact(address=NUMBER)),
            hours=2,
            claim=Claim.OWNED,
            agent=alice,
        )
        done = promise(hours=2)
        Callback.objects.filter(pk=done.pk).update(status="completed", look_due_at=None)
        late = promise(hours=2)
        Callback.objects.filter(pk=late.pk).update(status="due", due_at=NOW - timedelta(hours=1))
        names = {early: "early", owned: "owned", done: "done", late: "late"}
        ids = {str(callback.public_id): name for callback, name in names.items()}

        def found(**query: Any) -> set[str]:
            answer = api.get("callbacks/", query)
            assert answer.status_code == 200, answer.content
            return {ids[row["id"]] for row in answer.json()["data"]}

        assert found() == set(ids.values())
        assert found(state="scheduled") == {"early", "owned"}
        assert found(state="pending") == {"early", "owned", "late"}
        assert found(state="live,completed") == {"done", "late"}
        assert found(phone="3224") == {"owned"}
        assert found(due_until="2026-11-18T10:30:00Z") == {"early", "late"}
        assert found(due_since="2026-11-18T10:30:00Z") == {"owned", "done"}
        assert found(owner=str(alice.public_id)) == {"owned"}
        assert found(owner="none") == {"early", "done", "late"}
        assert found(owned="true") == {"owned"}
        assert found(late="true") == {"late"}
        assert found(team="cs") == {"early", "owned"}
        assert found(channel=str(late.channel.public_id)) == {"late"}
        assert found(contact=str(early.identity.contact.public_id)) == {"early"}
        assert found(conversation=str(owned.conversation.public_id)) == {"owned"}
        assert api.get("callbacks/", {"state": "due,soon"}).status_code == 400

    def test_comes_in_pages_by_the_time(self, api):
        for hours in (2, 0.5, 1):
            promise(hours=hours)

        first = api.get("callbacks/", {"limit": 2}).json()
        second = api.get(first["next"].removeprefix("http://testserver")).json()

        times = [row["due_at"][11:16] for row in [*first["data"], *second["data"]]]
        assert times == ["09:30", "10:00", "11:00"]

    def test_costs_as_many_queries_for_many_as_for_one(self, api, django_assert_max_num_queries):
        for _ in range(8):
            promise()

        with django_assert_max_num_queries(12):
            assert len(api.get("callbacks/").json()["data"]) == 8


class TestChanging:
    def test_puts_off_hands_over_and_corrects_in_one(self, api, team, chat):
        make_team(name="Sales", code="sales")
        callback = promise(chat)

        answer = api.patch(
            path(callback),
            {
                "local_time": "2026-11-20T10:00",
                "team": {"code": "sales"},
                "phone": "+1 650 253 0000",
                "note": "New",
                "reason": "Asked for it.",
                "expected_version": callback.version,
            },
        )

        shown = answer.json()
        assert answer.status_code == 200
        assert (shown["local_time"], shown["timezone"]) == ("2026-11-20T10:00", TOKYO)
        assert (shown["team"]["code"], shown["phone"]) == ("sales", "+16502530000")
        kinds = Event.objects.filter(type__startswith="callback.").order_by("pk")
        assert list(kinds.values_list("type", flat=True)) == [
            "callback.scheduled",
            "callback.updated",
            "callback.rescheduled",
            "callback.transferred",
        ]

    def test_takes_all_of_it_back_where_one_is_refused(self, api, chat):
        callback = promise(chat)

        answer = api.patch(path(callback), {"note": "New", "local_time": "2026-12-25T10:00"})

        assert answer.status_code == 422
        callback.refresh_from_db()
        assert callback.note == ""

    def test_of_the_zone_alone_keeps_the_clock(self, api, chat):
        shown = api.patch(path(promise(chat)), {"timezone": "Asia/Kolkata"}).json()

        assert (shown["local_time"], shown["timezone"]) == ("2026-11-18T19:00", "Asia/Kolkata")
        assert shown["due_at"] == "2026-11-18T13:30:00Z"

    def test_of_an_older_version_is_refused(self, api, chat):
        answer = api.patch(path(promise(chat)), {"note": "x", "expected_version": 9})

        assert (answer.status_code, answer.json()["code"]) == (412, "callback.version_conflict")

    def test_comes_too_late_when_it_is_due(self, api, chat):
        callback = promise(chat)
        Callback.objects.update(status="due")

        answer = api.patch(path(callback), {"local_time": "2026-11-20T10:00"})

        assert (answer.status_code, answer.json()["code"]) == (409, "callback.not_scheduled_state")

    def test_null_lets_anybody_call(self, api, chat):
        callback = promise(chat, claim=Claim.PREFERRED, agent=make_agent())

        assert (
            api.patch(path(callback), {"preferred_agent": None}).json()["preferred_agent"] is None
        )


class TestWhoMay:
    @pytest.fixture
    def alice(self, team):
        alice = make_agent()
        team.memberships.create(user=alice)
        return alice

    def test_agents_change_their_own_alone(self, call, alice, team):
        others = promise(make_conversation(team=team))
        own = promise(make_conversation(team=team), by=alice)
        agent = call(alice)

        answers = [
            agent.post(path(callback, "cancel"), {"reason": "x"}).status_code
            for callback in (others, own)
        ]

        assert answers == [403, 200]

    def test_supervisors_change_any_of_their_teams(self, call, team):
        sachi = make_agent(name="Sachi", role=Role.SUPERVISOR)
        team.memberships.create(user=sachi)
        callback, foreign = promise(make_conversation(team=team)), promise()
        supervisor = call(sachi)

        answers = [
            supervisor.post(path(each, "cancel"), {"reason": "x"}).status_code
            for each in (callback, foreign)
        ]

        assert answers == [200, 404]

    def test_agents_hand_nothing_over_that_is_due(self, call, alice, team):
        own = promise(make_conversation(team=team), claim=Claim.PREFERRED, agent=alice)
        Callback.objects.update(status="offered", offered_to=alice)

        answer = call(alice).patch(path(own), {"preferred_agent": None})

        assert answer.status_code == 403

    def test_a_key_needs_its_scope(self, call, ada, chat):
        assert call(ada, scopes=["read"]).post("callbacks/", of(chat)).status_code == 403


class TestCancelling:
    def test_needs_a_reason(self, api, chat):
        answer = api.post(path(promise(chat), "cancel"), {})

        assert answer.status_code == 422
        assert set(answer.json()["fields"]) == {"reason"}

    def test_is_refused_while_somebody_calls(self, api, chat):
        callback = promise(chat)
        Callback.objects.update(status="calling")

        answer = api.post(path(callback, "cancel"), {"reason": "x"})

        assert (answer.status_code, answer.json()["code"]) == (409, "callback.calling")


class TestCalling:
    def test_is_begun_and_told_how_it_went(self, api, ada, chat):
        callback = promise(chat)

        begun = api.post(path(callback, "start"), {}).json()
        done = api.post(path(callback, "complete"), {"outcome": "reached", "note": "Fine."})

        assert (begun["state"], begun["offered_to"]["name"]) == ("calling", "Ada")
        shown = done.json()
        assert (shown["state"], shown["outcome"], shown["end_note"]) == (
            "completed",
            "reached",
            "Fine.",
        )
        chat.refresh_from_db()
        assert (chat.assignee, chat.status) == (ada, "in_progress")

    def test_needs_no_body(self, api, chat):
        assert api.post(path(promise(chat), "start"), b"").status_code == 200

    def test_is_refused_once_it_is_over(self, api, chat):
        callback = promise(chat)
        api.post(path(callback, "cancel"), {"reason": "x"})

        answers = [
            api.post(path(callback, "start"), {}),
            api.post(path(callback, "complete"), {"outcome": "reached"}),
        ]

        found = {(answer.status_code, answer.json()["code"]) for answer in answers}
        assert found == {(409, "callback.illegal_move")}

    def test_is_for_whoever_has_it(self, call, team):
        alice, bob = make_agent(), make_agent(name="Bob")
        for person in (alice, bob):
            team.memberships.create(user=person)
        free, bobs = (promise(make_conversation(team=team)) for _ in range(2))
        Callback.objects.filter(pk=bobs.pk).update(status="offered", offered_to=bob)
        agent = call(alice)

        answers = [agent.post(path(each, "start"), {}).status_code for each in (free, bobs)]

        assert answers == [200, 403]


class TestManyAtOnce:
    def test_each_has_an_answer_or_a_problem_of_its_own(self, api, team):
        make_team(name="Sales", code="sales")
        first, second, third, over = (promise(make_conversation(team=team)) for _ in range(4))
        Callback.objects.filter(pk=over.pk).update(status="completed", look_due_at=None)
        item = {"action": "cancel", "reason": "A holiday."}

        answer = api.post(
            "callbacks/bulk/",
            {
                "items": [
                    item | {"callback": str(first.public_id)},
                    {
                        "callback": str(second.public_id),
                        "action": "reschedule",
                        "local_time": "2026-11-20T10:00",
                    },
                    {
                        "callback": str(third.public_id),
                        "action": "transfer",
                        "team": {"code": "sales"},
                    },
                    item | {"callback": str(over.public_id)},
                    item | {"callback": "0199c0de-0000-7000-8000-000000000241"},
                    {"callback": str(first.public_id), "action": "delete"},
                    "not an item",
                ]
            },
        )

        body = answer.json()
        assert (answer.status_code, body["succeeded"], body["failed"]) == (207, 3, 4)
        statuses = [result["status"] for result in body["results"]]
        assert statuses == [200, 200, 200, 409, 404, 422, 422]
        answers = [result["answer"] for result in body["results"][:3]]
        assert answers[0]["state"] == "cancelled"
        assert answers[1]["local_time"] == "2026-11-20T10:00"
        assert answers[2]["team"]["code"] == "sales"
        assert body["results"][3]["problem"]["code"] == "callback.over"

    def test_again_with_the_key_does_nothing_twice(self, api, chat):
        callback = promise(chat)
        item = {
            "callback": str(callback.public_id),
            "action": "reschedule",
            "local_time": "2026-11-20T10:00",
        }

        answers = [
            api.post("callbacks/bulk/", {"items": [item]}, Idempotency_Key="k").content
            for _ in range(2)
        ]

        assert answers[0] == answers[1]
        assert Event.objects.filter(type="callback.rescheduled").count() == 1

    def test_are_a_hundred_at_most(self, api):
        items = [{"callback": "0199c0de-0000-7000-8000-000000000241", "action": "cancel"}] * 101

        assert api.post("callbacks/bulk/", {"items": items}).status_code == 422

    def test_needs_a_reason_to_cancel(self, api, chat):
        item = {"callback": str(promise(chat).public_id), "action": "cancel"}

        result = api.post("callbacks/bulk/", {"items": [item]}).json()["results"][0]

        assert (result["status"], set(result["problem"]["fields"])) == (422, {"reason"})


class TestTheDefaults:
    def test_say_what_a_form_begins_with(self, api, chat):
        shown = api.get(f"conversations/{chat.public_id}/callbacks/usual/").json()

        assert shown["local_time"] == "2026-11-18T18:30"
        assert (shown["timezone"], shown["is_timezone_guessed"]) == (TOKYO, True)
        assert (shown["phone"], shown["team"]["code"]) == (chat.identity.address, "cs")
        assert (shown["may_choose_team"], shown["may_own"], shown["pending"]) == (True, False, None)


class TestATeamThatGoes:
    def test_is_kept_while_somebody_waits_for_its_call(self, api, team):
        make_channel()
        body = {"phone": NUMBER, "team": {"code": "cs"}, "local_time": "2026-11-19T10:00"}
        callback = api.post("callbacks/", body).json()

        answers = [api.delete("teams/cs/"), api.patch("teams/cs/", {"is_active": False})]

        assert [answer.status_code for answer in answers] == [409, 409]
        assert {answer.json()["code"] for answer in answers} == {"team.in_use"}
        assert "1 callback" in answers[0].json()["detail"]
        api.post(f"callbacks/{callback['id']}/cancel/", {"reason": "x"})
        assert api.patch("teams/cs/", {"is_active": False}).status_code == 200


class TestTheSettings:
    def test_are_the_defaults_until_somebody_changes_them(self, api, team):
        shown = api.get("teams/cs/callback-settings/").json()

        assert (shown["owned_hold_s"], shown["on_expiry"]) == (86_400, "release")
        assert (shown["call_from"], shown["call_until"]) == ("08:00", "21:00")
        assert not CallbackSettings.objects.exists()

    def test_keep_what_is_not_named(self, api, team):
        channel = make_channel()
        api.patch("teams/cs/callback-settings/", {"owned_hold_s": 3600})
        shown = api.patch(
            "teams/cs/callback-settings/",
            {"is_owning_enabled": True, "call_from": "09:30", "channel": str(channel.public_id)},
        ).json()

        assert (shown["owned_hold_s"], shown["is_owning_enabled"]) == (3600, True)
        assert (shown["call_from"], shown["channel"]["id"]) == ("09:30", str(channel.public_id))
        assert CallbackSettings.objects.get().team == team

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"owned_ahead_s": 3599}, "owned_ahead_s"),
            ({"owned_hold_s": 7 * 86_400 + 1}, "owned_hold_s"),
            ({"alerting_s": 6}, "alerting_s"),
            ({"call_from": "22:00"}, "call_until"),
            ({"call_from": "25:00"}, "call_from"),
            ({"dialling": "agent_first"}, "voice_channel"),
            ({"caller_id": "12"}, "caller_id"),
            ({"channel": "0199c0de-0000-7000-8000-000000000241"}, "channel"),
        ],
    )
    def test_refuse_what_a_team_cannot_have(self, api, team, body, field):
        answer = api.patch("teams/cs/callback-settings/", body)

        assert answer.status_code == 422
        assert set(answer.json()["fields"]) == {field}
