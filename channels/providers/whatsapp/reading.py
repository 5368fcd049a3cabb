"""A customer's message as WhatsApp describes it, in our own words."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from channels.providers.json_shapes import Json, an_object, objects, text_of
from channels.providers.text import shorten

MAX_ID_CHARS = 160
MAX_NAME_CHARS = 200
MAX_EXTRA_CHARS = 1000
MAX_TEXT_CHARS = 65536

_PHONE = re.compile(r"\+?([1-9][0-9]{3,14})")
#: The id that WhatsApp gives to people who do not show their number; good for one business.
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")
_FILES = frozenset({"image", "video", "document", "audio", "sticker"})
Entry = dict[str, str]


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, as `InboundMessage` has it."""

    kind: str
    text: str = ""
    media: tuple[Entry, ...] = ()
    reply_to: str = ""


def read_address(text: str) -> str:
    """Return a number or a user's id as we write it; blank if it is neither."""
    phone = _PHONE.fullmatch(text)
    if phone:
        return f"+{phone[1]}"
    return text if _USER_ID.fullmatch(text) else ""


def read_content(message: Json) -> Content:
    """Return what a message says. A kind that nobody has heard of is kept as `unsupported`."""
    kind = text_of(message.get("type"))
    body = an_object(message.get(kind))
    read = _READERS.get(kind, _unsupported)
    content = _file(kind, body) if kind in _FILES else read(message)
    context = an_object(message.get("context"))
    around = (*_reply(context), *_referral(message), *_forwarded(context))
    return Content(
        content.kind,
        shorten(content.text, limit=MAX_TEXT_CHARS),
        (*content.media, *around),
        _short(context.get("id"), limit=MAX_ID_CHARS),
    )


def _short(value: object, *, limit: int = MAX_EXTRA_CHARS) -> str:
    return shorten(text_of(value), limit=limit)


def _text(message: Json) -> Content:
    return Content("text", text_of(an_object(message.get("text")).get("body")))


def _file(kind: str, body: Json) -> Content:
    """Return a file. An id is good for longer than an address, which may come beside it."""
    reference = {"id": _short(body.get("id"), limit=MAX_NAME_CHARS)}
    entry = {
        "kind": "file",
        **(reference if reference["id"] else {}),
        "url": "",
        "content_type": _short(body.get("mime_type"), limit=MAX_NAME_CHARS),
        "filename": _short(body.get("filename"), limit=MAX_NAME_CHARS),
        "form": "voice" if body.get("voice") is True else kind,
        "state": "pending" if reference["id"] else "missing",
    }
    return Content("media", text_of(body.get("caption")), (entry,))


def _location(message: Json) -> Content:
    place = an_object(message.get("location"))
    entry = {
        "kind": "location",
        "latitude": _short(place.get("latitude"), limit=24),
        "longitude": _short(place.get("longitude"), limit=24),
        "label": _short(place.get("name")),
        "address": _short(place.get("address")),
    }
    if not (_is_degrees(place.get("latitude"), 90) and _is_degrees(place.get("longitude"), 180)):
        return _unsupported(message)
    named = ", ".join(filter(None, (entry["label"], entry["address"])))
    return Content("location", named or f"{entry['latitude']}, {entry['longitude']}", (entry,))


def _is_degrees(value: object, limit: int) -> bool:
    try:
        return abs(float(text_of(value))) <= limit
    except ValueError:
        return False


def _reaction(message: Json) -> Content:
    """Return a reaction; without an emoji it takes an earlier one back."""
    reaction = an_object(message.get("reaction"))
    entry = {
        "kind": "reaction",
        "message_id": _short(reaction.get("message_id"), limit=MAX_ID_CHARS),
        "emoji": _short(reaction.get("emoji"), limit=32),
    }
    return Content("reaction", entry["emoji"], (entry,))


def _contacts(message: Json) -> Content:
    cards = []
    for card in objects(message.get("contacts")):
        phones = [text_of(phone.get("phone")) for phone in objects(card.get("phones"))]
        entry = {
            "kind": "contact_card",
            "name": _short(an_object(card.get("name")).get("formatted_name"), limit=MAX_NAME_CHARS),
            "phones": shorten(", ".join(filter(None, phones)), limit=MAX_EXTRA_CHARS),
        }
        cards.append(entry)
    lines = [" ".join(filter(None, (card["name"], card["phones"]))) for card in cards]
    return Content("contacts", "\n".join(lines), tuple(cards))


