"""How people look in lists and forms: small pieces, each safe to print."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from teams.admin.console import pill
from teams.models import Presence, User

PRESENCE_TONES = {Presence.ONLINE: "online", Presence.AWAY: "away", Presence.OFFLINE: "offline"}


def presence_cell(person: User) -> SafeString:
    """Whether the person is there, with the reason, and whether they get anything by themselves."""
    shown = format_html(
        '<span class="presence {}">{}</span>',
        PRESENCE_TONES[Presence(person.presence)],
        person.get_presence_display(),
    )
    reason = _("no heartbeat") if person.has_lapsed else person.presence_reason
    if reason:
        shown = format_html('{}<span class="sub">{}</span>', shown, reason)
    if not person.is_receiving:
        shown = format_html("{} {}", shown, pill("quiet", _("Receives nothing automatically")))
    return shown


def load_cell(person: User) -> SafeString:
    """What the person has, beside how much they take at once."""
    label = format_html('<span class="phone-only">{} </span>', _("Load"))
    if person.capacity is None:
        return format_html('<span class="number">{}{}</span>', label, person.load)
    return format_html(
        '<span class="number">{}<meter class="meter" min="0" max="{}" high="{}" value="{}"'
        ' aria-hidden="true"></meter>{} / {}</span>',
        label,
        max(person.capacity, 1),
        max(person.capacity - 1, 0),
        person.load,
        person.load,
        person.capacity,
    )
