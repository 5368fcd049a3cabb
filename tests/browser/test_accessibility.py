"""Pages of channels, templates, customers and AI agents as axe sees them, light and dark."""

from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from callbacks.services import feeds
from channels.models import Channel, RefusedRequest
from channels.services import checks, templates
from conversations.actors import Actor
from conversations.models import PossibleDuplicate
from conversations.services import opt_outs
from routing.models import SavedTest
from routing.services import rule_replays, saved_tests
from teams.models import User
from tests import fake_json, fake_twilio
from tests.browser.conftest import PHONE
from tests.doors import customer_writes
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    make_administrator,
    make_ai_agent,
    make_channel,
    make_cloud_channel,
    make_contact,
    make_conversation,
    make_engagelab_channel,
    make_message,
    make_rule,
    make_team,
)
from tests.fake_cloud import CloudFake
from tests.fake_engagelab import EngageLabFake
from tests.moments import WEDNESDAY_MORNING
from tests.promises import promise, set_due

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = ("account", "address", "hello", "answer", "done")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
TEMPLATE = {
    "id": "7",
    "name": "order_ready",
    "language": "en",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Dear {{1}}, it is ready."}],
}


@pytest.fixture(scope="module")
def axe() -> str:
    """Return axe's own script."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture(params=[("light", None), ("dark", PHONE)], ids=str)
def page(request: Any, open_browser: Callable[..., Page], ada: User) -> Page:
    scheme, viewport = request.param
    options = {"viewport": viewport} if viewport else {}
    return open_browser(ada, color_scheme=scheme, bypass_csp=True, **options)


@pytest.fixture
def ada() -> User:
    return make_administrator()


@pytest.fixture
def providers(settings: Any) -> Any:
    with (
        fake_twilio.running() as twilio,
        fake_json.running(CloudFake()) as cloud,
        fake_json.running(EngageLabFake()) as engagelab,
    ):
        settings.TWILIO_API_BASE_URL = twilio.url
        settings.WHATSAPP_CLOUD_API_BASE_URL = cloud.api_url
        settings.ENGAGELAB_API_BASE_URL = engagelab.url
        twilio.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        cloud.templates = [
            TEMPLATE,
            {**TEMPLATE, "id": "8", "status": "REJECTED", "rejected_reason": "SCAM"},
        ]
        yield cloud


def faults(page: Page, axe: str, addresses: list[str]) -> dict[str, list[str]]:
    """Open each page and return what axe has against it."""
    found = {}
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        page.evaluate(axe)
        options = {"runOnly": {"type": "tag", "values": RULES}}
        report = page.evaluate("(options) => axe.run(document, options)", options)
        said = [
            f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}"
            for each in report["violations"]
        ]
        if said:
            found[address] = said
    return found


def home_of(channel: Channel) -> str:
    return f"/admin/channels/channel/{channel.pk}"


class TestSettingUpAChannel:
    def test_has_no_fault(self, page: Page, axe: str, providers: Any) -> None:
        made = [make_channel(), make_cloud_channel(), make_engagelab_channel()]
        for channel in made:
            checks.check(channel, now=timezone.now())
        customer_writes(made[0], "hello")
        for channel in made[:2]:  # refused, and shown so
            Client().post(f"/webhooks/{channel.provider}/{channel.token}/", {"Body": "hello"})
        assert RefusedRequest.objects.count() == 2
        new = [f"/admin/channels/channel/setup/{channel.provider}/" for channel in made]
        steps = [f"{home_of(channel)}/setup/{step}/" for channel in made for step in STEPS]
        assert faults(page, axe, ["/admin/channels/channel/setup/", *new, *steps]) == {}


class TestAChannel:
    def test_that_was_tested_has_no_fault(self, page: Page, axe: str, providers: Any) -> None:
        providers.numbers = {}  # so that something failed
        made = [make_channel(), make_cloud_channel(), make_channel(provider="simulator")]
        for channel in made:
            checks.check(channel, now=timezone.now())
        pages = [f"{home_of(channel)}/change/" for channel in made]
        more = ["/admin/channels/channel/", "/admin/channels/channel/help/"]
        assert faults(page, axe, [*pages, *more]) == {}


class TestTemplates:
    def test_have_no_fault(self, page: Page, axe: str, providers: Any) -> None:
        channel, now = make_cloud_channel(), timezone.now()
        templates.sync(channel, now=now)
        providers.numbers = {}
        templates.plan(channel, now=now - templates.AFTER_CHANGE)
        templates.sync_next(now=now)
        template = channel.templates.first()
        talk = make_conversation(channel=channel, last_inbound_at=now)
        pages = [
            "/admin/channels/template/",
            f"/admin/channels/template/{template.pk}/change/",
            "/admin/channels/template/sync/",
            f"/admin/conversations/conversation/{talk.pk}/template/?template={template.public_id}",
        ]
        assert faults(page, axe, pages) == {}


class TestACustomer:
    def test_has_no_fault(self, page: Page, axe: str, ada: User) -> None:
        now = timezone.now()
        dora, twin = make_contact(name="Dora", tags=["vip"]), make_contact(name="D.")
        PossibleDuplicate.objects.create(contact=dora, other=twin, noted_at=now)
        talk = make_conversation(contact=dora, last_inbound_at=now, now=now)
        make_message(conversation=talk, now=now)
        made = Actor.person(ada.pk, ada.name)
        opt_outs.record_by_hand([talk.identity], actor=made, now=now, why="On the telephone")
        home = f"/admin/conversations/contact/{dora.pk}"
        pages = [
            "/admin/conversations/contact/",
            *(f"{home}/{name}/" for name in ("change", "opt-in", "opt-out", "merge")),
            f"{home}/merge/?into=%23{twin.pk}",
            f"/admin/conversations/conversation/{talk.pk}/change/",
        ]
        assert faults(page, axe, pages) == {}


class TestAnAiAgent:
    def test_has_no_fault(self, page: Page, axe: str) -> None:
        agent = make_ai_agent()
        pages = [
            "/admin/routing/aiagent/",
            "/admin/routing/aiagent/add/",
            f"/admin/routing/aiagent/{agent.pk}/change/",
        ]
        assert faults(page, axe, pages) == {}


class TestTrustingRules:
    def test_has_no_fault(self, page: Page, axe: str) -> None:
        """Warnings, the tester, a green and a red test, a replay that runs and one that is done."""
        channel, team = make_channel(), make_team(name="Support")
        rule = make_rule(team=team)
        same = make_rule(name="Same", team=team)
        for name, expected in (("Green", rule), ("Red", same)):
            test = SavedTest(name=name, channel=channel, expected_rule=expected)
            saved_tests.save(test, editor=None, now=WEDNESDAY_MORNING)
        done, running = (
            rule_replays.start(basis="draft", wanted=5, started_by=None, now=WEDNESDAY_MORNING)
            for _ in range(2)
        )
        rule_replays.work_next(now=WEDNESDAY_MORNING)
        addresses = [
            "/admin/routing/rule/",
            f"/admin/routing/rule/{same.pk}/change/",
            f"/admin/routing/rule/test/?channel={channel.pk}&text=hello",
            "/admin/routing/savedtest/",
            "/admin/routing/savedtest/add/",
            "/admin/routing/rulereplay/",
            "/admin/routing/rulereplay/add/",
            f"/admin/routing/rulereplay/{done.pk}/change/",
            f"/admin/routing/rulereplay/{running.pk}/change/",
        ]
        assert faults(page, axe, addresses) == {}


class TestCallbacks:
    def test_have_no_fault(self, page: Page, axe: str, ada: User) -> None:
        """The list and the week, one that is late, the forms, the feeds and a team's settings."""
        now = timezone.now()
        team = make_team(name="Support", members=(ada,))
        talks = [make_conversation(team=team, contact=make_contact()) for _ in range(5)]
        late = promise(talks[0], ahead=timedelta(minutes=1), now=now - timedelta(hours=1))
        set_due(late)
        for talk in talks[1:]:
            planned = promise(talk, ahead=timedelta(minutes=1), now=now, note="Ask for Ms Doe")
        feed = feeds.make(created_by=ada, person=ada, now=now)
        talk, home = make_conversation(team=team), "/admin/callbacks/callback"
        pages = [
            *(f"{home}/?view={view}" for view in ("due", "week", "list", "missed")),
            f"{home}/{late.pk}/change/",
            *(f"{home}/{planned.pk}/{name}/" for name in ("change", "reschedule", "reassign")),
            f"{home}/{planned.pk}/done/",
            f"/admin/conversations/conversation/{talk.pk}/callback/",
            f"/admin/conversations/conversation/{talks[1].pk}/callback/",
            f"/admin/teams/team/{team.pk}/callbacks/",
            "/admin/callbacks/calendarfeed/",
            f"/admin/callbacks/calendarfeed/{feed.pk}/change/",
        ]
        assert faults(page, axe, pages) == {}
