"""Who looks at a page of the console, and what they sent."""

from typing import cast

from django.http import HttpRequest, QueryDict

from teams.models import User


def viewer(request: HttpRequest) -> User:
    """Return who is looking. Every page of the console has somebody: its door asked."""
    return cast(User, request.user)


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form sent, also if that is nothing; None while it is only shown."""
    return request.POST if request.method == "POST" else None
