"""How much one key may ask for, and what happens where nobody can count."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client

from config import counters, environment
from tests import moments
from tests.doors import customer_writes
from tests.factories import make_administrator, make_channel, make_conversation
from tests.integration.api.conftest import ApiCaller

NOW = moments.WEDNESDAY_MORNING
BROKER_URL = os.environ.get("BROKER_URL", "")


@pytest.fixture
def limits(settings):
    """Small limits: 3 requests, 2 messages, 2 wrong keys a minute."""
    settings.API_RATES = {"requests": 3, "messages": 2, "failed_keys": 2}


@pytest.fixture
def dead_store(settings):
    """Point to a Redis that is not there, and forget afterwards that it was not."""
    settings.CACHES = {
        **settings.CACHES,
        "counters": environment.read_counter_store("redis://127.0.0.1:9/0"),
    }
    yield
    counters._left_alone_until = 0.0


def read_limit(answer):
    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return tuple(int(answer.headers[name]) for name in names)


@pytest.mark.django_db
@pytest.mark.usefixtures("limits")
class TestKey:
    def test_is_told_what_is_left(self, api):
        answers = [api.get("me/"), api.get("nothing/"), api.get("me/?x=1"), api.get("me/")]

        assert [answer.status_code for answer in answers] == [200, 404, 400, 200]
        assert read_limit(answers[0]) == (3, 2, 60)
        assert read_limit(answers[2]) == (3, 1, 60)
        assert read_limit(answers[3]) == (3, 0, 60)

    def test_that_asks_too_much_waits(self, api):
        answers = [api.get("me/") for _number in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].json()["code"] == "throttled"
        assert answers[3].headers["Content-Type"] == "application/problem+json"
        assert answers[3].headers["Retry-After"] == "60"
        assert read_limit(answers[3]) == (3, 0, 60)

    def test_may_go_on_in_the_next_minute(self, api):
        for _number in range(4):
            api.get("me/")

        with time_machine.travel(NOW + timedelta(seconds=59), tick=False):
            assert api.get("me/").headers["Retry-After"] == "1"
        with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
            assert api.get("me/").status_code == 200

    def test_is_counted_apart_from_others(self, api, ada, call):
        for _number in range(4):
            api.get("me/")

        assert call(ada).get("me/").status_code == 200

    def test_that_lacks_the_scope_is_counted_too(self, ada, call):
        caller = call(ada, scopes=["messages"])

        answers = [caller.get("teams/").status_code for _number in range(4)]

        assert answers == [403, 403, 403, 429]

    def test_has_fewer_messages_than_requests(self, api):
        path = f"conversations/{make_conversation().public_id}/messages/"

        answers = [api.post(path, {"body": "hi"}) for _number in range(3)]

        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert read_limit(answers[0]) == (2, 1, 60)

    def test_has_no_limit_where_none_is_set(self, api, settings):
        settings.API_RATES = dict.fromkeys(settings.API_RATES, 0)

        answers = [api.get("me/") for _number in range(5)]

        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit-Limit" not in answers[0].headers


@pytest.mark.django_db
@pytest.mark.usefixtures("limits")
class TestAddress:
    def test_that_guesses_keys_is_slowed_down(self):
        guess = ApiCaller("abcdefgh.nobody")

        answers = [guess.get("me/") for _number in range(3)]

        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[2].headers["Retry-After"] == "60"

    def test_is_open_for_keys_that_are_right(self, api):
        for _number in range(3):
            ApiCaller("abcdefgh.nobody").get("me/")

        assert api.get("me/").status_code == 200

    def test_of_another_caller_is_counted_apart(self):
        for _number in range(3):
            ApiCaller("abcdefgh.nobody").get("me/")

        answer = Client(REMOTE_ADDR="192.0.2.7").get("/api/v1/me/", headers={"apikey": "a.b"})

        assert answer.status_code == 401


@pytest.mark.django_db
@pytest.mark.usefixtures("limits", "dead_store")
class TestStoreThatIsAway:
    def test_lets_everybody_in(self, api):
        answers = [api.get("me/") for _number in range(5)]

        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit-Limit" not in answers[0].headers

    def test_lets_nobody_in_who_has_no_key(self):
        answers = [ApiCaller("abcdefgh.nobody").get("me/") for _number in range(5)]

        assert {answer.status_code for answer in answers} == {401}

    def test_is_left_alone_for_a_while(self, api, caplog):
        for _number in range(5):
            api.get("me/")

        assert caplog.text.count("the store is away") == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("limits")
class TestInboundDoor:
    def test_is_never_closed_by_a_limit(self):
        channel = make_channel()

        answers = [customer_writes(channel, "hello") for _number in range(6)]

        assert {answer.status_code for answer in answers} == {200}


class TestCount:
    def test_is_exact_over_threads(self):
        with ThreadPoolExecutor(max_workers=8) as pool:
            numbers = list(pool.map(lambda _: counters.count("crowd", now=NOW), range(400)))

        assert sorted(numbers) == list(range(1, 401))

    @pytest.mark.broker
    @pytest.mark.skipif(not BROKER_URL.startswith("redis"), reason="BROKER_URL is no Redis")
    def test_is_exact_over_connections_to_one_redis(self, settings):
        settings.CACHES = {
            **settings.CACHES,
            "counters": {**environment.read_counter_store(BROKER_URL), "KEY_PREFIX": os.urandom(8)},
        }

        def one(_number):
            caches["counters"]._cache._pools.clear()
            return counters.count("crowd", now=NOW)

        with ThreadPoolExecutor(max_workers=8) as pool:
            numbers = list(pool.map(one, range(200)))

        assert sorted(numbers) == list(range(1, 201))

    @pytest.mark.parametrize(
        ("broker_url", "location"),
        [
            ("redis://cache:6379/1", "redis://cache:6379/1"),
            ("redis+socket:///var/broker.sock", "unix:///var/broker.sock"),
            ("amqp://rabbit//", "counters"),
        ],
    )
    def test_is_kept_where_the_broker_is(self, broker_url, location):
        assert environment.read_counter_store(broker_url)["LOCATION"] == location


@pytest.mark.django_db
class TestOwner:
    def test_is_served_with_the_usual_limits(self, call):
        assert read_limit(call(make_administrator(email="x@e.example")).get("me/")) == (
            600,
            599,
            60,
        )
