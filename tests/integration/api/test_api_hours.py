"""Calendars of business hours, and the teams that go by them."""

import pytest

from teams.models import BusinessHours, Team
from tests.factories import make_agent, make_channel, make_team

OFFICE = {
    "code": "tokyo",
    "name": "Tokyo office",
    "time_zone": "Asia/Tokyo",
    "intervals": [
        {"weekday": "wednesday", "start": "09:00", "end": "12:00"},
        {"weekday": "wednesday", "start": "13:00", "end": "24:00"},
    ],
    "exceptions": [
        {"date": "2026-12-31", "label": "Half a day", "start": "09:00", "end": "12:00"},
        {"date": "2026-01-01", "label": "New Year", "is_yearly": True},
    ],
}


def code_of(answer, field):
    return answer.json()["fields"][field][0]["code"]


class TestBusinessHours:
    def test_are_made_and_read(self, api):
        made = api.post("business-hours/", OFFICE)

        answer = api.get("business-hours/tokyo/")

        assert (made.status_code, answer.status_code) == (201, 200)
        shown = answer.json()
        assert [line["end"] for line in shown["intervals"]] == ["12:00", "24:00"]
        assert [line["start"] for line in shown["exceptions"]] == [None, "09:00"]
        # It is 18:00 in Tokyo.
        assert (shown["is_open"], shown["changes_at"]) == (True, "2026-11-18T15:00:00Z")

    def test_are_changed_in_part(self, api):
        api.post("business-hours/", OFFICE)

        answer = api.patch("business-hours/tokyo/", {"intervals": []})

        assert (answer.json()["intervals"], len(answer.json()["exceptions"])) == ([], 2)
        assert answer.json()["is_open"] is False

    def test_are_listed(self, api):
        api.post("business-hours/", OFFICE)

        assert [row["code"] for row in api.get("business-hours/").json()["data"]] == ["tokyo"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"time_zone": "posixrules"}, "time_zone"),
            ({"intervals": [{"weekday": "monday", "start": "09:00", "end": "09:00"}]}, "intervals"),
            (
                {
                    "intervals": [
                        {"weekday": "monday", "start": "09:00", "end": "12:00"},
                        {"weekday": "monday", "start": "11:00", "end": "15:00"},
                    ]
                },
                "intervals",
            ),
            (
                {
                    "intervals": [
                        {"weekday": "sunday", "start": "22:00", "end": "09:00"},
                        {"weekday": "monday", "start": "08:00", "end": "15:00"},
                    ]
                },
                "intervals",
            ),
            (
                {"intervals": [{"weekday": "monday", "start": "09:00", "end": "09:01"}] * 1001},
                "intervals",
            ),
            ({"exceptions": [{"date": "2026-12-24", "start": "09:00"}]}, "exceptions"),
            (
                {"exceptions": [{"date": "2026-12-24"}, {"date": "2026-12-24"}]},
                "exceptions",
            ),
            ({"exceptions": [{"date": "0001-01-01"}]}, "exceptions"),
            ({"colour": "blue"}, "colour"),
            ({"code": "a code"}, "code"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, api, changes, field):
        answer = api.post("business-hours/", {**OFFICE, **changes})

        assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
        assert not BusinessHours.objects.exists()

    def test_are_deleted_unless_somebody_goes_by_them(self, api):
        api.post("business-hours/", OFFICE)
        make_team(code="support", hours=BusinessHours.objects.get())

        assert api.delete("business-hours/tokyo/").status_code == 422
        api.patch("teams/support/", {"hours_code": None})
        assert api.delete("business-hours/tokyo/").status_code == 204


class TestATeam:
    def test_goes_by_hours_and_passes_on_what_nobody_answers(self, api):
        api.post("business-hours/", OFFICE)
        make_team(code="managers", name="Managers")

        answer = api.post(
            "teams/",
            {
                "code": "support",
                "name": "Support",
                "strategy": "shift",
                "is_reassigning": True,
                "reassign_clock": "open_hours",
                "hours_code": "tokyo",
                "escalation_team_code": "managers",
                "escalate_after_tries": 3,
                "escalate_after_s": 3600,
                "is_returning_when_offline": True,
                "capacity": 4,
            },
        )

        shown = answer.json()
        assert answer.status_code == 201
        assert (shown["hours"]["code"], shown["escalation_team"]["code"]) == ("tokyo", "managers")
        assert (shown["escalate_after_tries"], shown["capacity"]) == (3, 4)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"escalation_team_code": "support", "escalate_after_s": 60}, "escalation_team"),
            ({"escalation_team_code": "managers"}, "escalate_after_s"),
            ({"escalate_after_s": 600}, "escalation_team"),
            (
                {"escalation_team_code": "managers", "escalate_after_tries": 2},
                "escalate_after_tries",
            ),
            ({"escalate_after_s": 59}, "escalate_after_s"),
            ({"reassign_clock": "open_hours"}, "hours"),
            ({"strategy": "manual", "is_reassigning": True}, "is_reassigning"),
            ({"hours_code": "paris"}, "hours_code"),
            ({"escalation_team_code": "nobody", "escalate_after_s": 60}, "escalation_team_code"),
            ({"capacity": -1}, "capacity"),
        ],
    )
    def test_is_told_what_does_not_go_together(self, api, changes, field):
        make_team(code="support", members=(make_agent(),))
        make_team(code="managers")

        answer = api.patch("teams/support/", changes)

        assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
        assert Team.objects.get(code="support").escalation_team is None


