"""A message of ours as WhatsApp wants it: a text, a file with its caption, or a template."""

import re
from typing import Any

from django.utils.translation import gettext_noop as _

from channels.providers.base import OutboundMedia, OutboundMessage, OutboundTemplate, SendError

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
#: These have no room for words.
_WITHOUT_CAPTION = frozenset({"audio", "sticker"})
_IMAGES = frozenset({"image/jpeg", "image/png"})
_HEADER = re.compile(r"header\.(.+)")
_BUTTON = re.compile(r"button([0-9])\.(.+)")

_ONE_FILE = _("WhatsApp takes one file in a message.")
_TEXT_TOO_LONG = _("The message is longer than 4,096 characters.")
_CAPTION_TOO_LONG = _("The text beside a file is longer than 1,024 characters.")
_NO_CAPTION = _("WhatsApp shows no text beside a sound or a sticker; send it by itself.")


def build_body(message: OutboundMessage) -> dict[str, Any]:
    """Return the `type` and the object of that name. Raises `SendError`."""
    if message.template is not None:
        return {"type": "template", "template": _template(message.template)}
    if not message.media:
        if len(message.text) > TEXT_LIMIT:
            raise SendError("permanent", "too_long", _TEXT_TOO_LONG)
        return {"type": "text", "text": {"body": message.text, "preview_url": False}}
    if len(message.media) > 1:
        raise SendError("permanent", "one_file", _ONE_FILE)
    return _file(message.media[0], text=message.text)


def file_type(content_type: str) -> str:
    """Return what WhatsApp shows a file as; whatever it has no viewer for is a document."""
    kind = content_type.split(";")[0].strip().lower()
    if kind in _IMAGES:
        return "image"
    if kind == "image/webp":
        return "sticker"
    family = kind.partition("/")[0]
    return family if family in ("video", "audio") else "document"


def _file(media: OutboundMedia, *, text: str) -> dict[str, Any]:
    kind = file_type(media.content_type)
    caption = media.caption or text
    if caption and kind in _WITHOUT_CAPTION:
        raise SendError("permanent", "no_caption", _NO_CAPTION)
    if len(caption) > CAPTION_LIMIT:
        raise SendError("permanent", "caption_too_long", _CAPTION_TOO_LONG)
    described = {"link": media.url}
    if caption:
        described["caption"] = caption
    if kind == "document" and media.filename:
        described["filename"] = media.filename
    return {"type": kind, kind: described}


def _template(template: OutboundTemplate) -> dict[str, Any]:
    """Return the template with its variables where they belong, as `templates.py` names them."""
    header: list[dict[str, str]] = []
    body: list[tuple[str, dict[str, str]]] = []
    buttons: dict[str, list[dict[str, str]]] = {}
    for name, value in template.variables.items():
        if match := _HEADER.fullmatch(name):
            header.append(_parameter(match[1], value))
        elif match := _BUTTON.fullmatch(name):
            buttons.setdefault(match[1], []).append({"type": "text", "text": value})
        else:
            body.append((name, _parameter(name, value)))
    body.sort(key=lambda each: (len(each[0]), each[0]))  # 2 before 10
    components: list[dict[str, Any]] = []
    if header:
        components.append({"type": "header", "parameters": header})
    if body:
        components.append({"type": "body", "parameters": [each for _name, each in body]})
    components.extend(
        {"type": "button", "sub_type": "url", "index": index, "parameters": parameters}
        for index, parameters in sorted(buttons.items())
    )
    built = {"name": template.name, "language": {"code": template.language}}
    return built | ({"components": components} if components else {})


def _parameter(name: str, value: str) -> dict[str, str]:
    """Return what fills a placeholder. Numbered ones go by their order, others by their name."""
    parameter = {"type": "text", "text": value}
    return parameter if name.isdigit() else parameter | {"parameter_name": name}
