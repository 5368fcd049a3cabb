"""Teams, people, memberships and presence, as other systems keep them."""

import pytest

from conversations.states import Status
from teams.models import Presence, Role, Team, User
from tests import moments
from tests.factories import (
    make_agent,
    make_conversation,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db


def fields_of(answer):
    return {name: found[0]["code"] for name, found in answer.json()["fields"].items()}


class TestTeams:
    def test_are_created(self, api):
        alice = make_agent(code="E-1042")

        answer = api.post(
            "teams/",
            {
                "code": "support",
                "name": "Support",
                "strategy": "default_user",
                "default_user": {"code": "E-1042"},
            },
        )

        assert answer.status_code == 201
        assert answer.json()["default_user"]["id"] == str(alice.public_id)
        assert answer.json()["member_count"] == 0
        assert Team.objects.get().default_user == alice

    def test_are_found_by_id_and_by_code(self, api):
        support = make_team(code="support")

        found = [api.get(f"teams/{key}/").json() for key in (support.public_id, "support")]

        assert found[0] == found[1]
        assert found[0]["id"] == str(support.public_id)

    def test_keep_their_code(self, api):
        make_team(code="support")

        answer = api.patch("teams/support/", {"code": "sales"})

        assert (answer.status_code, fields_of(answer)) == (422, {"code": "unknown_field"})

    def test_are_changed(self, api):
        make_team(code="support")

        answer = api.patch("teams/support/", {"name": "Help", "reassign_after_s": 60})

        assert answer.status_code == 200
        assert (answer.json()["name"], answer.json()["reassign_after_s"]) == ("Help", 60)

    def test_with_a_code_that_is_taken_are_a_conflict(self, api):
        make_team(code="support")

        answer = api.post("teams/", {"code": "support", "name": "Support"})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
        assert fields_of(answer) == {"code": "unique"}

    def test_store_a_name_as_it_is(self, api):
        api.post("teams/", {"code": "sales", "name": "<b>x</b>"})

        assert Team.objects.get().name == "<b>x</b>"

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"code": "SA LES/../", "name": "X"}, {"code": "invalid"}),
            ({"name": "X"}, {"code": "required"}),
            ({"code": "x", "name": "X", "strategy": "dice"}, {"strategy": "invalid_choice"}),
            ({"code": "x", "name": "X", "reassign_after_s": 59}, {"reassign_after_s": "min_value"}),
            ({"code": "x", "name": "X", "reassign_after_s": "60"}, {"reassign_after_s": "invalid"}),
            ({"code": "x", "name": "X", "is_active": "yes"}, {"is_active": "invalid"}),
            ({"code": "x", "name": "X", "default_user": {}}, {"default_user": "one_key"}),
        ],
    )
    def test_with_values_that_cannot_be_used_are_refused(self, api, body, fields):
        answer = api.post("teams/", body)

        assert (answer.status_code, fields_of(answer)) == (422, fields)


