"""The form of a flow as a browser without scripts would send it."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """Collects what the form with this id would send, leaving out its buttons."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.said: dict[str, Any] = {}
        self._is_inside = False
        self._skipped = 0
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("id") == self.form_id
        if not self._is_inside:
            return
        name = given.get("name") or ""
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.said:
                self.said[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            self.said[name] = ""

    def _input(self, name: str, given: dict[str, Any]) -> None:
        if given.get("type") not in ("checkbox", "radio"):
            self.said[name] = given.get("value") or ""
        elif "checked" in given:
            value = given.get("value") or "on"
            if given["type"] == "checkbox" and name in self.said:
                self.said[name] = [*_listed(self.said[name]), value]
            else:
                self.said[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            # The first line break of a text area is not part of it.
            self.said[self._area] += data.removeprefix("\n") if not self.said[self._area] else data


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def fields_of(page: bytes, form_id: str = "flow-form") -> dict[str, Any]:
    """Return what the form on a page would send as it stands."""
    parser = _Fields(form_id)
    parser.feed(page.decode())
    return parser.said
