"""Lists come in pages that stay right while rows arrive, at a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import moments
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_team,
)

pytestmark = pytest.mark.django_db


def walk(api, path, query=None):
    """Return the rows of each page, following `next`."""
    pages, answer = [], api.get(path, query)
    while True:
        pages.append(answer.json()["data"])
        if not answer.json()["has_more"]:
            return pages
        answer = api.get(answer.json()["next"].removeprefix("http://testserver"))


def count_queries(api, path):
    api.get(path)  # the first call notes the use of the key
    with CaptureQueriesContext(connection) as seen:
        assert api.get(path).status_code == 200
    return len(seen)


class TestPages:
    def test_hold_fifty_rows(self, api):
        for number in range(60):
            make_team(name=f"Team {number}")

        answer = api.get("teams/")

        assert len(answer.json()["data"]) == 50
        assert answer.json()["has_more"] is True
        assert answer.headers["Link"] == f'<{answer.json()["next"]}>; rel="next"'

    def test_that_are_the_last_say_so(self, api):
        body = api.get("teams/").json()

        assert body == {"data": [], "next": None, "has_more": False}

    @pytest.mark.parametrize("name", ["limit", "page_size"])
    def test_hold_two_hundred_rows_at_most(self, api, name):
        for number in range(201):
            make_agent(name=f"Agent {number}")

        body = api.get("users/", {name: 100_000_000}).json()

        assert len(body["data"]) == 200

    @pytest.mark.parametrize("ordering", ["-id", "id", "-last_message_at", "last_message_at"])
    def test_show_every_row_once_in_order(self, api, ordering):
        channel = make_channel()
        # Two by two at the same instant: ties must not be lost between pages.
        conversations = [
            make_conversation(
                channel=channel, now=moments.WEDNESDAY_MORNING - timedelta(hours=number // 2)
            )
            for number in range(7)
        ]
        key = {"id": lambda c: c.pk, "last_message_at": lambda c: (c.last_message_at, c.pk)}
        expected = sorted(
            conversations, key=key[ordering.lstrip("-")], reverse=ordering.startswith("-")
        )

        pages = walk(api, "conversations/", {"limit": 3, "ordering": ordering})

        assert [len(page) for page in pages] == [3, 3, 1]
        assert [row["id"] for page in pages for row in page] == [
            str(conversation.public_id) for conversation in expected
        ]

    def test_neither_repeat_nor_lose_rows_when_new_ones_arrive(self, api):
        channel = make_channel()
        old = [make_conversation(channel=channel) for _ in range(4)]
        first = api.get("conversations/", {"limit": 2}).json()
        make_conversation(channel=channel)

        second = api.get(first["next"].removeprefix("http://testserver")).json()

        seen = [row["id"] for row in first["data"] + second["data"]]
        assert seen == [str(c.public_id) for c in reversed(old)]

    def test_take_a_cursor_of_their_own_order_only(self, api):
        channel = make_channel()
        for _ in range(2):
            make_conversation(channel=channel)
        address = api.get("conversations/", {"limit": 1}).json()["next"]

        answer = api.get(address.removeprefix("http://testserver") + "&ordering=id")

        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["cursor"])

    def test_tell_nothing_by_their_cursor(self, api):
        for number in range(2):
            make_team(name=f"Team {number}")

        cursor = api.get("teams/", {"limit": 1}).json()["next"].partition("cursor=")[2]

        assert cursor.startswith("gAAAA")


class TestQueries:
    """What a list costs does not grow with its rows."""

    @pytest.mark.parametrize(
        ("path", "budget"),
        [
            ("conversations/", 4),
            ("contacts/", 3),
            ("teams/", 2),
            ("users/", 2),
            ("channels/", 4),
            ("rules/", 4),
        ],
    )
    def test_of_a_list_are_few(self, api, path, budget):
        support = make_team(members=(make_agent(),))
        for number in range(12):
            alice = make_agent()
            conversation = make_conversation(assignee=alice, team=support)
            make_message(conversation=conversation)
            make_rule(name=f"Rule {number}", team=support, conditions=(("text", "contains", "a"),))

        assert count_queries(api, path) == budget

    @pytest.mark.parametrize("path", ["messages/", "events/", "decisions/", "assignment/"])
    def test_of_a_conversation_do_not_grow(self, api, path):
        alice = make_agent()
        conversation = make_conversation(contact=make_contact(permanent_agent=alice))
        address = f"conversations/{conversation.public_id}/{path}"
        costs = []

        for rows in (1, 10):
            for number in range(rows):
                api.post(f"conversations/{conversation.public_id}/notes/", {"body": f"{number}"})
                body = {"conversation_id": str(conversation.public_id)}
                api.post("assignments/manual/", body | {"member": {"email": make_agent().email}})
            costs.append(count_queries(api, address))

        assert costs[0] == costs[1]
        assert costs[0] <= 9
