"""Who may send a body with files: asked before the body is read, so that strangers fill no disk.

Only a look. Whether the request is let in is decided where it always is, once it is complete.
"""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from rest_framework.exceptions import APIException

from config.api.authentication import read_key
from teams.services import api_keys
from teams.services.api_keys import ApiKeyDisabledError, ApiKeyExpiredError

_NOT_GOOD = (APIException, ApiKeyDisabledError, ApiKeyExpiredError, DatabaseError)


def is_known(environ: dict[str, Any]) -> bool:
    """Say whether a request, of which only the head is here, comes with a key or a session."""
    request = WSGIRequest(environ)
    close_old_connections()
    try:
        return _has_key(request) or _is_signed_in(request)
    except _NOT_GOOD:
        return False
    finally:
        close_old_connections()


def _has_key(request: WSGIRequest) -> bool:
    key = read_key(request)
    return bool(key) and api_keys.find_active(str(key), now=timezone.now()) is not None


def _is_signed_in(request: WSGIRequest) -> bool:
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not cookie:
        return False
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    return bool(get_user(request).is_authenticated)
