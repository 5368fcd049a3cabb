"""A channel set up in a browser, from the account to the answer that was read."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.addresses import inbound_url
from channels.models import Channel
from conversations.models import Message
from conversations.services import delivery
from teams.models import Role, User
from tests.browser.conftest import PHONE
from tests.doors import customer_writes
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, make_agent
from tests.fake_twilio import RunningFake, running

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
NUMBER = "+81355500100"


@pytest.fixture
def ada() -> User:
    return make_agent(name="Ada", role=Role.ADMINISTRATOR)


@pytest.fixture
def fake(settings: Any, live_server: Any) -> Iterator[RunningFake]:
    with running() as server:
        settings.TWILIO_API_BASE_URL = server.url
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        server.store.reach = live_server.url
        server.store.story = ("sent", "delivered", "read")
        yield server


def enter_account(page: Page, *, token: str) -> None:
    page.get_by_label("Name").fill("WhatsApp Tokyo")
    page.get_by_label("Account SID").fill(ACCOUNT_SID)
    page.locator("#id_auth_token").fill(token)
    page.locator("#id_phone_number").fill("+81 3 5550 0100")
    page.get_by_role("button", name="Save and check with Twilio").click()


class TestTheWizard:
    def test_leads_from_the_account_to_an_answer_that_was_read(
        self, open_browser: Open, complaints: list[str], ada: User, fake: RunningFake
    ) -> None:
        page = open_browser(ada)
        page.goto("/admin/channels/channel/setup/")
        page.get_by_role("link", name="WhatsApp or SMS through Twilio").click()
        expect(page.get_by_label("Messaging service SID")).to_be_hidden()
        enter_account(page, token=AUTH_TOKEN)
        expect(page.get_by_text("The account “Acme” is active.").first).to_be_visible()

        channel = Channel.objects.get()
        expect(page.get_by_text(inbound_url(channel), exact=True)).to_be_visible()
        fake.account.senders[NUMBER] = ("ONLINE", inbound_url(channel))
        page.get_by_role("button", name="Check with Twilio").click()
        words = "Twilio sends messages to the address of this channel."
        expect(page.get_by_text(words)).to_be_visible()
        page.get_by_role("link", name="Both are pasted").click()

        expect(page.get_by_role("img", name="A code that opens a message")).to_be_visible()
        expect(page.get_by_text("Waiting for the first message")).to_be_visible()
        assert customer_writes(channel, "hello").status_code == 200
        expect(page.get_by_text("with a valid signature")).to_be_visible()
        page.get_by_role("link", name="Answer it").click()

        page.get_by_label("Your answer").fill("Hello Dora!")
        page.get_by_role("button", name="Send the answer").click()
        expect(page.locator(".bubble.outbound")).to_contain_text("Hello Dora!")
        while delivery.send_next(now=timezone.now()):
            pass
        fake.reporter.settle()
        expect(page.locator(".bubble.outbound .tick.read")).to_be_visible()
        page.get_by_role("link", name="Done").first.click()
        expect(page.get_by_text("Messages come in, and answers go out.")).to_be_visible()
        assert Message.objects.count() == 2
        assert complaints == []

    def test_works_without_scripts_and_says_what_twilio_refused(
        self, open_browser: Open, ada: User, fake: RunningFake
    ) -> None:
        page = open_browser(ada, java_script_enabled=False)
        page.goto("/admin/channels/channel/setup/twilio/")
        enter_account(page, token="e" * 32)
        refusal = "Twilio does not accept this account SID and auth token together."
        expect(page.get_by_text(refusal).first).to_be_visible()
        page.get_by_text("Set. Replace…").click()
        page.locator("#id_auth_token").fill(AUTH_TOKEN)
        page.get_by_role("button", name="Save and check with Twilio").click()
        page.get_by_role("link", name="Both are pasted").click()
        customer_writes(Channel.objects.get(), "hello")
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("with a valid signature")).to_be_visible()

    @pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "narrow"])
    def test_fits_its_window(
        self,
        open_browser: Open,
        complaints: list[str],
        ada: User,
        fake: RunningFake,
        viewport: Any,
    ) -> None:
        page = open_browser(ada, **({"viewport": viewport} if viewport else {}))
        page.goto("/admin/channels/channel/setup/")
        pages = [page.url]
        page.goto("/admin/channels/channel/setup/twilio/")
        pages.append(page.url)
        enter_account(page, token=AUTH_TOKEN)
        channel = Channel.objects.get()
        customer_writes(channel, "hello")
        home = f"/admin/channels/channel/{channel.pk}"
        pages += [f"{home}/setup/{step}/" for step in ("account", "address", "hello")]
        pages += [f"{home}/setup/{step}/" for step in ("answer", "done")]
        pages += [f"{home}/change/", "/admin/channels/channel/help/", "/admin/channels/channel/"]
        for address in pages:
            page.goto(address)
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, address
        assert complaints == []
