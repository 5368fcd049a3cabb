"""The plan of a team in the console, and the hours it goes by."""

from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from teams.hours import Interval
from teams.models import BusinessHours, Membership, Shift, Strategy, Team, User
from teams.services import hours, shifts
from teams.shifts import single
from tests import moments
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_supervisor, make_team

pytestmark = pytest.mark.django_db
LIST = "/admin/teams/businesshours/"


@pytest.fixture(autouse=True)
def _wednesday_morning() -> Any:
    with time_machine.travel(moments.WEDNESDAY_MORNING, tick=False):
        yield


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def team() -> Team:
    return make_team(members=(make_agent(), make_agent(name="Bob")), strategy=Strategy.SHIFT)


def alice_of(team: Team) -> User:
    return team.members.get(name="Alice")


def plan_page(team: Team, user: User) -> str:
    return reverse("admin:teams_team_plan", args=[team.pk, user.pk])


def rows(prefix: str, *lines: dict[str, Any]) -> dict[str, Any]:
    form = {f"{prefix}-TOTAL_FORMS": len(lines), f"{prefix}-INITIAL_FORMS": 0}
    for index, line in enumerate(lines):
        form |= {f"{prefix}-{index}-{name}": value for name, value in line.items()}
    return form


MORNING = {"kind": "weekly", "weekday": 2, "start": "08:00", "end": "12:00"}


class TestAPlan:
    def test_is_saved_line_by_line(self, client: Client, team: Team) -> None:
        lines = (
            MORNING,
            {"kind": "single", "day": "2026-12-24", "start": "22:00", "end": "02:00"},
            {"kind": "off", "valid_from": "2026-12-25", "valid_until": "2026-12-26"},
            {"kind": "weekly", "weekday": 4},
        )

        answer = client.post(plan_page(team, alice_of(team)), rows("shifts", *lines))

        assert answer.status_code == 302
        assert [shift.kind for shift in Shift.objects.all()] == ["off", "single", "weekly"]
        assert Membership.objects.get(user=alice_of(team)).starts_due_at is not None

    def test_is_shown_with_who_is_there_now(self, client: Client, team: Team) -> None:
        client.post(plan_page(team, alice_of(team)), rows("shifts", MORNING))

        page = reverse("admin:teams_team_shifts", args=[team.pk])
        text = client.get(page).content.decode()

        assert "Wednesday 08:00–12:00" in text
        assert "On shift" in text
        assert "Off shift" in text
        assert "Nothing planned: never on shift." in text

    def test_tells_the_same_hours_of_several_days_as_one(self, client: Client, team: Team) -> None:
        lines = [{**MORNING, "weekday": day} for day in (0, 1, 2, 3, 5)]
        client.post(plan_page(team, alice_of(team)), rows("shifts", *lines[:4]))
        bob = team.members.get(name="Bob")
        client.post(plan_page(team, bob), rows("shifts", lines[0], lines[4]))

        page = reverse("admin:teams_team_shifts", args=[team.pk])
        text = client.get(page).content.decode()

        assert "Monday to Thursday 08:00–12:00" in text
        assert "Monday, Saturday 08:00–12:00" in text

    def test_loses_a_line_that_is_removed(self, client: Client, team: Team) -> None:
        address = plan_page(team, alice_of(team))
        client.post(address, rows("shifts", MORNING))

        client.post(address, rows("shifts", {**MORNING, "DELETE": "on"}))

        assert not Shift.objects.exists()

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ({"kind": "weekly", "start": "08:00", "end": "12:00"}, "This is needed."),
            ({**MORNING, "end": ""}, "This is needed."),
            ({**MORNING, "zone": "Mars/Olympus"}, "Enter a time zone such as Asia/Tokyo."),
            ({**MORNING, "valid_from": "1812-06-24"}, "Enter dates from the years 2000 to 2199."),
            (
                {"kind": "off", "valid_from": "2026-12-26", "valid_until": "2026-12-25"},
                "The last date is before the first.",
            ),
            ({**MORNING, "start": "25:00"}, "Enter a valid time."),
        ],
    )
    def test_is_refused_where_a_line_makes_no_sense(
        self, client: Client, team: Team, line: dict[str, Any], sentence: str
    ) -> None:
        answer = client.post(plan_page(team, alice_of(team)), rows("shifts", line))

        assert sentence in answer.content.decode()
        assert not Shift.objects.exists()

    def test_is_for_supervisors_of_the_team(self, team: Team) -> None:
        sachi = make_supervisor()
        address = plan_page(team, alice_of(team))
        outside = sign_in(sachi).post(address, rows("shifts", MORNING))
        team.memberships.create(user=sachi, position=9)
        inside = sign_in(sachi).post(address, rows("shifts", MORNING))

        assert (outside.status_code, inside.status_code) == (403, 302)

    def test_of_somebody_else_is_not_there(self, client: Client, team: Team) -> None:
        for number in (make_agent(name="Chen").pk, 10**30):
            page = plan_page(team, alice_of(team)).replace(f"/{alice_of(team).pk}/", f"/{number}/")
            assert client.get(page).status_code == 302

    def test_that_is_too_long_for_a_form_is_left_to_the_api(
        self, client: Client, team: Team
    ) -> None:
        member = team.memberships.get(user=alice_of(team))
        days = [date(2027, 1, 1) + timedelta(days=n) for n in range(100)]
        plan = [single(day, time(9), time(17), zone="UTC") for day in days]
        shifts.set_shifts(member, shifts=plan, now=moments.WEDNESDAY_MORNING)

        answer = client.get(plan_page(team, alice_of(team)), follow=True)

        assert "more lines than a page can show" in answer.content.decode()

    def test_marks_days_on_which_clocks_change(self, client: Client, team: Team) -> None:
        line = {**MORNING, "zone": "Europe/Paris"}
        client.post(plan_page(team, alice_of(team)), rows("shifts", line))

        with time_machine.travel(moments.BEFORE_CLOCKS_GO_FORWARD, tick=False):
            # A session ends when the clock jumps.
            browser = sign_in(User.objects.get(name="Ada"))
            text = browser.get(reverse("admin:teams_team_shifts", args=[team.pk])).content.decode()

        assert "Clocks in Europe/Paris go forward by 1 h." in text


