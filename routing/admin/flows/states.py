"""In which state a flow is, in a word or two."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from routing.models import Flow
from routing.services.flows import is_published_as_drawn
from teams.admin.console import pill


def state_pill(flow: Flow) -> SafeString:
    """Return the state of a flow. `published` and `channels` are loaded where many are shown."""
    version = flow.published
    if version is None:
        return pill("quiet", _("Draft"))
    names = {"version": version.number}
    if not flow.is_active:
        return pill("quiet", _("Off, v%(version)d") % names)
    if is_published_as_drawn(flow):
        return pill("good", _("Published v%(version)d") % names)
    return pill("warn", _("Published v%(version)d, draft newer") % names)
