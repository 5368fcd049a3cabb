"""Every refusal has one shape, and says no more than it should."""

import io
import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from config.api import handlers
from config.api.parsing import parse_strictly
from config.logs import RequestFilter, SecretsFormatter
from teams.api.problems import Problem

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "code", "detail", "fields", "request_id"}


def assert_problem(answer, *, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == MEMBERS
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


class TestProblem:
    @pytest.mark.parametrize(
        ("method", "path", "headers", "status", "code"),
        [
            ("GET", "/api/v1/nothing/", {}, 404, "not_found"),
            ("GET", "/nothing/", {}, 404, "not_found"),
            ("GET", "/api/v1/../admin/", {}, 404, "not_found"),
            ("GET", "/api/v1/conversations/12/", {}, 404, "not_found"),
            ("GET", "/api/v1/conversations/%00/", {}, 404, "not_found"),
            ("GET", "/api/v1/conversations/١/", {}, 404, "not_found"),
            ("GET", "/api/v1/teams/%00/", {}, 404, "not_found"),
            ("GET", "/api/v1/teams/nothing/", {}, 404, "not_found"),
            ("TRACE", "/api/v1/conversations/", {}, 405, "method_not_allowed"),
            ("OPTIONS", "/api/v1/conversations/", {}, 405, "method_not_allowed"),
            ("DELETE", "/api/v1/conversations/", {}, 405, "method_not_allowed"),
            ("GET", "/api/v1/me/", {"Accept": "application/foo"}, 406, "not_acceptable"),
            ("GET", "/api/v1/me/?format=xx", {}, 404, "not_found"),
            ("GET", "/api/v1/me/", {"Host": "evil.example"}, 400, "bad_host"),
        ],
    )
    def test_is_the_answer(self, api, method, path, headers, status, code):
        answer = api.client.generic(method, path, headers=api.headers | headers)

        assert_problem(answer, status=status, code=code)

    def test_names_the_methods_that_there_are(self, api):
        assert api.delete("conversations/").headers["Allow"] == "GET, HEAD"

    def test_is_kept_by_nobody_on_the_way(self, api):
        answers = [api.get("me/"), api.get("nothing/")]

        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}

    def test_keeps_pages_for_people(self):
        answer = Client().get("/admin/nothing/", follow=True)

        assert answer.headers["Content-Type"].startswith("text/html")

    def test_repeats_nothing_that_was_sent(self, api):
        secret = "<script>4711</script>"

        answers = [
            api.post("teams/", {"code": secret, "name": "CS", "strategy": secret}),
            api.post("users/", {"email": secret, "name": "X", "time_zone": secret}),
            api.get("conversations/", {"status": secret, "assignee": secret}),
            api.post("channels/", {"provider": secret, "name": "X", "account_sid": secret}),
            api.post("teams/", b"{}", content_type=secret),
        ]

        assert [answer.status_code for answer in answers] == [422, 422, 400, 422, 415]
        assert not any(secret in answer.content.decode() for answer in answers)

    def test_is_written_in_the_language_that_was_asked_for(self, api):
        answer = api.get("nothing/", Accept_Language="en")

        assert answer.json()["detail"] == "There is nothing at this address."


class TestRequestId:
    def test_of_the_caller_is_kept(self, api):
        answer = api.get("nothing/", X_Request_Id="abc-123")

        assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "abc-123"

    def test_is_on_every_line_of_the_log(self, api, settings):
        lines = io.StringIO()
        handler = logging.StreamHandler(lines)
        handler.setFormatter(SecretsFormatter(settings.LOGGING["formatters"]["line"]["format"]))
        handler.addFilter(RequestFilter())
        logging.getLogger("django.request").addHandler(handler)
        logging.getLogger("config.api.errors").addHandler(handler)
        try:
            api.get("nothing/", X_Request_Id="abc-123")
            api.post("/api/v1/teams/", {"code": "cs", "name": "CS"}, X_Request_Id="abc-124")
        finally:
            logging.getLogger("django.request").removeHandler(handler)
            logging.getLogger("config.api.errors").removeHandler(handler)

        assert "WARNING django.request [abc-123]: Not Found: /api/v1/nothing/" in lines.getvalue()
        assert "abc-124" not in lines.getvalue()

    def test_is_shown_on_a_page_that_failed(self):
        request = RequestFactory().get("/admin/")
        request.request_id = "abc-123"
        request.user = AnonymousUser()

        assert "abc-123" in handlers.server_error(request).content.decode()

    @pytest.mark.parametrize("given", ["x" * 200, "a b", "<b>", ""])
    def test_that_could_do_harm_is_replaced(self, api, given):
        answer = api.get("me/", X_Request_Id=given)

        assert answer.headers["X-Request-Id"] != given
        assert len(answer.headers["X-Request-Id"]) == 32