class TestBusinessHours:
    def form(
        self,
        *week: tuple[int, str, str],
        dates: tuple[dict[str, Any], ...] = (),
        **more: str,
    ) -> dict[str, Any]:
        calendar = {"name": "Paris", "code": "paris", "time_zone": "Europe/Paris"}
        for day in range(7):
            calendar[f"week-{day}-start"] = [start for on, start, _end in week if on == day] + [""]
            calendar[f"week-{day}-end"] = [end for on, _start, end in week if on == day] + [""]
        return calendar | rows("exceptions", *dates) | more

    def test_are_made_with_nights_and_holidays(self, client: Client) -> None:
        form = self.form(
            (2, "9", "12:00"),
            (2, "1330", "24:00"),
            (4, "22h", "２:00"),
            dates=(
                {"date": "2026-12-25", "label": "Christmas", "is_yearly": "on"},
                {"date": "2026-12-24", "start": "9", "end": "24:00"},
            ),
        )

        answer = client.post(f"{LIST}add/", form)

        assert answer.status_code == 302
        paris = hours.find(BusinessHours.objects.get(code="paris").pk)
        assert paris.week[2] == (
            Interval(time(9), time(12)),
            Interval(time(13, 30), time(0)),
        )
        assert paris.week[4] == (Interval(time(22), time(2)),)
        assert paris.exceptions[0].intervals == (Interval(time(9), time(0)),)
        assert paris.exceptions[1].is_yearly

    def test_show_what_is_stored_and_where_a_night_ends(self, client: Client) -> None:
        client.post(f"{LIST}add/", self.form((0, "9", "24:00"), (4, "22", "2"), (6, "0", "24")))
        paris = BusinessHours.objects.get()

        page = client.get(reverse("admin:teams_businesshours_change", args=[paris.pk]))
        text = page.content.decode()

        assert page.context["adminform"].form["week"].value()[0].times == (("09:00", "24:00"),)
        assert text.count("until 02:00 the next day") == 1
        assert text.count("data-week-note>all day</span>") == 1
        for name in ("Monday, from", "Sunday, to"):
            assert f'aria-label="{name}"' in text

    def test_copy_monday_where_there_is_no_script(self, client: Client) -> None:
        form = self.form((0, "9", "12"), (0, "13", "18"), (1, "7", "8"), **{"week-copy": "on"})

        client.post(f"{LIST}add/", form)

        week = hours.find(BusinessHours.objects.get().pk).week
        assert [len(day) for day in week] == [2, 2, 2, 2, 2, 0, 0]
        assert set(week[:5]) == {(Interval(time(9), time(12)), Interval(time(13), time(18)))}

    def test_give_back_the_times_of_a_day_that_is_switched_off_and_on(self, client: Client) -> None:
        client.post(f"{LIST}add/", self.form((4, "9", "12"), (4, "13", "18"), (5, "10", "16")))
        paris = BusinessHours.objects.get()
        page = reverse("admin:teams_businesshours_change", args=[paris.pk])
        was = {"week-4-was": "on", "week-5-was": "on", "week-5-open": "on"}

        week = ((4, "09:00", "12:00"), (4, "13:00", "18:00"), (5, "10:00", "16:00"))
        client.post(page, self.form(*week, **was))

        assert hours.find(paris.pk).week[4:6] == ((), (Interval(time(10), time(16)),))
        assert "keeps 09:00–12:00, 13:00–18:00" in client.get(page).content.decode()

        kept = {"week-4-kept": "09:00-12:00 13:00-18:00", "week-4-open": "on"}
        client.post(page, self.form(**kept, **{"week-4-was": "off"}))

        morning, afternoon = Interval(time(9), time(12)), Interval(time(13), time(18))
        assert hours.find(paris.pk).week[4] == (morning, afternoon)
        assert "keeps" not in client.get(page).content.decode().split("data-week-keeps>")[5][:9]

    def test_ask_for_times_where_a_day_is_only_switched_on(self, client: Client) -> None:
        text = client.post(f"{LIST}add/", self.form(**{"week-2-open": "on"})).content.decode()
        assert "Give the times of this day, or switch it off." in text
        assert not BusinessHours.objects.exists()

    @pytest.mark.parametrize(
        ("week", "sentence"),
        [
            ([(0, "09:00", "09:00")], "an interval ends when it begins"),
            ([(0, "09:00", "12:00"), (0, "11:00", "15:00")], "lie over each other"),
            ([(0, "09:00", "09:01")] * 60, "more than 48 intervals"),
            ([(0, "09:00", "")], "Give both times."),
            ([(0, "25:00", "26:00")], "“25:00” is no time of day."),
            ([(0, "soon", "later")], "“soon” is no time of day."),
            ([(0, "24:00", "02:00")], "An interval that begins at midnight begins at 00:00."),
        ],
    )
    def test_that_make_no_sense_are_refused_beside_their_day(
        self, client: Client, week: list[tuple[int, str, str]], sentence: str
    ) -> None:
        answer = client.post(f"{LIST}add/", self.form(*week))

        text = answer.content.decode()
        assert "Look at these days again: Monday." in text
        assert sentence in text.split('id="week-0-problem"')[1].split("</p>")[0]
        assert f'value="{week[0][1]}"' in text
        assert not BusinessHours.objects.exists()

    def test_name_the_day_into_which_a_night_runs(self, client: Client) -> None:
        text = client.post(
            f"{LIST}add/", self.form((6, "22:00", "02:00"), (0, "01:00", "09:00"))
        ).content.decode()

        assert "Sunday 22:00–02:00 and Monday 01:00–09:00 lie over each other." in text
        assert 'id="week-0-problem"' in text

    def test_are_not_emptied_by_a_form_without_a_week(self, client: Client) -> None:
        paris = hours.create(
            code="paris", name="Paris", week=[[Interval(time(9), time(12))], *[[]] * 6]
        )
        address = reverse("admin:teams_businesshours_change", args=[paris.pk])

        answer = client.post(address, {"name": "Lyon", "time_zone": "UTC"} | rows("exceptions"))

        assert answer.status_code == 200
        assert hours.find(paris.pk).week[0] == (Interval(time(9), time(12)),)

    def test_are_words_for_those_who_only_read_them(self, client: Client) -> None:
        client.post(f"{LIST}add/", self.form((4, "22", "2")))
        page = reverse("admin:teams_businesshours_change", args=[BusinessHours.objects.get().pk])

        text = sign_in(make_supervisor()).get(page).content.decode()

        assert "22:00–02:00" in text
        assert "until 02:00 the next day" in text
        assert "data-week-add" not in text

    @pytest.mark.parametrize(
        ("dates", "sentence"),
        [
            ([{"date": "2026-12-24", "start": "09:00"}], "Give both times, or neither"),
            ([{"date": "2026-12-24", "start": "9:75", "end": "10"}], "“9:75” is no time of day."),
            ([{"date": "2026-12-24"}, {"date": "2026-12-24"}], "closed or has times: not both"),
            ([{"date": "1812-12-24"}], "from the years 2000 to 2199"),
        ],
    )
    def test_with_dates_that_make_no_sense_are_refused(
        self, client: Client, dates: list[dict[str, Any]], sentence: str
    ) -> None:
        answer = client.post(f"{LIST}add/", self.form(dates=tuple(dates)))

        assert sentence in answer.content.decode()

    def test_draw_the_days_ahead_with_what_is_special_about_them(self, client: Client) -> None:
        holiday = {"date": "2026-03-31", "label": "Founders", "is_holiday": "on"}
        week = [(day, "9", "18") for day in range(7)]
        client.post(f"{LIST}add/", self.form(*week, dates=(holiday,)))
        page = reverse("admin:teams_businesshours_change", args=[BusinessHours.objects.get().pk])

        with time_machine.travel(moments.BEFORE_CLOCKS_GO_FORWARD, tick=False):
            answer = sign_in(User.objects.get(name="Ada")).get(page)
        strip, text = answer.context["strip"], answer.content.decode()

        assert (len(strip.days), strip.offset) == (14, "UTC+01:00")
        assert strip.days[0].now is not None
        assert [(bar.x, bar.width) for bar in strip.days[0].bars] == [(540, 540)]
        by_date = {day.date: day for day in strip.days}
        assert by_date[date(2026, 3, 29)].notes == ["Clocks in Europe/Paris go forward by 1 h."]
        assert by_date[date(2026, 3, 31)].notes == ["Holiday: Founders"]
        assert by_date[date(2026, 3, 31)].bars == []
        assert "Europe/Paris (UTC+01:00)" in text

    def test_say_whether_it_is_open(self, client: Client) -> None:
        client.post(f"{LIST}add/", self.form((2, "09:00", "12:00")))

        listed = client.get(LIST).content.decode()
        paris = BusinessHours.objects.get()
        own = client.get(reverse("admin:teams_businesshours_change", args=[paris.pk]))

        assert "closes 12:00 (Europe/Paris)" in listed
        assert "09:00–12:00" in own.content.decode()

    def test_are_deleted_unless_a_team_goes_by_them(self, client: Client) -> None:
        paris = hours.create(code="paris", name="Paris")
        team = make_team(hours=paris)
        address = reverse("admin:teams_businesshours_remove", args=[paris.pk])

        refused = client.post(address, follow=True).content.decode()
        Team.objects.filter(pk=team.pk).update(hours=None)
        client.post(address)

        assert "These go by it: Support." in refused
        assert not BusinessHours.objects.exists()

    def test_are_for_administrators_to_change(self) -> None:
        hours.create(code="paris", name="Paris")
        browser = sign_in(make_supervisor())

        assert browser.get(LIST).status_code == 200
        assert browser.post(f"{LIST}add/", self.form()).status_code == 403


