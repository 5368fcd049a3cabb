"""Who looks at a page of the console."""

from typing import cast

from django.http import HttpRequest

from teams.models import User


def viewer(request: HttpRequest) -> User:
    """Return who is looking. Every page of the console has somebody: its door asked."""
    return cast(User, request.user)