class TestATeamThatGoes:
    def test_is_deleted(self, api):
        team = make_team(code="support", members=(make_agent(),))

        answers = [api.delete("teams/support/") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [204, 404]
        assert not Team.objects.filter(pk=team.pk).exists()

    def test_stays_inactive_where_conversations_remember_it(self, api):
        team = make_team(code="support", members=(make_agent(),))
        make_conversation(team=team, status=Status.CLOSED)

        assert api.delete("teams/support/").status_code == 204

        assert api.get("teams/support/").json()["is_active"] is False

    @pytest.mark.parametrize("use", ["rule", "conversation", "snoozed", "escalation"])
    def test_is_kept_while_it_is_in_use(self, api, use):
        team = make_team(code="support", members=(make_agent(),))
        if use == "rule":
            make_rule(team=team, is_active=False)
        elif use == "escalation":
            make_team(code="sales", escalation_team=team, escalate_after_s=60)
        else:
            make_conversation(team=team, status=Status.SNOOZED if use == "snoozed" else Status.NEW)

        answer = api.delete("teams/support/")

        assert (answer.status_code, answer.json()["code"]) == (409, "team.in_use")
        assert Team.objects.get(code="support").is_active

    def test_is_not_deleted_by_supervisors(self, call):
        team = make_team(code="support", members=(make_supervisor(),))

        answer = call(team.members.get()).delete("teams/support/")

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_insufficient")


class TestMembers:
    def test_that_left_are_not_added(self, api):
        make_team(code="support")
        gone = make_agent(code="gone", is_active=False)
        who = {"member": {"code": "gone"}}

        answers = [
            api.post("teams/support/members/", who),
            api.put("teams/support/members/", {"members": [who["member"]]}),
        ]

        assert [answer.json()["code"] for answer in answers] == ["member.inactive"] * 2
        assert not gone.teams.exists()

    def test_that_left_may_stay(self, api):
        gone = make_agent(code="gone", is_active=False)
        team = make_team(code="support", members=(gone,))

        answer = api.put("teams/support/members/", {"members": [{"code": "gone"}]})

        assert answer.status_code == 200
        assert list(team.members.all()) == [gone]

    def test_are_added_at_the_end(self, api):
        alice, bob = make_agent(), make_agent(name="Bob")
        make_team(code="support", members=(alice,))

        answer = api.post("teams/support/members/", {"member": {"email": bob.email.upper()}})

        assert (answer.status_code, answer.json()["position"]) == (201, 1)
        bob.refresh_from_db()
        assert bob.offer_due_at == moments.WEDNESDAY_MORNING

    def test_are_replaced_in_the_given_order(self, api):
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        team = make_team(code="support", members=(alice, bob))
        wanted = [{"id": str(chen.public_id)}, {"id": str(alice.public_id)}]

        answer = api.put("teams/support/members/", {"members": wanted})

        assert [row["member"]["name"] for row in answer.json()["data"]] == ["Chen", "Alice"]
        assert list(team.memberships.values_list("user__name", flat=True)) == ["Chen", "Alice"]

    def test_are_taken_out(self, api):
        alice = make_agent()
        team = make_team(code="support", members=(alice,))

        answers = [api.delete(f"teams/support/members/{alice.public_id}/") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [204, 204]
        assert not team.memberships.exists()

    def test_that_nobody_knows_are_named(self, api):
        make_team(code="support")

        answer = api.post("teams/support/members/", {"member": {"email": "nobody@e.example"}})

        assert (answer.status_code, answer.json()["code"]) == (404, "member.not_found")

    def test_are_listed_in_order(self, api):
        make_team(code="support", members=(make_agent(name="Bob"), make_agent(name="Alice")))

        rows = api.get("teams/support/members/").json()["data"]

        assert [row["member"]["name"] for row in rows] == ["Bob", "Alice"]

    def test_may_be_changed_by_supervisors_of_the_team(self, call):
        sachi, bob = make_supervisor(), make_agent(name="Bob")
        make_team(code="own", members=(sachi,))
        make_team(code="foreign")
        body = {"member": {"email": bob.email}}

        answers = [call(sachi).post(f"teams/{code}/members/", body) for code in ("own", "foreign")]

        assert [answer.status_code for answer in answers] == [201, 403]


class TestPeople:
    def test_are_created(self, api):
        answer = api.post(
            "users/",
            {
                "email": "Sato@E.Example",
                "name": "佐藤 美咲",
                "role": 3,
                "capacity": 5,
                "code": "E-1042",
                "external_id": "crm-7",
                "phone": "+81355501111",
                "language": "ja",
                "time_zone": "Asia/Tokyo",
            },
        )

        assert answer.status_code == 201
        person = User.objects.get(code="E-1042")
        assert (person.email, person.role, person.capacity) == ("sato@e.example", 3, 5)
        assert person.phone == answer.json()["phone"] == "+81355501111"
        assert not person.has_usable_password()
        assert answer.json()["id"] == str(person.public_id)

    @pytest.mark.parametrize(
        ("more", "fields"),
        [
            ({"email": "a" * 250 + "@e.example"}, {"email": "max_length"}),
            ({"email": "nobody"}, {"email": "invalid"}),
            ({"name": "x\x00"}, {"name": "invalid_characters"}),
            ({"capacity": -1}, {"capacity": "min_value"}),
            ({"capacity": 10**30}, {"capacity": "max_value"}),
            ({"capacity": 1.5}, {"capacity": "invalid"}),
            ({"phone": "03-5550-1111"}, {"phone": "invalid"}),
            ({"time_zone": "Mars/Base"}, {"time_zone": "unknown_zone"}),
            ({"time_zone": "../../etc/passwd"}, {"time_zone": "unknown_zone"}),
            ({"role": "superuser"}, {"role": "invalid_choice"}),
            ({"role": 5}, {"role": "invalid_choice"}),
            ({"role": True}, {"role": "invalid_choice"}),
            ({"role": [1]}, {"role": "invalid_choice"}),
            ({"language": "tlh"}, {"language": "invalid_choice"}),
            ({"password": "123"}, {"password": "unknown_field"}),
            ({"teams": [{"id": 1}]}, {"teams": "unknown_field"}),
        ],
    )
    def test_with_values_that_cannot_be_used_are_refused(self, api, more, fields):
        answer = api.post("users/", {"email": "x@e.example", "name": "X"} | more)

        assert (answer.status_code, fields_of(answer)) == (422, fields)

    def test_with_an_address_that_is_taken_are_a_conflict(self, api):
        make_agent(email="alice@e.example")

        answer = api.post("users/", {"email": "ALICE@e.example", "name": "Alice"})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")

    def test_are_found_by_what_others_call_them(self, api):
        alice = make_agent(code="E-1", external_id="crm-1", email="alice@e.example")
        make_agent(name="Bob")
        queries = [{"code": "E-1"}, {"external_id": "crm-1"}, {"email": "Alice@E.example"}]

        found = [api.get("users/", query).json()["data"] for query in queries]

        assert [[row["id"] for row in rows] for rows in found] == [[str(alice.public_id)]] * 3

    @pytest.mark.parametrize("key", ["E-1", "Alice@E.example", "crm-1", "public_id"])
    def test_are_at_the_address_that_others_know_them_by(self, api, key):
        alice = make_agent(code="E-1", external_id="crm-1", email="alice@e.example")
        make_agent(name="Bob", external_id="E-1", code="crm-2")

        answer = api.get(f"users/{alice.public_id if key == 'public_id' else key}/")

        assert answer.json()["id"] == str(alice.public_id)

    def test_that_nobody_knows_are_not_found(self, api):
        paths = ["nobody", "nobody@e.example", "a%00b", "0199aaaa-0000-7000-8000-000000000000"]

        assert [api.get(f"users/{path}/").status_code for path in paths] == [404] * 4

    def test_get_another_address_unless_somebody_has_it(self, api):
        alice, bob = make_agent(), make_agent(name="Bob", email="bob@e.example")

        answers = [
            api.patch(f"users/{alice.public_id}/", {"email": email})
            for email in ("Lambert@E.example", "BOB@e.example")
        ]

        assert [answer.status_code for answer in answers] == [200, 409]
        alice.refresh_from_db()
        assert (alice.email, bob.email) == ("lambert@e.example", "bob@e.example")

    def test_are_found_by_their_team_and_presence(self, api):
        alice, bob = make_agent(), make_agent(name="Bob", presence=Presence.AWAY)
        make_team(code="support", members=(alice, bob))

        rows = api.get("users/", {"team": "support", "presence": "away"}).json()["data"]

        assert [row["name"] for row in rows] == ["Bob"]

    def test_are_changed(self, api):
        alice = make_agent()

        answer = api.patch(
            f"users/{alice.public_id}/", {"role": 2, "capacity": 3, "is_receiving": False}
        )

        assert answer.status_code == 200
        alice.refresh_from_db()
        assert (alice.role, alice.capacity, alice.is_receiving) == (Role.SENIOR_AGENT, 3, False)
        assert alice.offer_due_at == moments.WEDNESDAY_MORNING

    @pytest.mark.parametrize(("by", "status"), [(Role.OWNER, 422), (Role.ADMINISTRATOR, 403)])
    def test_that_own_the_house_keep_their_role(self, api, call, by, status):
        owner = make_agent(role=Role.OWNER)
        caller = call(owner) if by == Role.OWNER else api

        answers = [
            caller.patch(f"users/{owner.public_id}/", {"role": 1}),
            caller.patch(f"users/{owner.public_id}/", {"is_active": False}),
            caller.delete(f"users/{owner.public_id}/"),
        ]

        assert [answer.status_code for answer in answers] == [status] * 3
        owner.refresh_from_db()
        assert (owner.role, owner.is_active) == (Role.OWNER, True)

    def test_with_open_work_cannot_leave(self, api):
        alice = make_agent(load=1)

        answer = api.delete(f"users/{alice.public_id}/")

        assert (answer.status_code, answer.json()["code"]) == (409, "agent_has_active_work")

    def test_without_open_work_leave(self, api):
        alice = make_agent(code="E-1")

        answer = api.delete("users/E-1/")

        assert answer.status_code == 204
        alice.refresh_from_db()
        assert (alice.is_active, alice.presence) == (False, Presence.OFFLINE)


class TestPresence:
    def test_is_set_with_its_reason(self, api):
        alice = make_agent()

        answer = api.put(
            f"users/{alice.public_id}/presence/", {"presence": "away", "reason": "Lunch"}
        )

        assert answer.status_code == 200
        assert (answer.json()["presence"], answer.json()["presence_reason"]) == ("away", "Lunch")
        assert answer.json()["presence_changed_at"] == "2026-11-18T09:00:00Z"

    def test_of_somebody_above_is_not_set_by_supervisors(self, call):
        ada = make_agent(name="Ada", role=Role.ADMINISTRATOR, presence=Presence.ONLINE)

        answer = call(make_supervisor()).put(
            f"users/{ada.public_id}/presence/", {"presence": "offline"}
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_insufficient")
        ada.refresh_from_db()
        assert ada.presence == Presence.ONLINE

    def test_has_three_values(self, api):
        answer = api.put(f"users/{make_agent().public_id}/presence/", {"presence": "asleep"})

        assert (answer.status_code, fields_of(answer)) == (422, {"presence": "invalid_choice"})


class TestHeartbeat:
    def test_keeps_a_presence_that_lapses(self, api):
        alice = make_agent()
        path = f"users/{alice.public_id}"
        api.put(f"{path}/presence/", {"presence": "online", "lapses_after_s": 60})

        answer = api.post(f"{path}/heartbeat/", b"")

        assert (answer.status_code, answer.json()["presence"]) == (200, "online")
        assert answer.json()["lapses_at"] == "2026-11-18T09:01:00Z"

    def test_says_that_a_presence_does_not_lapse(self, api):
        answer = api.post(f"users/{make_agent().public_id}/heartbeat/", b"")

        assert (answer.json()["has_lapsed"], answer.json()["lapses_at"]) == (False, None)

    def test_is_for_oneself_unless_one_looks_after_people(self, call):
        alice, bob = make_agent(), make_agent(name="Bob")
        caller = call(alice)

        own, foreign = (caller.post(f"users/{u.public_id}/heartbeat/", b"") for u in (alice, bob))

        assert (own.status_code, foreign.status_code) == (200, 403)

    @pytest.mark.parametrize(
        ("seconds", "code"),
        [(29, "min_value"), (86_401, "max_value"), ("60", "invalid"), (True, "invalid")],
    )
    def test_has_a_limit_that_makes_sense(self, api, seconds, code):
        answer = api.put(
            f"users/{make_agent().public_id}/presence/",
            {"presence": "online", "lapses_after_s": seconds},
        )

        assert (answer.status_code, fields_of(answer)) == (422, {"lapses_after_s": code})
