"""Sitting at the console, as a person with a browser does."""

from django.test import Client

from teams.models import User


def sign_in(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user, backend="config.backends.RoleBackend")
    return client
