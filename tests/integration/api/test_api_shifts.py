"""Plans of teams, as another system keeps them."""

import pytest

from teams.models import Shift
from teams.services import shifts
from tests import moments
from tests.factories import make_agent, make_supervisor, make_team

NOW = moments.WEDNESDAY_MORNING
MORNING = {"kind": "weekly", "weekday": "wednesday", "start": "08:00", "end": "12:00"}


@pytest.fixture
def team(db):
    return make_team(code="support", members=(make_agent(code="alice"), make_agent(code="bob")))


def plan(*lines, member="alice"):
    return {"plans": [{"member": {"code": member}, "shifts": list(lines)}]}


class TestShifts:
    def test_are_set_and_read(self, api, team):
        body = plan({**MORNING, "time_zone": "UTC"})

        written = api.put("teams/support/shifts/", body)
        read = api.get("teams/support/shifts/")

        assert written.status_code == read.status_code == 200
        first, second = read.json()["data"]
        assert first["is_on_shift"] is True
        assert first["next_start_at"] == "2026-11-25T08:00:00Z"
        assert first["shifts"] == [
            {**MORNING, "date": None, "time_zone": "UTC", "valid_from": None, "valid_until": None}
        ]
        assert (second["is_on_shift"], second["shifts"]) == (False, [])
        assert len(shifts.user_ids_on_shift(team.pk, at=NOW)) == 1

    def test_are_in_the_zone_of_the_member_unless_they_say_otherwise(self, api, team):
        team.members.filter(code="alice").update(time_zone="Asia/Tokyo")

        answer = api.put("teams/support/shifts/", plan(MORNING))

        assert answer.json()["data"][0]["shifts"][0]["time_zone"] == "Asia/Tokyo"

    def test_are_all_replaced(self, api, team):
        api.put("teams/support/shifts/", plan(MORNING))

        api.put("teams/support/shifts/", plan(MORNING, member="bob"))

        assert [shift.membership.user.code for shift in Shift.objects.all()] == ["bob"]

    def test_may_be_nights_single_dates_and_days_off(self, api, team):
        lines = (
            {"kind": "weekly", "weekday": "friday", "start": "22:00", "end": "06:00"},
            {"kind": "single", "date": "2026-12-24", "start": "10:00", "end": "24:00"},
            {"kind": "off", "valid_from": "2026-12-25", "valid_until": "2027-01-03"},
        )

        answer = api.put("teams/support/shifts/", plan(*lines))

        shown = answer.json()["data"][0]["shifts"]
        assert {line["kind"]: line["end"] for line in shown} == {
            "weekly": "06:00",
            "single": "24:00",
            "off": None,
        }

    @pytest.mark.parametrize(
        ("line", "status"),
        [
            ({"kind": "weekly", "start": "08:00", "end": "12:00"}, 422),
            ({**MORNING, "date": "2026-12-24"}, 422),
            ({**MORNING, "weekday": "wed"}, 422),
            ({**MORNING, "start": "8"}, 422),
            ({**MORNING, "start": "24:00"}, 422),
            ({**MORNING, "start": 800}, 422),
            ({**MORNING, "time_zone": "Mars/Olympus"}, 422),
            ({**MORNING, "valid_from": "2026-02-30"}, 422),
            ({**MORNING, "valid_from": "2026-03-02", "valid_until": "2026-03-01"}, 422),
            ({**MORNING, "valid_from": "1812-06-24"}, 422),
            ({"kind": "off"}, 422),
            ({"kind": "nap"}, 422),
            ({**MORNING, "colour": "blue"}, 422),
            ("08:00-12:00", 422),
        ],
    )
    def test_that_make_no_sense_are_refused(self, api, team, line, status):
        answer = api.put("teams/support/shifts/", plan(line))

        assert (answer.status_code, Shift.objects.count()) == (status, 0)

    @pytest.mark.parametrize(
        ("plans", "code"),
        [
            ([{"member": {"code": "chen"}, "shifts": []}], "member.not_in_team"),
            ([{"member": {"code": "bob"}, "shifts": []}] * 2, "repeated"),
        ],
    )
    def test_are_those_of_members(self, api, team, plans, code):
        make_agent(code="chen")

        answer = api.put("teams/support/shifts/", {"plans": plans})

        assert answer.status_code == 422
        assert answer.json()["fields"]["plans"][0]["code"] == code

    def test_are_written_by_supervisors_of_the_team(self, call, team):
        own = make_team(code="own", members=(sachi := make_supervisor(),))
        caller = call(sachi)

        answers = [
            caller.put(f"teams/{code}/shifts/", {"plans": []}) for code in ("own", "support")
        ]

        assert [answer.status_code for answer in answers] == [200, 403]
        assert own.memberships.count() == 1
