"""The form of business hours: seven rows, with and without scripts, and at a phone."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from teams.hours import Interval
from teams.models import BusinessHours, Role, User
from teams.services import hours
from tests.browser.conftest import PHONE
from tests.factories import make_agent

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
MORNING, AFTERNOON = Interval(time(9), time(12)), Interval(time(13), time(18))


@pytest.fixture
def ada() -> User:
    return make_agent(name="Ada", role=Role.ADMINISTRATOR)


@pytest.fixture
def paris() -> BusinessHours:
    week = [[MORNING, AFTERNOON], [Interval(time(7), time(8))], [], [], [], [], []]
    return hours.create(code="paris", name="Paris", time_zone="Europe/Paris", week=week)


def page_of(calendar: BusinessHours) -> str:
    return f"/admin/teams/businesshours/{calendar.pk}/change/"


def row(page: Page, day: int) -> Any:
    return page.locator(f"[data-week-day='{day}']")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("ul.messagelist .success")).to_be_visible()


class TestTheWeek:
    @pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "narrow"])
    def test_is_copied_to_the_weekdays(
        self,
        open_browser: Open,
        complaints: list[str],
        ada: User,
        paris: BusinessHours,
        viewport: Any,
    ) -> None:
        page = open_browser(ada, **({"viewport": viewport} if viewport else {}))
        page.goto(page_of(paris))
        expect(row(page, 2).get_by_text("closed")).to_be_visible()
        row(page, 0).get_by_role("button", name="Copy to weekdays").click()
        expect(row(page, 2).get_by_text("closed")).to_be_hidden()
        expect(row(page, 5).get_by_text("closed")).to_be_visible()
        save(page)

        week = hours.find(paris.pk).week
        assert week == ((MORNING, AFTERNOON),) * 5 + ((),) * 2
        assert complaints == []

    def test_is_written_with_the_keyboard_alone(
        self, open_browser: Open, ada: User, paris: BusinessHours
    ) -> None:
        page = open_browser(ada)
        page.goto(page_of(paris))
        row(page, 4).get_by_role("button", name="Add times to Friday").focus()
        page.keyboard.press("Enter")
        page.keyboard.type("22")
        page.keyboard.press("Tab")
        page.keyboard.type("230")
        expect(row(page, 4).get_by_text("until 02:30 the next day")).to_be_visible()
        page.keyboard.press("Tab")
        expect(row(page, 4).get_by_label("Friday, from").first).to_have_value("22:00")
        page.get_by_label("Name", exact=False).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("ul.messagelist .success")).to_be_visible()

        assert hours.find(paris.pk).week[4] == (Interval(time(22), time(2, 30)),)

    def test_closes_a_day_whose_times_are_removed(
        self, open_browser: Open, ada: User, paris: BusinessHours
    ) -> None:
        page = open_browser(ada)
        page.goto(page_of(paris))
        row(page, 1).get_by_role("button", name="Remove these times of Tuesday").first.click()
        expect(row(page, 1).get_by_text("closed")).to_be_visible()
        save(page)

        assert hours.find(paris.pk).week[1] == ()

    @pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["js", "none"])
    def test_keeps_the_times_of_a_day_that_is_switched_off(
        self, open_browser: Open, ada: User, paris: BusinessHours, options: Any
    ) -> None:
        page = open_browser(ada, **options)
        page.goto(page_of(paris))
        row(page, 0).get_by_role("switch").uncheck()
        save(page)
        assert hours.find(paris.pk).week[0] == ()

        page.goto(page_of(paris))
        expect(row(page, 0).get_by_text("keeps 09:00–12:00, 13:00–18:00")).to_be_visible()
        row(page, 0).get_by_role("switch").check()
        save(page)
        assert hours.find(paris.pk).week[0] == (MORNING, AFTERNOON)

    def test_shows_the_times_again_with_the_switch(
        self, open_browser: Open, ada: User, paris: BusinessHours
    ) -> None:
        page = open_browser(ada)
        page.goto(page_of(paris))
        start = row(page, 0).get_by_label("Monday, from").first
        row(page, 0).get_by_role("switch").uncheck()
        expect(start).to_be_hidden()
        expect(row(page, 0).get_by_text("keeps 09:00–12:00, 13:00–18:00")).to_be_visible()
        row(page, 0).get_by_role("switch").check()
        expect(start).to_have_value("09:00")
        row(page, 5).get_by_role("switch").check()
        expect(row(page, 5).get_by_label("Saturday, from").first).to_be_visible()

    @pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["js", "none"])
    def test_says_beside_its_row_what_is_wrong(
        self, open_browser: Open, ada: User, paris: BusinessHours, options: Any
    ) -> None:
        page = open_browser(ada, **options)
        page.goto(page_of(paris))
        row(page, 1).get_by_label("Tuesday, to").first.fill("25:00")
        page.get_by_role("button", name="Save", exact=True).click()

        expect(row(page, 1).get_by_text("“25:00” is no time of day. Write 09:00.")).to_be_visible()
        expect(row(page, 1).get_by_label("Tuesday, to").first).to_have_value("25:00")
        expect(row(page, 0).locator(".week-problem")).to_have_count(0)
        assert hours.find(paris.pk).week[1] == (Interval(time(7), time(8)),)

    def test_works_without_scripts(
        self, open_browser: Open, ada: User, paris: BusinessHours
    ) -> None:
        page = open_browser(ada, java_script_enabled=False)
        page.goto(page_of(paris))
        row(page, 5).get_by_label("Saturday, from").fill("20:00")
        row(page, 5).get_by_label("Saturday, to").fill("4")
        page.get_by_label("Tuesday to Friday like Monday").check()
        save(page)

        week = hours.find(paris.pk).week
        assert week[:5] == ((MORNING, AFTERNOON),) * 5
        assert week[5] == (Interval(time(20), time(4)),)
        page.goto(page_of(paris))
        expect(row(page, 5).get_by_text("until 04:00 the next day")).to_be_visible()
