"""Twilio's content templates with their approval by WhatsApp, in our own words."""

from typing import Any

from django.utils.translation import gettext_noop as _

from channels.placeholders import names_in
from channels.providers.base import ProviderTemplate, TemplateState
from channels.providers.text import clean

_STATES: dict[str, TemplateState] = {
    "": "unsubmitted",
    "unsubmitted": "unsubmitted",
    "approved": "approved",
    "rejected": "rejected",
    "paused": "paused",
    "disabled": "disabled",
}
#: More than WhatsApp grants any account.
MAX_TEMPLATES = 10_000
ENDLESS = _("The provider's list of templates has no end.")


def to_template(content: Any) -> ProviderTemplate:
    """Return one entry of Twilio's list of contents and approvals."""
    approval = content.approval_requests or {}
    body = _body(content.types or {})
    return ProviderTemplate(
        id=str(content.sid),
        name=clean(str(approval.get("name") or content.friendly_name or content.sid)),
        language=str(content.language or "")[:20],
        category=str(approval.get("category") or "").lower(),
        # `received`, `pending`: on its way.
        status=_STATES.get(str(approval.get("status") or "").lower(), "pending"),
        body=body,
        variables=tuple(str(name) for name in content.variables or {}) or names_in(body),
        reason=clean(str(approval.get("rejection_reason") or "")),
    )


def _body(types: dict[str, Any]) -> str:
    """Return the text of a content; pictures, buttons and cards are what comes along with it."""
    bodies = (each.get("body") or each.get("title") for each in types.values() if each)
    return clean(str(next(filter(None, bodies), "")))
