"""Every page of the console at a phone: nothing wider than the screen, no word broken in two."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page

from channels.greetings import TextKind
from channels.services import texts
from conversations.actors import Actor
from conversations.services import lifecycle
from teams.models import Role
from teams.services import hours
from tests.browser.conftest import PHONE
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_team,
)
from tests.promises import promise

pytestmark = pytest.mark.django_db(transaction=True)

#: How much wider than the screen the page is, in pixels.
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
#: Words in headings, labels and cells of tables whose letters stand on two lines.
BROKEN = """() => {
  const found = new Set();
  for (const box of document.querySelectorAll("th, td, dt, h1, h2, h3, label, legend, .button")) {
    if (!box.checkVisibility()) continue;
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    for (let text; (text = walker.nextNode());) {
      if (text.parentElement.closest("code, pre, .mono")) continue;
      for (const word of text.data.matchAll(/[A-Za-z]{3,}/g)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const parts = [...range.getClientRects()].filter((part) => part.width);
        if (new Set(parts.map((part) => Math.round(part.top))).size > 1) found.add(word[0]);
      }
    }
  }
  return [...found];
}"""
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.href)"


@pytest.fixture
def _house() -> None:
    """One of everything that has a page."""
    now = timezone.now()
    alice = make_agent(name="Alice")
    support = make_team(name="Customer support", members=(alice, make_agent(name="Bob")))
    make_rule(name="Refunds", team=support, conditions=(("message.text", "contains", "refund"),))
    calendar = hours.create(code="shop", name="The shop in Tokyo", time_zone="Asia/Tokyo")
    channel = make_channel(name="WhatsApp Tokyo", hours=calendar, has_survey=True)
    texts.replace(channel, kind=TextKind.GREETING, texts={"en": "Hello {contact_name}!"})
    dora = make_contact(name="Dora")
    for _ in range(3):
        row = make_conversation(channel=channel, contact=dora, assignee=alice, team=support)
        make_message(conversation=row, body="Where is my order?", now=now)
        lifecycle.resolve(row, actor=Actor.person(alice.pk, "Alice"), now=now)
    promise(make_conversation(channel=channel, contact=dora, team=support), now=now)


@pytest.mark.usefixtures("_house")
@pytest.mark.parametrize("role", [Role.OWNER, Role.SUPERVISOR], ids=["owner", "supervisor"])
def test_every_page_fits_a_phone(
    open_browser: Callable[..., Page], complaints: list[str], role: Role
) -> None:
    page = open_browser(make_agent(name="Hana", role=role), viewport=PHONE)
    todo, seen = ["/admin/", "/simulator/"], set[str]()
    problems: dict[str, Any] = {}
    while todo:
        path = todo.pop(0)
        if (kind := re.sub(r"\d+|[0-9a-f-]{36}", "N", path)) in seen or "logout" in path:
            continue
        seen.add(kind)
        if not _is_page(page, path):
            continue
        wider, broken = page.evaluate(TOO_WIDE), page.evaluate(BROKEN)
        if wider > 0 or broken:
            problems[path] = (wider, broken)
        todo += [u for u in map(_path_here, page.evaluate(LINKS)) if u]

    assert problems == {}
    assert len(seen) >= 15
    assert complaints == []


def _is_page(page: Page, path: str) -> bool:
    """Go there, and say whether it is a page: some links are files to download."""
    try:
        answer = page.goto(path)
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    return answer is not None and "text/html" in answer.headers.get("content-type", "")


def _path_here(address: str) -> str:
    """Return the path of a page of the console; blank for any other address."""
    path = urlsplit(urljoin("/", address)).path
    return path if path.startswith(("/admin/", "/simulator/")) else ""
