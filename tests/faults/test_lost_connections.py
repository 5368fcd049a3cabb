"""The database restarts or keeps us waiting, and messages come in all the same."""

import psycopg
import pytest
from django.db import connection
from django.test import Client

from conversations.models import Conversation, Message
from tests.doors import customer_writes
from tests.factories import make_agent, make_api_key, make_channel, make_rule, make_team
from tests.processes import database_url

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has no connection to lose"
    ),
]


def end_my_session():
    """End this process's session from outside, as a restart of the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


class TestAConnectionThatIsGone:
    def test_is_replaced_before_the_message_is_looked_at(self):
        make_rule(team=make_team(members=(make_agent(),)))
        channel = make_channel()
        customer_writes(channel, "Hello")
        end_my_session()

        response = customer_writes(channel, "Are you there?")

        assert response.status_code == 200
        assert Message.objects.count() == 2

    def test_is_replaced_before_the_key_of_a_call_is_looked_at(self):
        call = {"headers": {"Authorization": f"Bearer {make_api_key(user=make_agent())}"}}
        Client().get("/api/v1/me/", **call)
        end_my_session()

        response = Client().get("/api/v1/me/", **call)

        assert response.status_code == 200


class TestADeskThatIsHeldForTooLong:
    def test_costs_the_decision_and_not_the_message(self):
        team = make_team(members=(make_agent(),))
        make_rule(team=team)
        channel = make_channel()

        with psycopg.connect(database_url()) as other:
            other.execute("SELECT 1 FROM teams_team WHERE id = %s FOR UPDATE", [team.pk])
            response = impatiently(lambda: customer_writes(channel, "Hello"))

        assert response.status_code == 200
        assert Message.objects.get().body == "Hello"
        assert Conversation.objects.get().routing_due_at is not None


def impatiently(act):
    """Do it in a session that waits for no lock longer than a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 100")
        try:
            return act()
        finally:
            cursor.execute("RESET lock_timeout")
