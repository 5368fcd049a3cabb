"""Rules in a browser: edited, put in order with the keyboard, published, and brought back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from routing.models import Rule, RuleSet
from tests.factories import make_administrator, make_agent, make_rule, make_team

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/routing/rule/"
Open = Callable[..., Page]


@pytest.fixture
def rules() -> list[Rule]:
    team = make_team(members=(make_agent(),))
    return [make_rule(name=name, team=team) for name in ("Refunds", "Delivery", "Sales")]


def order() -> list[str]:
    return list(Rule.objects.order_by("position").values_list("name", flat=True))


class TestAJourney:
    def test_goes_from_an_edit_to_a_version_and_back(
        self, open_browser: Open, complaints: list[str], rules: list[Rule]
    ) -> None:
        page = open_browser(make_administrator())
        page.goto(LIST)
        expect(page.locator("[data-draft-bar]")).to_have_count(0)
        page.get_by_role("link", name="Refunds").click()
        page.get_by_label("Name:").fill("Money back")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("[data-draft-bar]")).to_contain_text("1 unpublished change.")

        page.get_by_role("link", name="Publish…").click()
        expect(page.locator(".change ins")).to_have_text("Money back")
        page.get_by_label("Note:").first.fill("A clearer name")
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator(".messagelist")).to_contain_text("is published")
        expect(page.locator("[data-draft-bar]")).to_have_count(0)

        page.get_by_role("link", name="History", exact=True).click()
        expect(page.locator(".versions")).to_contain_text("A clearer name")
        page.get_by_role("link", name="Version 3", exact=True).click()
        page.get_by_role("link", name="Restore as draft…").click()
        page.get_by_role("button", name="Restore as draft").click()
        expect(page.locator("[data-draft-bar]")).to_contain_text("1 unpublished change.")
        assert Rule.objects.filter(name="Refunds").exists()
        assert RuleSet.objects.exclude(number=None).latest("number").note == "A clearer name"
        assert complaints == []


class TestTheKeyboard:
    def test_moves_a_rule_and_stays_on_its_button(
        self, open_browser: Open, complaints: list[str], rules: list[Rule]
    ) -> None:
        page = open_browser(make_administrator())
        page.goto(LIST)
        up = f"#move-up-{rules[2].pk}"
        number = page.locator(f"#number-{rules[2].pk}")
        page.locator(up).focus()
        page.keyboard.press("Enter")
        expect(number).to_have_value("2")
        expect(page.locator(up)).to_be_focused()
        page.keyboard.press("Enter")
        expect(number).to_have_value("1")
        expect(page.locator(up)).to_be_focused()
        assert order() == ["Sales", "Refunds", "Delivery"]

        page.get_by_role("button", name="Undo").click()
        expect(number).to_have_value("2")
        number.fill("3")
        number.press("Enter")
        expect(page.locator(".messagelist")).to_contain_text("“Sales” is number 3 now.")
        assert order() == ["Refunds", "Delivery", "Sales"]
        assert complaints == []

    def test_is_not_needed_by_who_drags(self, open_browser: Open, rules: list[Rule]) -> None:
        page = open_browser(make_administrator())
        page.goto(LIST)
        handle = page.locator("#result_list tbody tr").nth(2).locator(".handle")
        goal = page.locator("#result_list tbody tr").nth(0).bounding_box()
        start = handle.bounding_box()
        assert goal
        assert start
        page.mouse.move(start["x"] + 4, start["y"] + 4)
        page.mouse.down()
        page.mouse.move(start["x"] + 4, goal["y"] + 6, steps=5)
        page.mouse.up()
        expect(page.locator(".messagelist")).to_contain_text("“Sales” is number 1 now.")
        assert order() == ["Sales", "Refunds", "Delivery"]
