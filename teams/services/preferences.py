"""What people set for themselves: the language of their console."""

from django.db import transaction

from teams.models import User


@transaction.atomic
def set_language(user: User, *, language: str) -> User:
    """Keep the language in which this person reads the console."""
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language
    return user


@transaction.atomic
def set_password(user: User, *, password: str) -> User:
    """Give a person a new password. Whoever is signed in with the old one is signed out."""
    user.set_password(password)
    user.save(update_fields=["password"])
    return user
