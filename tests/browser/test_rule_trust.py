"""A supervisor's way to trust a draft: try it, keep the case, see what would have moved."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from channels.models import Provider
from routing.models import RuleReplay
from routing.services import rule_replays
from teams.models import User
from tests.browser.conftest import PHONE
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_supervisor, make_team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sachi() -> User:
    """A supervisor; three refunds went to Support, and the draft sends them to Orders."""
    sachi = make_supervisor(name="Sachi", presence="offline")
    support = make_team(name="Support", members=(make_agent(name="Alice"), sachi))
    orders = make_team(name="Orders", members=(make_agent(name="Bob"),))
    channel = make_channel(provider=Provider.SIMULATOR, agents=(make_agent(name="Chen"),))
    rule = make_rule(
        name="Refunds", team=support, conditions=(("message.text", "contains", "返金"),)
    )
    for number, text in enumerate(("返金", "返金して", "hello", "返金は?")):
        customer_writes(channel, text, address=f"+8190000000{number:02}")
    rule.team = orders
    rule.save()
    return sachi


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "narrow"])
def test_a_draft_is_tried_kept_as_a_test_and_replayed(
    open_browser: Callable[..., Page], complaints: list[str], sachi: User, viewport: dict[str, int]
) -> None:
    page = open_browser(sachi, **({"viewport": viewport} if viewport else {}))

    page.goto("/admin/routing/rule/test/")
    page.get_by_label("Text").fill("返金できますか")
    page.get_by_label("Draft").check()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("It would go to Orders, and Bob would get it.")).to_be_visible()

    page.get_by_role("link", name="Save as test").click()
    page.get_by_label("Name").fill("Refunds go to Orders")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tbody tr")
    expect(row.get_by_text("Not as expected")).to_have_count(1)  # what is published
    expect(row.get_by_text("As expected", exact=True)).to_have_count(1)  # the draft

    page.goto("/admin/routing/rulereplay/add/")
    page.get_by_label("Draft").check()
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page).to_have_url(re.compile(r"/rulereplay/\d+/change/$"))
    expect(page.get_by_text("0 of 4 conversations")).to_be_visible()
    rule_replays.work_next(now=RuleReplay.objects.get().due_at)
    page.reload()
    expect(page.locator("#replay-moved")).to_have_text("3")
    moved = page.get_by_role("row").filter(has_text="Support").filter(has_text="Orders")
    expect(moved).to_contain_text("3")
    moved.get_by_role("link").first.click()

    page.get_by_role("link", name="Replay with today's rules").click()
    page.get_by_label("Draft").check()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("Goes elsewhere")).to_be_visible()
    assert complaints == []