class TestAreWeOpen:
    HOLIDAYS = [{"date": "2026-11-25", "label": "Founders’ day", "is_holiday": True}]

    def ask(self, api, instant):
        return api.get(f"business-hours/tokyo/at/?instant={instant}")

    @pytest.mark.parametrize(
        ("instant", "why", "is_open"),
        [
            ("2026-11-18T01:00:00Z", "interval", True),
            ("2026-11-18T12:30:00%2B09:00", "outside_intervals", False),
            ("2026-11-19T01:00:00Z", "closed_all_day", False),
            ("2026-11-25T01:00:00Z", "holiday", False),
        ],
    )
    def test_is_answered_with_its_reason(self, api, instant, why, is_open):
        api.post("business-hours/", {**OFFICE, "exceptions": self.HOLIDAYS})

        answer = self.ask(api, instant).json()

        assert (answer["why"], answer["is_open"]) == (why, is_open)

    def test_tells_since_and_until_when_and_what_comes_next(self, api):
        api.post("business-hours/", OFFICE)

        answer = self.ask(api, "2026-11-18T01:00:00Z").json()

        assert answer["interval"] == {"start": "09:00", "end": "12:00"}
        assert (answer["since"], answer["until"]) == (
            "2026-11-18T00:00:00Z",
            "2026-11-18T03:00:00Z",
        )
        assert (answer["next_closing"], answer["next_opening"]) == (
            "2026-11-18T03:00:00Z",
            "2026-11-18T04:00:00Z",
        )

    def test_is_about_now_unless_it_says_otherwise(self, api):
        api.post("business-hours/", OFFICE)

        assert api.get("business-hours/tokyo/at/").json()["is_open"] is True

    @pytest.mark.parametrize(
        "instant", ["now", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    )
    def test_is_refused_for_what_is_no_instant(self, api, instant):
        api.post("business-hours/", OFFICE)

        assert self.ask(api, instant).status_code == 400


class TestAChannelsHours:
    def test_keep_a_calendar_from_being_deleted(self, api):
        api.post("business-hours/", OFFICE)
        make_channel(name="WhatsApp Tokyo", hours=BusinessHours.objects.get())

        answer = api.delete("business-hours/tokyo/")

        assert answer.status_code == 422
        assert "WhatsApp Tokyo" in answer.content.decode()


def file_of(*events):
    parts = (f"BEGIN:VEVENT\nSUMMARY:{name}\n{lines}\nEND:VEVENT" for name, lines in events)
    return "\n".join(["BEGIN:VCALENDAR", *parts, "END:VCALENDAR"])


class TestImportingHolidays:
    FILE = file_of(
        ("Labour day", "DTSTART;VALUE=DATE:20261123"),
        ("New Year", "DTSTART;VALUE=DATE:20270101"),
        ("Half a day", "DTSTART;VALUE=DATE:20261231"),
        ("Stand-up", "DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=DAILY"),
    )

    def send(self, api, **body):
        return api.post("business-hours/tokyo/holidays/", {"calendar": self.FILE, **body})

    def test_is_rehearsed_first(self, api):
        api.post("business-hours/", OFFICE)

        plan = self.send(api, dry_run=True).json()

        named = {name: [row["name"] for row in rows] for name, rows in plan.items()}
        assert named == {
            "added": ["Labour day"],
            "known": ["New Year"],  # every year
            "kept": ["Half a day"],  # has hours of its own
            "refused": ["Stand-up"],
        }
        assert plan["refused"][0]["code"] == "endless"
        assert len(api.get("business-hours/tokyo/").json()["exceptions"]) == 2

    def test_closes_the_dates_and_says_that_they_are_holidays(self, api):
        api.post("business-hours/", OFFICE)

        assert self.send(api).json()["added"][0]["date"] == "2026-11-23"

        answer = api.get("business-hours/tokyo/at/?instant=2026-11-23T01:00:00Z").json()
        assert (answer["is_open"], answer["why"], answer["label"]) == (
            False,
            "holiday",
            "Labour day",
        )

    def test_again_changes_nothing(self, api):
        api.post("business-hours/", OFFICE)
        self.send(api)

        again = self.send(api).json()

        assert again["added"] == []
        assert len(api.get("business-hours/tokyo/").json()["exceptions"]) == 3

    @pytest.mark.parametrize(
        "calendar",
        [
            "<html></html>",
            "BEGIN:VCALENDAR",
            "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 99,
        ],
    )
    def test_refuses_what_is_no_calendar(self, api, calendar):
        api.post("business-hours/", OFFICE)

        assert self.send(api, calendar=calendar).status_code == 422

    def test_refuses_more_dates_than_there_is_room(self, api):
        api.post("business-hours/", OFFICE)
        months = ("01", "03", "05")
        events = [(f"Month {m}", f"DTSTART;VALUE=DATE:2027{m}01\nDURATION:P31D") for m in months]

        answer = self.send(api, calendar=file_of(*events))

        assert answer.status_code == 422
        assert len(api.get("business-hours/tokyo/").json()["exceptions"]) == 2
