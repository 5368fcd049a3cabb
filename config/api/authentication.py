"""Who calls: the owner of an API key."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from config.api import throttling
from teams.api.problems import Problem
from teams.models import ApiKey, User
from teams.services import api_keys
from teams.services.api_keys import LONGEST_KEY, ApiKeyDisabledError, ApiKeyExpiredError

CHALLENGE = "Bearer"


class Unauthenticated(Problem):
    """A 401. The header tells the client how to authenticate."""

    def __init__(self, code: str, detail: object) -> None:
        headers = {"WWW-Authenticate": CHALLENGE}
        super().__init__(status.HTTP_401_UNAUTHORIZED, code, detail, headers=headers)


class ApiKeyAuthentication(BaseAuthentication):
    """Takes `Authorization: Bearer <key>` or `apikey: <key>`. Keys in an address are never read."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        key = read_key(request)
        if key is None:
            return None
        now = timezone.now()
        try:
            api_key = api_keys.find_active(key, now=now)
        except ApiKeyExpiredError as error:
            throttling.note_failed_key(request)
            raise Unauthenticated(error.code, _("This API key has expired.")) from error
        except ApiKeyDisabledError as error:
            throttling.note_failed_key(request)
            detail = _("This API key was revoked, or its owner is no longer active.")
            raise Problem(status.HTTP_403_FORBIDDEN, error.code, detail) from error
        if api_key is None:
            throttling.note_failed_key(request)
            raise Unauthenticated("auth.invalid_api_key", _("This API key is not valid."))
        api_keys.note_use(api_key, now=now)
        return api_key.user, api_key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def read_key(request: Request | HttpRequest) -> str | None:
    """Return the key that was sent, None if none was."""
    header = request.headers.get("Authorization", "")
    key = request.headers.get("apikey", "")
    if header:
        kind, _blank, key = header.partition(" ")
        if kind.lower() != "bearer":
            raise Unauthenticated(
                "malformed", _("Send the header “Authorization: Bearer <key>” or “apikey: <key>”.")
            )
    key = key.strip()
    if not key and not header:
        return None
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Unauthenticated("auth.invalid_api_key", _("This API key is not valid."))
    return key
