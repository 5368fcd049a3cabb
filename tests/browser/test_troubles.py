"""What goes wrong, in a browser: an album whose last photo is lost, and an answer that fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.models import Channel, Provider
from channels.services import channels
from conversations.models import Conversation
from teams.models import Role, User
from tests.factories import make_agent
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sachi() -> User:
    return make_agent(name="Sachi", role=Role.ADMINISTRATOR, presence="offline")


@pytest.fixture
def channel(settings: Any, tmp_path: Path) -> Channel:
    settings.MEDIA_DIR = tmp_path
    make_agent(name="Bruno")
    return channels.create(provider=Provider.SIMULATOR, name="WhatsApp Tokyo", now=timezone.now())


def send(phone: Page, what: str) -> None:
    phone.goto("/simulator/")
    phone.get_by_label("The customer sends").select_option(what)
    phone.get_by_role("button", name="Send it like this").click()


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
class TestAnAlbum:
    def test_is_seen_by_whoever_may_see_the_conversation(
        self,
        open_browser: Callable[..., Page],
        complaints: list[str],
        channel: Channel,
        sachi: User,
        has_scripts: bool,  # noqa: FBT001 - a case of the test
    ) -> None:
        phone = open_browser(sachi, java_script_enabled=has_scripts)

        send(phone, "album")
        expect(phone.locator("#sim-chat .sim-mine")).to_have_count(3)
        send(phone, "gone")
        expect(phone.locator("#sim-chat .sim-mine")).to_have_count(4)
        settle(now=timezone.now())

        conversation = Conversation.objects.get()
        phone.goto(f"/admin/conversations/conversation/{conversation.pk}/change/")
        pictures = phone.locator(".bubble img")
        expect(pictures).to_have_count(3)
        for index in range(3):
            pictures.nth(index).scroll_into_view_if_needed()
            drawn = f"document.querySelectorAll('.bubble img')[{index}].naturalWidth"
            if has_scripts:
                phone.wait_for_function(f"{drawn} === 320")
        expect(phone.get_by_text("A file is missing.")).to_be_visible()
        phone.get_by_role("button", name="Try again").click()
        expect(phone.get_by_text("The file is fetched once more.")).to_be_visible()
        expect(phone.get_by_text("A file is on its way.")).to_be_visible()
        assert complaints == []


class TestAnAnswer:
    def test_that_fails_later_says_why(
        self,
        open_browser: Callable[..., Page],
        complaints: list[str],
        channel: Channel,
        sachi: User,
    ) -> None:
        phone = open_browser(sachi)
        send(phone, "text")
        expect(phone.get_by_label("Answer")).to_be_visible()

        phone.get_by_label("Delivery").select_option("63016")
        phone.get_by_role("button", name="Agent replies").click()
        expect(phone.locator("#sim-chat .sim-theirs")).to_have_count(1)
        settle(now=timezone.now())
        expect(phone.locator("#sim-chat")).to_contain_text("63016", timeout=20_000)

        conversation = Conversation.objects.get()
        phone.goto(f"/admin/conversations/conversation/{conversation.pk}/change/")
        failed = phone.locator(".bubble.outbound")
        expect(failed).to_contain_text("63016")
        expect(failed).to_contain_text("not delivered")
        assert complaints == []
