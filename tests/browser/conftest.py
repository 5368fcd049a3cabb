"""A real browser at a real address of ours. Skipped by name where no Chromium is found."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from teams.models import User
from tests.console import sign_in

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
#: Playwright waits in a loop of its own, in which Django would refuse to ask its database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def find_chromium(playwright: Playwright) -> str | None:
    """Return a browser: the one that CHROMIUM names, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in NAMES]
    found.append(playwright.chromium.executable_path)
    return next((path for path in found if path and Path(path).exists()), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            pytest.skip("no Chromium is found; set CHROMIUM or install the package chromium")
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What a browser's console says on its pages: errors, and whatever the policy stopped."""
    return []


@pytest.fixture
def open_browser(
    chromium: Browser, live_server: Any, complaints: list[str]
) -> Iterator[Callable[..., Page]]:
    """Sit down at a browser: `open_browser(user, **options of the context)` returns a page."""
    contexts: list[BrowserContext] = []

    def sit_down(user: User | None = None, **options: Any) -> Page:
        options = {"viewport": DESKTOP, "locale": "en", **options}
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies([_session(user, live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda entry: _note(entry, complaints))
        return page

    yield sit_down
    for context in contexts:
        context.close()


def _session(user: User, url: str) -> Any:
    cookie = sign_in(user).cookies[settings.SESSION_COOKIE_NAME]
    return {"name": cookie.key, "value": cookie.value, "url": url}


def _note(entry: Any, complaints: list[str]) -> None:
    if entry.type in ("error", "warning"):
        complaints.append(entry.text)
