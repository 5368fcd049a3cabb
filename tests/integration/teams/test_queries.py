"""Queries that are written once."""

import uuid

import pytest
from django.db import connection
from django.db.models import Count, Q
from django.test.utils import CaptureQueriesContext

from teams.models import Team, User
from teams.queries import InstanceQuery, Query
from tests.factories import make_agent, make_team

pytestmark = pytest.mark.django_db


class TestAQuery:
    def test_yields_what_the_orm_would(self):
        alice, bob = make_agent(name="Alice"), make_agent(name="Bob")
        query = Query(lambda pk: User.objects.filter(pk=pk).values_list("name", "public_id"), 1)

        assert [query.rows(alice.pk), query.row(bob.pk)] == [
            [("Alice", alice.public_id)],
            ("Bob", bob.public_id),
        ]

    def test_fills_several_holes_with_one_value(self):
        alice = make_agent(name="Alice", email="alice@example.com")
        make_agent(name="Bob")
        rows = User.objects.values_list("name").order_by()
        query = Query(
            lambda email, name: rows.filter(Q(name=name) | Q(email=email) | Q(code=name)), "a", "b"
        )

        assert query.rows(alice.email, "alice@example.com") == [("Alice",)]

    def test_is_refused_if_something_else_is_left_to_fill_in(self):
        query = Query(lambda pk: User.objects.filter(pk=pk, name="Alice").values_list("pk"), 1)

        with pytest.raises(ValueError, match="The holes are"):
            query.rows(1)


class TestAnInstanceQuery:
    def test_yields_what_the_orm_would(self):
        alice = make_agent(name="Alice")
        cs = make_team(name="CS", members=(alice, make_agent()), default_user=alice)
        make_team(name="Other", members=(alice,))
        query = InstanceQuery(
            lambda id: (
                Team.objects.select_related("default_user", "hours")
                .annotate(size=Count("members"))
                .filter(public_id=id)
            ),
            uuid.UUID(int=0),
        )
        query.first(cs.public_id)

        with CaptureQueriesContext(connection) as queries:
            found = query.first(cs.public_id)
            seen = (found, found.default_user, found.default_user.name, found.hours, found.size)

        assert seen == (cs, alice, "Alice", None, 2)
        assert len(queries) == 1
        assert not found._state.adding

    def test_yields_nothing_for_what_is_not_there(self):
        query = InstanceQuery(lambda pk: Team.objects.filter(pk=pk), 1)

        assert query.first(4711) is None
