"""API keys: issued once, found by every request, revoked for good."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from teams.models import ApiKey, User
from teams.queries import InstanceQuery, ask_first
from teams.scopes import parse_scopes

#: A key is far shorter; whatever is longer is not worth a look-up.
LONGEST_KEY = 128
#: `last_used_at` is for people, who need no seconds.
USE_IS_NOTED_EVERY = timedelta(minutes=1)

_BY_PREFIX = InstanceQuery[ApiKey](
    lambda prefix: ApiKey.objects.select_related("user").filter(prefix=prefix).order_by("pk")[:1],
    "prefix",
)


class ApiKeyDisabledError(Exception):
    """The key is right, but it was revoked or its owner no longer works here."""

    code = "auth.api_key_disabled"


class ApiKeyExpiredError(Exception):
    """The key is right, but its time is over."""

    code = "auth.invalid_api_key"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `key` is the secret itself, readable here and never again."""

    api_key: ApiKey
    key: str


@transaction.atomic
def issue(
    user: User, *, name: str, scopes: list[str], expires_at: datetime | None = None
) -> IssuedKey:
    """Issue a key that acts as `user` within `scopes`. Raises `UnknownScopeError`."""
    api_key = ApiKey(user=user, name=name, scopes=parse_scopes(scopes), expiry_date=expires_at)
    key = ApiKey.objects.assign_key(api_key)
    api_key.save()
    return IssuedKey(api_key, key)


@transaction.atomic
def revoke(api_key: ApiKey) -> None:
    """Make a key useless. This cannot be undone; again is no change."""
    ApiKey.objects.filter(pk=api_key.pk).update(revoked=True)
    api_key.revoked = True


@transaction.atomic
def revoke_all(user: User) -> None:
    """Make every key of a person useless: who leaves takes nothing along."""
    ApiKey.objects.filter(user=user, revoked=False).update(revoked=True)


def find_active(key: str, *, now: datetime) -> ApiKey | None:
    """Return the key's row with its owner, None if there is no such key.

    It is a request's first statement.
    Raises `ApiKeyDisabledError` and `ApiKeyExpiredError` for a key that is genuine but no longer
    wanted: only whoever holds it gets to hear that.
    """
    prefix, _, secret = key.partition(".")
    if not (prefix.isascii() and prefix.isalnum() and secret and len(key) <= LONGEST_KEY):
        return None
    api_key = ask_first(lambda: _BY_PREFIX.first(prefix))
    if api_key is None or not _is_genuine(api_key, key):
        return None
    if api_key.revoked or not api_key.user.is_active:
        raise ApiKeyDisabledError
    if api_key.expiry_date is not None and api_key.expiry_date <= now:
        raise ApiKeyExpiredError
    return api_key


def note_use(api_key: ApiKey, *, now: datetime) -> None:
    """Remember when the key was last used, to the minute."""
    before = now - USE_IS_NOTED_EVERY
    if api_key.last_used_at is not None and api_key.last_used_at > before:
        return
    is_stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(is_stale, pk=api_key.pk).update(last_used_at=now)


def _is_genuine(api_key: ApiKey, key: str) -> bool:
    hasher = ApiKey.objects.key_generator.preferred_hasher
    expected = hasher.encode(key, "")
    return secrets.compare_digest(expected.encode(), api_key.hashed_key.encode())
