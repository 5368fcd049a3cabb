"""The page to try the API on: whole, from our own origin alone, and it really calls."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.factories import make_administrator, make_api_key

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
KEY_GROUP = "#operations-tag-Key"
ME = "#operations-Key-getMe"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "narrow"])
class TestApiDocs:
    def test_call_with_a_key_that_is_pasted_in(
        self,
        open_browser: Open,
        complaints: list[str],
        viewport: dict[str, int] | None,
        scheme: str,
    ) -> None:
        key = make_api_key(user=make_administrator())
        page = open_browser(
            color_scheme=scheme, bypass_csp=False, **({"viewport": viewport} if viewport else {})
        )
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        page.goto("/api/docs/")
        page.click("button.authorize")
        page.locator(".auth-container input").first.fill(key)
        page.locator(".auth-btn-wrapper button.authorize").first.click()
        page.locator(".btn-done").first.click()
        page.fill(".operation-filter-input", "Key")
        page.click(KEY_GROUP)
        page.click(f"{ME} .opblock-summary-control")
        page.click(f"{ME} .execute")

        expect(
            page.locator(f"{ME} .live-responses-table .response-col_status").last
        ).to_contain_text("200")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        here = page.url.split("/api/")[0]
        assert [url for url in asked if not url.startswith((here, "data:"))] == []
        assert complaints == []


class TestTheGroups:
    def test_hold_every_operation_of_the_description(self, open_browser: Open) -> None:
        """One group after the other, by its filter: of a long page only what is seen is drawn."""
        page = open_browser(bypass_csp=False)
        page.goto("/api/docs/")
        expect(page.locator(".opblock-tag").first).to_be_visible()
        wanted = _by_group(page.request.get("/api/schema/?format=json").json())

        for group, operations in wanted.items():
            page.fill(".operation-filter-input", group)
            page.click(f"#operations-tag-{group.replace(' ', '_')}")
            drawn = page.locator(f"[id^='operations-{group.replace(' ', '_')}-'].opblock")
            expect(drawn).to_have_count(operations)


def _by_group(description: dict[str, Any]) -> Counter[str]:
    return Counter(
        operation["tags"][0]
        for path in description["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    )
