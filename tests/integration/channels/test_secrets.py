"""Secrets at rest: written encrypted, read when they are used, and never by the way."""

import json

import pytest
from django.core import serializers
from django.db import connection

from channels.models import Channel
from channels.secrets import SecretUnreadableError, is_readable, is_set
from tests.factories import AUTH_TOKEN, lose_key, make_channel

pytestmark = pytest.mark.django_db


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT auth_token FROM channels_channel")
        return cursor.fetchone()[0]


class TestASecret:
    def test_is_encrypted_in_the_database_and_clear_in_the_row(self):
        make_channel()

        assert AUTH_TOKEN not in stored()
        assert Channel.objects.get().auth_token == AUTH_TOKEN
        assert Channel.objects.defer("auth_token").get().auth_token == AUTH_TOKEN

    def test_is_in_no_fixture(self):
        make_channel()

        (row,) = json.loads(serializers.serialize("json", Channel.objects.all()))

        assert row["fields"]["auth_token"] == ""

    def test_that_is_not_set_can_be_asked_for(self):
        make_channel(auth_token="")

        assert Channel.objects.get(auth_token="").auth_token == ""
        assert not is_set(Channel.objects.get(), "auth_token")


class TestASecretWhoseKeyIsLost:
    def test_is_loaded_and_refused_only_where_it_is_used(self):
        lose_key(make_channel())

        channel = Channel.objects.get()

        assert (is_set(channel, "auth_token"), is_readable(channel, "auth_token")) == (True, False)
        with pytest.raises(SecretUnreadableError):
            channel.auth_token  # noqa: B018 - asking is the act

    def test_stays_as_it_is_when_the_row_is_saved(self):
        lose_key(make_channel())
        channel = Channel.objects.get()

        channel.name = "Osaka"
        channel.save()

        assert stored() == "gone"
