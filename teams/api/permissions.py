"""What a caller may do: within the scopes of the key, and the rights of the role.

The framework loads these classes while it loads itself, so nothing here imports its views.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from teams.api.problems import ForbiddenProblem
from teams.models import ApiKey, User
from teams.permissions import Right, is_allowed
from teams.scopes import Scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class HasScope(BasePermission):
    """The key has the scope that the address asks for. No key (a session) needs no scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = _wanted_scope(request, view)
        if scope is None or not isinstance(request.auth, ApiKey) or scope in request.auth.scopes:
            return True
        detail = _("This API key lacks the scope “%(scope)s”.") % {"scope": scope.value}
        raise ForbiddenProblem("auth.scope_missing", detail)


class HasRight(BasePermission):
    """The caller's role has the right that the address asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        rights: Mapping[str, Right] = getattr(view, "rights", {})
        right = rights.get(str(request.method))
        if right is not None:
            require(request, right)
        return True


def caller(request: Request) -> User:
    """Return the person in whose name the request is made."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - every endpoint asks for authentication
    return user


def require(request: Request, right: Right) -> None:
    """Refuse a caller whose role does not have the right."""
    if not is_allowed(caller(request), right):
        raise ForbiddenProblem("auth.role_insufficient", _("Your role may not do this."))


def refuse_above(request: Request, person: User) -> None:
    """Refuse what is done to somebody whose role is above the caller's own."""
    if person.role > caller(request).role:
        detail = _("You may not do this to somebody with a higher role.")
        raise ForbiddenProblem("auth.role_insufficient", detail)


def _wanted_scope(request: Request, view: Any) -> Scope | None:
    if request.method in SAFE_METHODS:
        return Scope.READ
    scopes: Mapping[str, Scope] = getattr(view, "scopes", {})
    return scopes.get(str(request.method))
