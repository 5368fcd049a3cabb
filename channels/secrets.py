"""Secrets at rest: a model field that is encrypted in the database, and read when it is used."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute


class SecretUnreadableError(Exception):
    """A stored secret matches none of FIELD_ENCRYPTION_KEYS."""


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """Return the cipher of the configured keys: the first encrypts, every one decrypts."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """A secret as it lies in the database."""

    ciphertext: str

    def open(self) -> str:
        """Return the secret in clear. Raises `SecretUnreadableError`."""
        try:
            return cipher().decrypt(self.ciphertext.encode()).decode()
        except InvalidToken as error:
            sentence = "No key in FIELD_ENCRYPTION_KEYS reads this secret."
            raise SecretUnreadableError(sentence) from error


class _OpenedOnAccess(DeferredAttribute):
    """Decrypts when the secret is asked for: a row whose key is lost can still be loaded."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        return value.open() if isinstance(value, Sealed) else value

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.field.attname] = value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that only this process can read. Blank stays blank, so that "not set" can be queried.

    Forms and fixtures get nothing of it. A row that is saved as it was loaded keeps what it had,
    also where nobody can read it.
    """

    descriptor_class = _OpenedOnAccess

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return Sealed(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        return vars(model_instance)[self.attname]

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.ciphertext
        text = super().get_prep_value(value)
        return cipher().encrypt(text.encode()).decode() if text else text

    def value_from_object(self, obj: models.Model) -> str:
        return ""


def is_set(row: models.Model, name: str) -> bool:
    """Say whether a row has a secret of this name, readable or not."""
    try:
        return bool(getattr(row, name))
    except SecretUnreadableError:
        return True


def is_readable(row: models.Model, name: str) -> bool:
    """Say whether a row's secret can be used; one that is not set can."""
    try:
        getattr(row, name)
    except SecretUnreadableError:
        return False
    return True
