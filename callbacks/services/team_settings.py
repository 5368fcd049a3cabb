"""Changing what a team allows and does about callbacks."""

from typing import Any

from django.db import transaction

from callbacks.models import CallbackSettings
from callbacks.services.checks import settings_of
from teams.models import Team


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
