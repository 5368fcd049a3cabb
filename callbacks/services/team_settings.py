"""Changing what a team allows and does about callbacks."""

from typing import Any

from django.db import transaction
from django.utils.translation import ngettext

from callbacks.models import Callback, CallbackSettings
from callbacks.services.checks import settings_of
from teams.models import Team


def count_promises(team: Team) -> int:
    """Return how many callbacks of a team are not over: it is needed for them."""
    return int(Callback.objects.pending().filter(team=team).count())


def still_promised(count: int) -> str:
    """Say why a team cannot go."""
    return ngettext(
        "%(count)s callback is to be made by this team. Give it to another team first.",
        "%(count)s callbacks are to be made by this team. Give them to another team first.",
        count,
    ) % {"count": count}


@transaction.atomic
def change(team: Team, **changes: Any) -> CallbackSettings:
    """Change a team's settings; the row is made with the first change.

    What is promised keeps what it was promised with. Raises `ValidationError` naming the fields.
    """
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # one makes the row
    settings = settings_of(team)
    for name, value in changes.items():
        setattr(settings, name, value)
    settings.full_clean()
    if settings.pk is None:
        settings.save(force_insert=True)
    else:
        settings.save(update_fields=list(changes))
    return settings
