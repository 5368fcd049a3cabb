"""What the console's templates need beside Django's own tags."""

import json
import re
from datetime import datetime

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from conversations.phones import mask_phone
from teams.admin.console import initials as initials_of
from teams.durations import in_words
from teams.texts import Text

register = template.Library()

_LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite. It is decoration: a word always stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>',
        name,
    )


@register.filter
def initials(name: str) -> str:
    return initials_of(str(name))


@register.filter
def since(start: datetime | None, now: datetime) -> str:
    """Say how long ago; blank without a start."""
    return "" if start is None else in_words(now - start)


@register.filter
def label(text: Text) -> str:
    """Return what stands before a value, with the mark that the language puts between the two."""
    return _("%(label)s:") % {"label": text}


@register.filter
def language_name(code: str) -> str:
    """Return a language's name in the reader's language; the code itself where it has none."""
    try:
        return str(get_language_info(code.lower())["name_translated"])
    except KeyError:
        return code


@register.filter
def masked(phone: str) -> str:
    """Hide the middle of a phone number: who reads lists need not know whom to call."""
    return mask_phone(phone)


@register.filter
def answers(form: str) -> list[tuple[str, str]]:
    """Return what was filled in in a form, as names and values; what cannot be read as it stands.

    The token by which WhatsApp knows the form says nothing to people.
    """
    try:
        filled = json.loads(form)
    except (ValueError, RecursionError):
        filled = None
    if not isinstance(filled, dict):
        return [("", str(form))] if form else []
    return [
        (_in_words(str(name)), value if isinstance(value, str) else json.dumps(value))
        for name, value in filled.items()
        if name != "flow_token"
    ]


def _in_words(name: str) -> str:
    return name.replace("_", " ").strip()


@register.filter
def linked(text: str) -> SafeString:
    """Escape the text and make http(s) addresses links; nothing else becomes one."""
    parts: list[tuple[str, str]] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append((text[end : match.start()], match.group()))
        end = match.end()
    body = format_html_join(
        "",
        '{}<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>',
        ((before, url, url) for before, url in parts),
    )
    return format_html("{}{}", body, conditional_escape(text[end:]))
