"""Whether a database may be filled with, or emptied of, invented data."""

from django.conf import settings
from django.utils.translation import gettext as _

from channels.models import Channel, Provider
from routing.demo.shop import DOMAIN
from teams.models import User


class RealDataError(Exception):
    """The database belongs to a real desk. The text says how that shows."""


def refuse_real_desk() -> None:
    """Raise `RealDataError` in production, and where a row is not the demo's."""
    if settings.IS_PRODUCTION:
        raise RealDataError(_("This is production: demo data has no place here."))
    real = Channel.objects.exclude(provider=Provider.SIMULATOR).order_by("pk").first()
    if real is not None:
        raise RealDataError(
            _("The channel “%(name)s” is a real one: this database holds real data.")
            % {"name": real.name}
        )
    somebody = User.objects.exclude(email__endswith=f"@{DOMAIN}").order_by("pk").first()
    if somebody is not None:
        raise RealDataError(
            _("%(email)s is a real account: this database holds real data.")
            % {"email": somebody.email}
        )


def is_open() -> bool:
    """Say whether the demo's shop is there already."""
    return bool(User.objects.filter(email__endswith=f"@{DOMAIN}").exists())
