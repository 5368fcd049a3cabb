"""What the console's templates need beside Django's own tags."""

import re
from datetime import datetime

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.phones import mask_phone
from teams.admin.console import initials as initials_of

register = template.Library()

HOUR_S = 3600
MINUTE_S = 60
DAY_S = 24 * HOUR_S
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
    """Say how long ago as m:ss, h:mm:ss or days and hours; blank without a start."""
    return "" if start is None else clock((now - start).total_seconds())


def clock(seconds: float) -> str:
    """Write a duration in seconds as people read it from a clock: 4:07, 1:04:07, 3d 5h."""
    whole = max(0, int(seconds))
    if whole >= DAY_S:
        return f"{whole // DAY_S}d {whole % DAY_S // HOUR_S}h"
    if whole >= HOUR_S:
        return f"{whole // HOUR_S}:{whole % HOUR_S // MINUTE_S:02}:{whole % MINUTE_S:02}"
    return f"{whole // MINUTE_S}:{whole % MINUTE_S:02}"


@register.filter
def masked(phone: str) -> str:
    """Hide the middle of a phone number: who reads lists need not know whom to call."""
    return mask_phone(phone)


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
