"""Whether a database may be filled with, or emptied of, invented data."""

from django.conf import settings
from django.utils.translation import gettext as _

from channels.models import Channel, Provider
from routing.demo.shop import DOMAIN
from teams.models import User


class RealDataError(Exception):
    """The database belongs to a real desk. The text says how that shows, and what to do."""


def refuse_production() -> None:
    """Raise `RealDataError` where demo data never has a place."""
    if settings.IS_PRODUCTION:
        raise RealDataError(_("This is production: demo data has no place here."))


def refuse_real_desk() -> None:
    """Raise `RealDataError` in production, and where a row is not the demo's."""
    refuse_production()
    real = Channel.objects.exclude(provider=Provider.SIMULATOR).order_by("pk").first()
    if real is not None:
        text = _("The channel “%(name)s” is a real one: this database holds real data.")
        raise RealDataError(_with_way_out(text % {"name": real.name}))
    somebody = User.objects.exclude(email__endswith=f"@{DOMAIN}").order_by("pk").first()
    if somebody is not None:
        text = _("%(email)s is a real account: this database holds real data.")
        raise RealDataError(_with_way_out(text % {"email": somebody.email}))


def is_open() -> bool:
    """Say whether the demo's shop is there already."""
    return bool(User.objects.filter(email__endswith=f"@{DOMAIN}").exists())


def _with_way_out(text: str) -> str:
    way_out = _("Set DATA_DIR to an empty folder to open the demo there.")
    return f"{text} {way_out}"
