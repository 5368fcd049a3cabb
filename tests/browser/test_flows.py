"""A flow in a browser: drawn by hand, published, met by a customer, and changed meanwhile."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from channels.models import Channel, Provider
from channels.services import channels
from conversations.models import Conversation, Message
from routing.models import Flow, FlowRun
from teams.models import Team, User
from tests.browser.conftest import PHONE
from tests.doors import customer_writes
from tests.factories import make_agent, make_flow, make_supervisor, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture
def sachi() -> User:
    return make_supervisor(name="Sachi", presence="offline")


@pytest.fixture
def support(sachi: User) -> Team:
    bruno = make_agent(name="Bruno", capacity=9)
    return make_team(name="Support", members=(bruno, sachi))


@pytest.fixture
def line() -> Channel:
    now = timezone.now()
    return channels.create(provider=Provider.SIMULATOR, name="WhatsApp Tokyo", now=now)


def step(page: Page, number: int) -> Locator:
    return page.locator(f"#step-{number}")


def add_step(page: Page, *, kind: str, name: str) -> Locator:
    """Add a step at the end, and choose what it does; its own fields come with that."""
    number = page.locator("details.step").count() + 1
    page.get_by_role("button", name=re.compile("^Add (the first|a) step")).click()
    expect(page.locator("details.step")).to_have_count(number)
    added = step(page, number)
    added.get_by_label("Kind", exact=True).select_option(label=kind)
    added.get_by_label("Name", exact=True).first.fill(name)
    return added


def save(page: Page) -> None:
    """Save, and wait until the page has the number of the new draft."""
    seen = page.locator("input[name=seen]").input_value()
    page.locator(".submit-row").get_by_role("button", name="Save the draft").click()
    page.wait_for_function(
        "(seen) => document.querySelector('input[name=seen]')?.value !== seen", arg=seen
    )


def draw_refunds(page: Page) -> None:
    """Any inbound message -> condition -> message -> update contact -> assign team."""
    condition = add_step(page, kind="Condition", name="Is it a refund?")
    condition.get_by_label("Name of the path").fill("yes")
    condition.get_by_label("with", exact=True).fill("refund, 返金")
    message = add_step(page, kind="Message", name="Ask")
    message.get_by_label("Text", exact=True).fill("Which order is it?")
    message.get_by_label("Wait for an answer").check()
    contact = add_step(page, kind="Update customer", name="Remember")
    contact.get_by_label("Name", exact=True).nth(1).fill("topic")
    contact.get_by_label("Value", exact=True).first.fill("refund")
    team = add_step(page, kind="Assign team", name="To Support")
    team.get_by_label("Team", exact=True).select_option(label="Support")
    team.get_by_label("Customer's tags").fill("refund")
    save(page)
    page.locator("#step-1 > summary").click()
    step(page, 1).get_by_label("If no path fits").select_option(label="4 · To Support")
    save(page)
    assert page.locator(".problems").count() == 0


def publish(page: Page, *, version: int) -> None:
    page.get_by_role("button", name="Save and publish…").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".title-actions .pill")).to_have_text(f"Published v{version}")


def sent() -> list[str]:
    out = Message.objects.filter(direction="outbound").order_by("pk")
    return list(out.values_list("body", flat=True))


class TestAFlow:
    def test_from_its_first_step_to_a_run_that_finishes_on_its_version(
        self,
        open_browser: Callable[..., Page],
        complaints: list[str],
        line: Channel,
        support: Team,
        sachi: User,
    ) -> None:
        page = open_browser(sachi)
        page.goto("/admin/routing/flow/add/")
        page.get_by_label("Name", exact=True).fill("Refunds")
        page.get_by_role("button", name="Go on to the steps").click()

        draw_refunds(page)
        publish(page, version=1)

        # A customer meets it.
        customer_writes(line, "I want a refund")
        settle(now=timezone.now())
        run = FlowRun.objects.get()
        assert (sent(), run.step, run.status) == (["Which order is it?"], "Ask", "waiting")

        # It is changed while the customer thinks, and published again.
        page.reload()
        page.locator("#step-2 > summary").click()
        step(page, 2).get_by_label("Text", exact=True).fill("Please write the order's number.")
        page.locator("#step-3 > summary").click()
        step(page, 3).get_by_label("Value", exact=True).first.fill("refund, second form")
        page.get_by_role("button", name="Save and publish…").click()
        expect(page.locator("del", has_text="Which order is it?")).to_be_visible()
        expect(page.get_by_text("1 running conversation finishes on its version.")).to_be_visible()
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator(".title-actions .pill")).to_have_text("Published v2")

        # Who was in it finishes on the first version; whoever comes now meets the second.
        customer_writes(line, "4711", message_sid="SM2")
        customer_writes(line, "返金", address="+819000000002", name="Emi", message_sid="SM3")
        settle(now=timezone.now())
        run.refresh_from_db()
        assert (run.status, run.version.number) == ("completed", 1)
        dora = Conversation.objects.get(pk=run.conversation_id)
        assert (dora.team, dora.assignee.name if dora.assignee else "") == (support, "Bruno")
        assert dora.contact.attributes == {"topic": "refund"}
        assert dora.contact.tags == ["refund"]
        assert sent()[1:] == ["Please write the order's number."]

        # What it did can be read.
        page.goto(f"/admin/routing/flowrun/{run.pk}/change/")
        expect(page.locator(".trail")).to_contain_text("Support is to have it.")
        assert complaints == []


class TestThePagesOfFlows:
    @pytest.mark.parametrize(("scheme", "viewport"), [("light", None), ("dark", PHONE)])
    def test_have_no_fault(
        self,
        open_browser: Callable[..., Page],
        sachi: User,
        line: Channel,
        support: Team,
        scheme: str,
        viewport: Any,
    ) -> None:
        yes = {"field": "message.text", "operator": "contains", "value": "refund"}
        flow = make_flow(
            steps=[
                {
                    "name": "refund?",
                    "kind": "condition",
                    "paths": [{"name": "yes", "conditions": [yes]}],
                    "otherwise": "to Support",
                },
                {"name": "ask", "kind": "question", "text": {"": "Which?", "ja": "どれ?"}},
                {"name": "to Support", "kind": "team", "team": str(support.public_id)},
            ]
        )
        Flow.objects.filter(pk=flow.pk).update(
            draft={"steps": [*flow.draft["steps"], {"name": "gone", "kind": "go_to"}]}
        )
        customer_writes(line, "refund")
        settle(now=timezone.now())
        run = FlowRun.objects.get()
        options = {"viewport": viewport} if viewport else {}
        page = open_browser(sachi, color_scheme=scheme, bypass_csp=True, **options)
        axe = files("axe_playwright_python").joinpath("axe.min.js").read_text()
        home = f"/admin/routing/flow/{flow.pk}"
        found = {}
        for address in (
            "/admin/routing/flow/",
            "/admin/routing/flow/add/",
            f"{home}/change/",
            f"{home}/publish/",
            f"{home}/versions/",
            f"{home}/try/",
            "/admin/routing/flowrun/",
            f"/admin/routing/flowrun/{run.pk}/change/",
        ):
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            page.evaluate(axe)
            tags = {"runOnly": {"type": "tag", "values": RULES}}
            report = page.evaluate("(options) => axe.run(document, options)", tags)
            faults = [
                (each["id"], [node["target"] for node in each["nodes"]][:3])
                for each in report["violations"]
            ]
            if faults:
                found[address] = faults
            wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            assert not wide, address
        assert found == {}
