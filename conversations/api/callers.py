"""The caller, as the timeline names them."""

from rest_framework.request import Request

from conversations.actors import Actor
from teams.api.permissions import caller
from teams.models import ApiKey


def actor_of(request: Request) -> Actor:
    """Return who did it: the key by its name, or the person who is signed in."""
    user = caller(request)
    if isinstance(request.auth, ApiKey):
        return Actor.api(user.pk, request.auth.name)
    return Actor.person(user.pk, user.name)
