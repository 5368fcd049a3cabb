"""One effect per Idempotency-Key."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections, transaction

from config.api import urls
from conversations.models import Message
from teams.models import ApiKey, StoredAnswer, Team
from teams.services import idempotency
from teams.services.idempotency import Answer, IdempotencyInProgressError
from tests import moments
from tests.factories import make_api_key, make_conversation

NOW = moments.WEDNESDAY_MORNING
BODY = {"code": "cs", "name": "Customer service"}


@pytest.mark.django_db
class TestIdempotencyKey:
    def test_gives_the_same_answer_again(self, api):
        first = api.post("teams/", BODY, Idempotency_Key="k1")
        second = api.post("teams/", BODY, Idempotency_Key="k1")

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.content == first.content
        assert second.headers["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first.headers
        assert Team.objects.count() == 1

    def test_sends_one_message(self, api):
        conversation = make_conversation()
        path = f"conversations/{conversation.public_id}/messages/"

        answers = [api.post(path, {"body": "Hello"}, Idempotency_Key="k1") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [202] * 3
        assert Message.objects.count() == 1

    def test_looks_at_what_is_meant_and_not_at_how_it_is_written(self, api):
        api.post("teams", b'{"code":"cs","name":"CS"}', Idempotency_Key="k1")

        again = api.post("teams/", b'{ "name": "CS", "code": "cs" }', Idempotency_Key="k1")

        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")

    @pytest.mark.parametrize(
        ("path", "body"),
        [("teams/", BODY | {"name": "Other"}), ("users/", {"email": "x@e.example", "name": "X"})],
    )
    def test_of_another_request_is_refused(self, api, path, body):
        api.post("teams/", BODY, Idempotency_Key="k1")

        answer = api.post(path, body, Idempotency_Key="k1")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    def test_belongs_to_one_api_key(self, api, ada, call):
        api.post("teams/", BODY, Idempotency_Key="k1")

        answer = call(ada).post("teams/", BODY | {"code": "cs2"}, Idempotency_Key="k1")

        assert answer.status_code == 201

    def test_may_be_used_again_after_a_refusal(self, api):
        refused = api.post("teams/", BODY | {"code": "not a code"}, Idempotency_Key="k1")
        accepted = api.post("teams/", BODY, Idempotency_Key="k1")

        assert (refused.status_code, accepted.status_code) == (422, 201)

    def test_is_forgotten_after_a_day(self, api, ada):
        api.post("teams/", BODY, Idempotency_Key="k1")

        with time_machine.travel(NOW + timedelta(hours=24), tick=False):
            answer = api.post("teams/", BODY | {"code": "cs2"}, Idempotency_Key="k1")

        assert answer.status_code == 201

    @pytest.mark.parametrize("key", ["x" * 256, "a\x00b", "é", "a\tb"])
    def test_that_is_none_is_refused(self, api, key):
        answer = api.post("teams/", BODY, Idempotency_Key=key)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
        assert not Team.objects.exists()

    def test_of_255_characters_is_taken(self, api):
        assert api.post("teams/", BODY, Idempotency_Key="x" * 255).status_code == 201


@pytest.mark.django_db
class TestForgetNextExpired:
    def test_deletes_what_is_a_day_old(self, ada):
        make_api_key(user=ada)
        old = {"api_key": ApiKey.objects.get(), "status": 201, "body": "{}"}
        StoredAnswer.objects.create(key="old", created_at=NOW - timedelta(hours=24), **old)
        StoredAnswer.objects.create(key="new", created_at=NOW - timedelta(hours=23), **old)

        results = [idempotency.forget_next_expired(now=NOW) for _ in range(2)]

        assert results == [True, False]
        assert [answer.key for answer in StoredAnswer.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    @pytest.fixture
    def api_key(self, ada):
        make_api_key(user=ada)
        return ApiKey.objects.get()

    def run(self, api_key, effect):
        return idempotency.run_once(api_key, key="k1", fingerprint="f", effect=effect, now=NOW)

    def test_two_requests_have_one_effect(self, api_key):
        effects, outcomes = [], []

        def effect():
            effects.append(1)
            return Answer(201, "{}")

        def request():
            try:
                outcomes.append(self.run(api_key, effect).status)
            except IdempotencyInProgressError:
                outcomes.append(409)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=request) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(effects) == 1
        assert set(outcomes) <= {201, 409}
        assert len(outcomes) == 8

    @pytest.mark.postgres
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
    def test_the_second_is_told_while_the_first_runs(self, api_key):
        taken, done, seen = threading.Event(), threading.Event(), []

        def first():
            with transaction.atomic():
                self.run(api_key, lambda: taken.set() or (done.wait(10) and Answer(201, "{}")))
            connections.close_all()

        thread = threading.Thread(target=first)
        thread.start()
        taken.wait(10)
        try:
            self.run(api_key, lambda: Answer(201, "{}"))
        except IdempotencyInProgressError as error:
            seen.append(error.code)
        done.set()
        thread.join()

        assert seen == ["idempotency_in_progress"]
        assert self.run(api_key, lambda: Answer(500, "")).is_replayed


class TestEveryPost:
    def test_takes_an_idempotency_key(self):
        views = [
            pattern.callback.view_class for included in urls.v1 for pattern in included.url_patterns
        ]
        posts = {view: view.post for view in views if hasattr(view, "post")}

        assert len(posts) >= 8
        assert [view for view, post in posts.items() if not hasattr(post, "is_once")] == []