def _order(message: Json) -> Content:
    order = an_object(message.get("order"))
    items = [
        f"{text_of(item.get('quantity')) or '1'} × {text_of(item.get('product_retailer_id'))}"
        f" ({text_of(item.get('item_price'))} {text_of(item.get('currency'))})"
        for item in objects(order.get("product_items"))
    ]
    entry = {
        "kind": "order",
        "catalog_id": _short(order.get("catalog_id"), limit=MAX_NAME_CHARS),
        "items": shorten("\n".join(items), limit=MAX_EXTRA_CHARS),
    }
    return Content("order", "\n".join(filter(None, (text_of(order.get("text")), *items))), (entry,))


def _button(message: Json) -> Content:
    """Return the press of a button below a template."""
    button = an_object(message.get("button"))
    entry = {
        "kind": "button",
        "text": _short(button.get("text")),
        "payload": _short(button.get("payload")),
    }
    return Content("button", entry["text"] or entry["payload"], (entry,))


def _interactive(message: Json) -> Content:
    answer = an_object(message.get("interactive"))
    kind = text_of(answer.get("type"))
    given = an_object(answer.get(kind))
    title, given_id = _short(given.get("title")), _short(given.get("id"))
    if kind == "button_reply":
        entry = {"kind": "button", "text": title, "payload": given_id}
        return Content("button", title or given_id, (entry,))
    if kind == "list_reply":
        description = _short(given.get("description"))
        entry = {"kind": "list", "title": title, "id": given_id, "description": description}
        return Content("list", title or given_id, (entry,))
    if kind == "nfm_reply":
        entry = {
            "kind": "form",
            "name": _short(given.get("name"), limit=MAX_NAME_CHARS),
            "answers": _short(given.get("response_json"), limit=4 * MAX_EXTRA_CHARS),
        }
        return Content("form", text_of(given.get("body")), (entry,))
    return _unsupported(message)


def _edit(message: Json) -> Content:
    """Return what the message says now; the entry names the message that it replaces."""
    edit = an_object(message.get("edit"))
    inner = an_object(edit.get("message"))
    now = Content("edit") if inner.get("type") == "edit" else read_content(inner)
    entry = {
        "kind": "edit",
        "message_id": _short(edit.get("original_message_id"), limit=MAX_ID_CHARS),
    }
    return Content("edit", now.text, (entry, *now.media))


def _revoke(message: Json) -> Content:
    revoked = an_object(message.get("revoke"))
    entry = {
        "kind": "revoke",
        "message_id": _short(revoked.get("original_message_id"), limit=MAX_ID_CHARS),
    }
    return Content("revoke", "", (entry,))


def _unsupported(message: Json) -> Content:
    """Return something that WhatsApp does not hand on to businesses, or that we do not know."""
    kind = text_of(message.get("type"))
    about = an_object(message.get(kind))
    code = next((text_of(error.get("code")) for error in objects(message.get("errors"))), "")
    entry = {
        "kind": "unsupported",
        "type": _short(about.get("type") or kind, limit=MAX_NAME_CHARS),
        "code": code[:16],
    }
    return Content("unsupported", "", (entry,))


_READERS: dict[str, Callable[[Json], Content]] = {
    "text": _text,
    "location": _location,
    "reaction": _reaction,
    "contacts": _contacts,
    "order": _order,
    "button": _button,
    "interactive": _interactive,
    "edit": _edit,
    "revoke": _revoke,
}


def _reply(context: Json) -> tuple[Entry, ...]:
    if not text_of(context.get("id")):
        return ()  # forwarded, say: that is a context too
    sender = read_address(text_of(context.get("from")))
    message_id = _short(context.get("id"), limit=MAX_ID_CHARS)
    return ({"kind": "reply", "message_id": message_id, "sender": sender},)


def _referral(message: Json) -> tuple[Entry, ...]:
    referral = an_object(message.get("referral"))
    if not text_of(referral.get("source_id")):
        return ()
    return (
        {
            "kind": "referral",
            "id": _short(referral.get("source_id")),
            "source": _short(referral.get("source_type")),
            "url": _short(referral.get("source_url")),
            "headline": _short(referral.get("headline")),
            "text": _short(referral.get("body")),
        },
    )


def _forwarded(context: Json) -> tuple[Entry, ...]:
    often = context.get("frequently_forwarded") is True
    if not often and context.get("forwarded") is not True:
        return ()
    return ({"kind": "forwarded", "times": "many" if often else "some"},)
