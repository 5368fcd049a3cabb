"""Templates as WhatsApp describes them, in our own words."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_noop as _

from channels.providers.base import ProviderTemplate, SendError, TemplateState
from channels.providers.json_shapes import Json, objects, text_of

_PLACEHOLDER = re.compile(r"\{\{\s*([0-9A-Za-z_.]+)\s*\}\}")
_STATES: dict[str, TemplateState] = {
    "approved": "approved",
    "rejected": "rejected",
    "paused": "paused",
    "limit_exceeded": "paused",
    "disabled": "disabled",
    "pending_deletion": "disabled",
}
_NO_LIST = _("The provider's list of templates could not be read.")


def read_templates(rows: object) -> list[ProviderTemplate]:
    """Return the templates of a list, without those that are deleted.

    Raises `SendError` if it is no list: what is not in it counts as gone.
    """
    if not isinstance(rows, list):
        raise SendError("permanent", "unreadable", _NO_LIST)
    return [_read(row) for row in objects(rows) if text_of(row.get("status")) != "DELETED"]


def _read(row: Json) -> ProviderTemplate:
    """Return one template.

    A variable of the header is called `header.…`, that of a button's address `button0.…`: header,
    body and buttons each count their variables from one.
    """
    body = "\n\n".join(_lines(objects(row.get("components"))))
    return ProviderTemplate(
        id=text_of(row.get("id")),
        name=text_of(row.get("name")),
        language=text_of(row.get("language")),
        category=text_of(row.get("category")).lower(),
        status=_STATES.get(text_of(row.get("status")).lower(), "pending"),
        body=body,
        variables=tuple(dict.fromkeys(_PLACEHOLDER.findall(body))),
        reason=_reason(text_of(row.get("rejected_reason"))),
    )


def _reason(word: str) -> str:
    """Return why it was rejected, as one reads it: `TAG_CONTENT_MISMATCH` is no sentence."""
    return "" if word.upper() == "NONE" else word.replace("_", " ").capitalize()


def _lines(components: list[Json]) -> Iterator[str]:
    """Yield what a customer reads, part by part; of buttons, addresses with something to fill."""
    for component in components:
        kind = text_of(component.get("type")).upper()
        if kind == "BUTTONS":
            yield from _addresses(objects(component.get("buttons")))
            continue
        text = text_of(component.get("text"))
        if text:
            yield _renamed(text, prefix="header.") if kind == "HEADER" else text


def _addresses(buttons: list[Json]) -> Iterator[str]:
    for index, button in enumerate(buttons):
        address = text_of(button.get("url"))
        if _PLACEHOLDER.search(address):
            label = text_of(button.get("text"))
            yield f"{label}: {_renamed(address, prefix=f'button{index}.')}"


def _renamed(text: str, *, prefix: str) -> str:
    return _PLACEHOLDER.sub(lambda found: f"{{{{{prefix}{found[1]}}}}}", text)
