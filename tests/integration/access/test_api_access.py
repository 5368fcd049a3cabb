"""Who may do what over the API: every address, every method, every role, everybody's things.

The table is `api.txt`. A new address without its rows fails here, and the message holds the rows as
they are now: read them, and put them into the table if they are what you want.
"""

from contextlib import contextmanager

import pytest
from django.db import transaction

from teams.scopes import Scope
from tests.addresses import METHODS, Address, api_addresses
from tests.factories import make_api_key
from tests.integration.access import api_requests, table
from tests.integration.access.house import CANARY, ROLES
from tests.integration.access.table import Row
from tests.integration.api.conftest import ApiCaller

pytestmark = pytest.mark.django_db
ADDRESSES = api_addresses()
PAIRS = [(address, method) for address in ADDRESSES for method in address.methods]
TABLE = table.read_api()
#: Who sees their own teams and nobody else's.
NARROW = ("agent", "senior", "supervisor")


def short(value):
    return value.path.removeprefix("/api/v1") if isinstance(value, Address) else value


def body_of(answer):
    """What the caller reads, without what differs for every request."""
    problem = answer.headers["Content-Type"] == "application/problem+json"
    return {**answer.json(), "request_id": ""} if problem else answer.getvalue()


@contextmanager
def nothing_stays():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(house, caller, address, method, *, whose, key=None):
    """Make one request and take back whatever it did."""
    with nothing_stays():
        api = ApiCaller(house.keys[caller] if key is None else key)
        path = api_requests.fill(address, house, whose=whose, caller=caller)
        name = f"{method} {short(address)}"
        if method in ("GET", "DELETE"):
            return getattr(api, method.lower())(path)
        if name in api_requests.FILES:
            kind, raw = api_requests.FILES[name]
            return api.post(path, raw, content_type=kind)
        body = api_requests.BODIES.get(name, lambda *_: {})(house, whose, caller)
        return api._send(method, path, body, {})


@pytest.mark.parametrize(("address", "method"), PAIRS, ids=short)
class TestAddress:
    def test_is_open_to_whom_the_table_says(self, house, address, method):
        answers = {
            (whose, caller): ask(house, caller, address, method, whose=whose)
            for whose in api_requests.kinds_of(address)
            for caller in ROLES
        }

        different = TABLE.differences(
            {
                Row(method, short(address), whose): {
                    caller: str(answers[whose, caller].status_code) for caller in ROLES
                }
                for whose in api_requests.kinds_of(address)
            }
        )

        assert not different, f"Not as in {table.API.name}:\n" + "\n".join(different)
        for (whose, caller), answer in answers.items():
            if answer.status_code == 404:
                nothing = answers["absent", caller]
                assert body_of(answer) == body_of(nothing), f"{caller} can tell: {whose}"
            if caller in NARROW:
                assert CANARY not in answer.getvalue().decode(), f"{caller} is told: {whose}"

    def test_needs_a_key_and_its_scope(self, house, address, method):
        whose = api_requests.kinds_of(address)[0]
        wanted = Scope.READ if method == "GET" else address.endpoint.scopes[method]
        others = [scope.value for scope in Scope if scope != wanted]

        without_key = ask(house, "owner", address, method, whose=whose, key="")
        with nothing_stays():
            key = make_api_key(user=house.callers["owner"], scopes=others)
            without_scope = ask(house, "owner", address, method, whose=whose, key=key)

        assert without_key.status_code == 401
        assert without_scope.status_code == 403
        assert without_scope.json()["code"] == "auth.scope_missing"
        assert f"“{wanted}”" in without_scope.json()["detail"]


@pytest.mark.parametrize("address", ADDRESSES, ids=short)
class TestMethodThatThereIsNot:
    def test_is_refused_with_those_that_there_are(self, house, address):
        path = api_requests.fill(
            address, house, whose=api_requests.kinds_of(address)[0], caller="owner"
        )
        api = ApiCaller(house.keys["owner"])
        for method in (*METHODS, "OPTIONS", "TRACE"):
            if method in address.methods:
                continue
            answer = api.client.generic(method, path, headers=api.headers)

            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
            assert set(address.methods) <= set(answer.headers["Allow"].split(", "))

    def test_leaves_head_as_get_without_a_body(self, house, address):
        if "GET" not in address.methods:
            return
        path = api_requests.fill(
            address, house, whose=api_requests.kinds_of(address)[0], caller="owner"
        )
        api = ApiCaller(house.keys["owner"])

        answer = api.client.head(path, headers=api.headers)

        assert answer.status_code == api.get(path).status_code
        assert answer.getvalue() == b""


class TestTable:
    def test_has_no_row_for_what_there_is_not(self):
        there = {
            Row(method, short(address), whose)
            for address, method in PAIRS
            for whose in api_requests.kinds_of(address)
        }

        assert set(TABLE.rows) <= there