class TestAddress:
    def test_may_lack_its_last_slash(self, api):
        created = api.post("/api/v1/teams", {"code": "cs", "name": "CS"})

        assert created.status_code == 201
        assert api.get("/api/v1/teams/cs").status_code == 200

    @pytest.mark.parametrize(
        ("query", "code", "field"),
        [
            ("unknown=1", "unknown_parameter", "unknown"),
            ("status=new&status=closed", "invalid_query", "status"),
            ("status=nothing", "invalid_query", "status"),
            ("assignee=abc", "invalid_query", "assignee"),
            ("channel=1", "invalid_query", "channel"),
            ("ordering=contact__password", "invalid_query", "ordering"),
            ("ordering=%00", "invalid_query", "ordering"),
            ("team=%00", "invalid_query", "team"),
            ("limit=0", "invalid_query", "limit"),
            ("limit=-1", "invalid_query", "limit"),
            ("limit=١", "invalid_query", "limit"),
            ("cursor=xx", "invalid_query", "cursor"),
            ("cursor=ü%00", "invalid_query", "cursor"),
        ],
    )
    def test_has_known_parameters_only(self, api, query, code, field):
        answer = api.get(f"conversations/?{query}")

        assert_problem(answer, status=400, code=code)
        assert list(answer.json()["fields"]) == [field]

    def test_has_a_bounded_number_of_parameters(self, api):
        query = "&".join(f"p{number}=1" for number in range(1500))

        assert_problem(api.get(f"me/?{query}"), status=400, code="too_many_parameters")

    def test_that_writes_takes_no_parameters(self, api):
        assert_problem(
            api.post("teams/?dry=1", {"code": "cs", "name": "CS"}),
            status=400,
            code="unknown_parameter",
        )


class TestBody:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "malformed_json"),
            (b"{", 400, "malformed_json"),
            (b"\xef\xbb\xbf{}", 400, "malformed_json"),
            (b"\xff\xfe{\x00}\x00", 400, "malformed_json"),
            (b'{"name": NaN}', 400, "malformed_json"),
            (b'{"name": Infinity}', 400, "malformed_json"),
            (b'{"code": "a", "code": "b"}', 400, "malformed_json"),
            (b'{"name": "a\x00b"}', 400, "malformed_json"),
            (b'{"\\u0000": 1}', 400, "malformed_json"),
            (b'{"capacity": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
            (b"null", 400, "not_an_object"),
            (b"[]", 400, "not_an_object"),
            (b'{"a":' * 33 + b"1" + b"}" * 33, 400, "json_too_deep"),
            (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "json_too_deep"),
            (b'{"name":"' + b"x" * 2**20 + b'"}', 413, "body_too_large"),
            (b'{"name": "a\\u0000b"}', 422, "validation"),
            (b'{"name": "\\ud800"}', 422, "validation"),
            (b'{"unknown": {"k": "\\ud800"}}', 422, "validation"),
        ],
    )
    def test_is_json_in_one_reading(self, api, body, status, code):
        assert_problem(api.post("teams/", body), status=status, code=code)

    @pytest.mark.parametrize(
        ("content_type", "code"),
        [
            ("application/xml", "unsupported_media_type"),
            ("multipart/form-data; boundary=x", "unsupported_media_type"),
            ("application/x-www-form-urlencoded", "unsupported_media_type"),
            ("text/plain", "unsupported_media_type"),
            ("application/json; charset=zlib", "unsupported_charset"),
            ("application/json; charset=utf-16", "unsupported_charset"),
        ],
    )
    def test_is_sent_as_json(self, api, content_type, code):
        answer = api.post("teams/", b"{}", content_type=content_type)

        assert_problem(answer, status=415, code=code)

    def test_without_a_type_is_refused(self, api):
        answer = api.client.generic("POST", "/api/v1/teams/", b"{}", "", headers=api.headers)

        assert_problem(answer, status=415, code="unsupported_media_type")

    def test_says_which_fields_it_does_not_know(self, api):
        answer = api.post("teams/", {"code": "cs", "name": "CS", "load": 0, "is_superuser": True})

        assert_problem(answer, status=422, code="unknown_field")
        assert sorted(answer.json()["fields"]) == ["is_superuser", "load"]

    def test_says_which_inner_fields_it_does_not_know(self, api):
        answer = api.post("assignments/manual/", {"member": {"id": "x", "load": 1}})

        assert_problem(answer, status=422, code="validation")
        assert answer.json()["fields"]["member.load"][0]["code"] == "unknown_field"

    @pytest.mark.parametrize("value", [1, True, None, [], {}, "x" * 200, " ", ""])
    def test_has_fields_of_their_type(self, api, value):
        answer = api.post("teams/", {"code": "cs", "name": value})

        assert_problem(answer, status=422, code="validation")
        assert list(answer.json()["fields"]) == ["name"]

    def test_may_say_that_it_is_utf_8(self, api):
        body = '{"code": "返金", "name": "x"}'.encode()

        answer = api.post("teams/", body, content_type='application/json; charset="UTF-8"')

        assert list(answer.json()["fields"]) == ["code"]

    def test_with_another_method_in_a_header_is_a_post(self, api):
        answer = api.post("teams/", {"code": "cs", "name": "CS"}, X_HTTP_Method_Override="DELETE")

        assert answer.status_code == 201


class TestParseStrictly:
    def test_keeps_what_is_fine(self):
        assert parse_strictly('{"a": [1, 2.5, "é", null, true]}'.encode()) == {
            "a": [1, 2.5, "é", None, True]
        }

    def test_counts_lists_as_levels(self):
        with pytest.raises(Problem):
            parse_strictly(b"[" * 34 + b"]" * 34)
