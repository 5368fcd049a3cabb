"""Hostile inputs: the expected status, the expected shape, and never a fault of ours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from callbacks.models import CallbackSettings
from channels.models import Channel
from conversations.models import Assignment, Message
from teams.services import api_keys
from tests import moments
from tests.factories import (
    make_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_team,
)
from tests.integration.api import bad_inputs
from tests.integration.api.bad_inputs import OTHERWISE, SALES, SKIPPED, Row, generate

NOW = moments.WEDNESDAY_MORNING
ROWS = bad_inputs.read_rows()
PARALLEL = [row for row in ROWS if "parallel" in row.input]
ONE_BY_ONE = [row for row in ROWS if "parallel" not in row.input]

needs_catalogue = pytest.mark.skipif(not ROWS, reason=f"{bad_inputs.CATALOGUE} is not here")


def by_id(rows):
    return [pytest.param(row, id=row.id) for row in rows]


def wall(ahead):
    """Return what a clock in UTC shows then."""
    return f"{timezone.now() + ahead:%Y-%m-%dT%H:%M}"


class House:
    """The people and conversations that the rows speak of."""

    def __init__(self, ada):
        self.ada = ada
        self.alice = make_agent(email="alice@e.example", capacity=5)
        self.gone = make_agent(name="Gone", is_active=False)
        self.full = make_agent(name="Full", capacity=0)
        self.busy = make_agent(name="Busy", load=1)
        self.sales = make_team(name="Sales", code=SALES, members=(make_agent(name="Bob"),))
        make_team(name="Exists", code="other")
        self.channel = make_channel()
        self.open = make_conversation(channel=self.channel)
        self.foreign = make_conversation(channel=self.channel, team=self.sales)
        self.pinned = make_conversation(
            channel=self.channel, contact=make_contact(permanent_agent=self.alice)
        )
        self.late = make_conversation(
            channel=self.channel, last_inbound_at=NOW - timedelta(hours=25)
        )
        self.promising = make_conversation(
            channel=self.channel, team=self.sales, contact=make_contact(address="+819012345678")
        )
        CallbackSettings.objects.create(team=self.sales, is_owning_enabled=True)
        self.message = make_message(conversation=self.foreign)
        self.key = make_api_key(user=ada)
        self.agent_key = make_api_key(user=self.alice)

    def places(self, row: Row):
        def person(user):
            return {"id": str(user.public_id)}

        gen = row.input.get("query_gen", {})
        chat = self.pinned if row.id == "AS-026" else self.open
        places = {
            "{id}": str((self.promising if row.surface == "callbacks_api" else chat).public_id),
            "{agent of another team}": person(self.alice),
            "{now-1min}": wall(timedelta(minutes=-1)),
            "{now+1h}": wall(timedelta(hours=1)),
            "{now+31d}": wall(timedelta(days=31)),
            "{agent}": person(self.alice),
            "{deleted agent}": person(self.gone),
            "{agent at capacity}": person(self.full),
            "{agent not in team}": person(self.alice),
            "{conversation of another team}": str(self.foreign.public_id),
            "{message of another team}": str(self.message.public_id),
            "{contact only seen by another team}": str(self.foreign.contact.public_id),
            "{attachment of another team}": "file.jpg",
            "{closed 24h window}": str(self.late.public_id),
            "{agent with open work}": str(self.busy.public_id),
        }
        if "repeat" in gen:
            places["{gen}"] = generate(gen)
        return places

    def headers(self, row: Row):
        given = {
            name: bad_inputs.fill(value, self.secrets())
            for name, value in row.input.get("headers", {}).items()
        }
        if "Authorization" in given:
            return given | {"Authorization": given["Authorization"].replace("Token ", "Bearer ")}
        if row.input.get("auth", "service_token") == "token in query ?token=":
            return given
        key = self.agent_key if row.input.get("auth") == "agent_token" else self.key
        return given | {"Authorization": f"Bearer {key}"}

    def secrets(self):
        old = api_keys.issue(self.ada, name="Old", scopes=["read"], expires_at=NOW)
        return {"{expired}": old.key, "{prefix of a real token}": self.key.partition(".")[0]}


@pytest.fixture
def house(ada):
    return House(ada)


def send(api, house, row, **more):
    places = house.places(row)
    path = bad_inputs.read_path(row, places)
    if row.input.get("auth") == "token in query ?token=":
        path += f"?token={house.key}"
    method = row.input.get("method", "GET")
    has_body = method in ("POST", "PUT", "PATCH")
    body = bad_inputs.read_body(row, places) if has_body else b""
    if row.id == "HT-012":
        body = b'{"code": "cs", "name": "CS"}'
    content_type = row.input.get("content_type", "application/json")
    headers = house.headers(row) | more
    return api.client.generic(
        method, path, body, content_type, headers={k: v for k, v in headers.items() if v}
    )


def check(answer, row):
    assert answer.status_code < 500
    assert answer.status_code in row.statuses
    if answer.status_code >= 400:
        body = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(body) >= {"type", "title", "status", "code", "detail", "fields", "request_id"}
        assert body["status"] == answer.status_code
        if row.expected.get("code") and row.id not in OTHERWISE:
            assert body["code"] == row.code
        told = {name.partition(".")[0] for name in body["fields"]}
        assert row.fields <= told
    for name, value in row.expected.get("headers", {}).items():
        assert answer.headers[name] == value


@needs_catalogue
@pytest.mark.django_db
class TestBadInput:
    @pytest.mark.parametrize("row", by_id(ONE_BY_ONE))
    def test_is_answered_as_expected(self, call, house, row, at_that_time):
        if row.id in SKIPPED:
            pytest.skip(SKIPPED[row.id])
        api = call()
        if row.id in ("DI-019", "CB-020"):
            send(api, house, row)

        if row.surface == "callbacks_api":
            at_that_time.move_to(bad_inputs.moment_of(row))
        answers = [send(api, house, row) for _ in range(row.input.get("repeat", 1))]
        if row.input.get("other_token"):
            other = make_api_key(user=house.ada)
            answers.append(send(api, house, row, Authorization=f"Bearer {other}"))

        for answer in answers:
            check(answer, row)
        if row.id == "ID-001":
            assert answers[0].content == answers[1].content
            assert answers[1].headers["Idempotent-Replayed"] == "true"
        if row.id == "ID-007":
            assert Message.objects.filter(conversation=house.open).count() == 2

    def test_leaves_the_lists_readable(self, call, house):
        """What was accepted can be read again: no row poisons a list."""
        api = call(house.ada)
        for row in ONE_BY_ONE:
            if row.id not in SKIPPED:
                send(api, house, row)

        paths = ["conversations/", "contacts/", "teams/", "users/", "channels/", "rules/"]

        assert {api.get(path).status_code for path in paths} == {200}
        assert Channel.objects.count() == 1


@needs_catalogue
@pytest.mark.django_db(transaction=True)
class TestBadInputManyTimesAtOnce:
    @pytest.mark.parametrize("row", by_id(PARALLEL))
    def test_has_one_effect(self, call, house, row):
        def one(_number):
            try:
                return send(call(), house, row)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(one, range(row.input["parallel"])))

        for answer in answers:
            check(answer, row)
        assert any(answer.status_code < 300 for answer in answers)
        if row.surface == "idempotency":
            assert Message.objects.filter(conversation=house.open).count() == 1
        else:
            assert Assignment.objects.filter(conversation=house.open).count() == 1