class TestImportingHolidays:
    FILE = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:<b>Founders</b>\nDTSTART;VALUE=DATE:20261123\n"
        "END:VEVENT\nBEGIN:VEVENT\nSUMMARY:Stand-up\nDTSTART;VALUE=DATE:20261123\n"
        "RRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
    )

    @pytest.fixture
    def address(self) -> str:
        paris = hours.create(code="paris", name="Paris", time_zone="Europe/Paris")
        return reverse("admin:teams_businesshours_holidays", args=[paris.pk])

    def upload(self, client: Client, address: str, text: str) -> Any:
        file = SimpleUploadedFile("holidays.ics", text.encode(), "text/calendar")
        return client.post(address, {"file": file})

    def test_shows_the_plan_first_and_then_does_it(self, client: Client, address: str) -> None:
        shown = self.upload(client, address, self.FILE)

        text = shown.content.decode()
        assert "&lt;b&gt;Founders&lt;/b&gt;" in text
        assert "Stand-up: it repeats without end, and more often than every year" in text
        assert not BusinessHours.objects.get().exceptions.exists()
        client.post(address, {"plan": shown.context["signed"]})
        assert BusinessHours.objects.get().exceptions.get().is_holiday

    @pytest.mark.parametrize("text", ["", "<html></html>", "BEGIN:VCALENDAR", "x" * 600_000])
    def test_says_what_is_wrong_with_a_file(self, client: Client, address: str, text: str) -> None:
        answer = self.upload(client, address, text)

        assert answer.status_code == 200
        assert "The file " in answer.content.decode()

    def test_takes_no_plan_that_it_did_not_make(self, client: Client, address: str) -> None:
        answer = client.post(address, {"plan": "W10:forged"}, follow=True)

        assert "cannot be used any more" in answer.content.decode()
