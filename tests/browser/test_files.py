"""A picture from an agent's computer to the customer's phone, in a browser."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.models import Provider
from channels.providers.simulator_files import address_of, source_of
from conversations.models import Conversation, Message
from conversations.services import delivery
from teams.clock import database_now
from teams.models import User
from tests.browser.conftest import PHONE
from tests.factories import (
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "bicycle.png"
    data = source_of(address_of("bicycle.png")).url
    path.write_bytes(b64decode(data.partition(",")[2]))
    return path


@pytest.fixture
def sachi() -> User:
    return make_supervisor()


@pytest.fixture
def conversation(sachi: User) -> Conversation:
    now = timezone.now()
    row = make_conversation(
        channel=make_channel(provider=Provider.SIMULATOR),
        contact=make_contact(name="Dora"),
        team=make_team(members=(sachi,)),
        last_inbound_at=now,
        waiting_since=now,
    )
    make_message(conversation=row, body="How does it look?", now=now)
    return row


def open_conversation(page: Page, conversation: Conversation) -> None:
    page.goto(f"/admin/conversations/conversation/{conversation.pk}/change/")


def is_drawn(page: Page, selector: str) -> bool:
    return bool(page.evaluate("s => document.querySelector(s).naturalWidth > 0", selector))


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "none"])
class TestAPicture:
    def test_is_attached_sent_and_seen_on_both_sides(
        self,
        open_browser: Open,
        complaints: list[str],
        sachi: User,
        conversation: Conversation,
        picture: Path,
        has_scripts: bool,  # noqa: FBT001 - a case of the test
    ) -> None:
        page = open_browser(sachi, java_script_enabled=has_scripts)
        open_conversation(page, conversation)
        page.get_by_label("Attach files").set_input_files(picture)
        page.get_by_label("Text", exact=True).fill("Like this.")
        page.get_by_role("button", name="Send to Dora").click()

        sent = page.locator("article.outbound")
        expect(sent.locator("img")).to_have_attribute("alt", "Picture: bicycle.png")
        expect(sent).to_contain_text("Like this.")
        expect(page.get_by_label("Text", exact=True)).to_have_value("")

        assert delivery.send_next(now=database_now())
        assert Message.objects.get(direction="outbound").delivery_status == "sent"
        number = conversation.identity.address.replace("+", "%2B")
        page.goto(f"/simulator/?channel={conversation.channel.public_id}&as={number}")
        shown = page.locator(".sim-theirs img.sim-picture")
        expect(shown).to_have_count(1)
        if has_scripts:
            shown.scroll_into_view_if_needed()
            expect(shown).to_have_js_property("complete", value=True)
            assert is_drawn(page, "img.sim-picture")
        assert complaints == []


class TestTooMuch:
    def test_is_said_before_it_is_sent(
        self,
        open_browser: Open,
        sachi: User,
        conversation: Conversation,
        picture: Path,
        settings: Any,
    ) -> None:
        settings.UPLOAD_MAX_BYTES = 500
        page = open_browser(sachi)
        open_conversation(page, conversation)
        page.get_by_label("Text", exact=True).fill("Like this.")
        page.get_by_label("Attach files").set_input_files(picture)
        page.get_by_role("button", name="Send to Dora").click()

        says = page.evaluate("document.querySelector('#write-files').validationMessage")
        assert says == "All files together have at most 500\u00a0bytes."
        expect(page.get_by_label("Text", exact=True)).to_have_value("Like this.")
        assert not Message.objects.filter(direction="outbound").exists()

    def test_for_the_provider_is_said_with_the_text_kept(
        self, open_browser: Open, sachi: User, conversation: Conversation, tmp_path: Path
    ) -> None:
        large = tmp_path / "large.png"
        large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024))
        page = open_browser(sachi, viewport=PHONE)
        open_conversation(page, conversation)
        page.get_by_label("Text", exact=True).fill("Like this.")
        page.get_by_label("Attach files").set_input_files(large)
        page.get_by_role("button", name="Send to Dora").click()

        expect(page.locator(".errorlist")).to_contain_text("“large.png” is too large")
        expect(page.get_by_label("Text", exact=True)).to_have_value("Like this.")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
