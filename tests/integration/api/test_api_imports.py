"""Importing people and teams by files, over the API."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from teams.csv_sheet import MAX_BYTES
from teams.models import Import, Role, Team, User
from tests.factories import make_agent, make_contact, make_supervisor, make_team

pytestmark = pytest.mark.django_db

PEOPLE = "email,name,role,user_code,team_codes\nsato@e.example,佐藤 美咲,3,E-1042,support\n"
BAD_BASE64 = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64\r\n--x--\r\n"
)
TEAMS = "team_code,name,description,assignment_rule\nsales,Sales,,queue\n"


@pytest.fixture
def support(db):
    return make_team(name="Support", code="support")


@pytest.fixture
def upload(api) -> Callable[..., dict]:
    """Upload a file and return the plan."""

    def send(text, *, subject="users", **headers):
        raw = text if isinstance(text, bytes) else text.encode()
        headers.setdefault("content_type", "text/csv")
        answer = api.post(f"imports/{subject}/", raw, **headers)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return send


def codes(plan):
    return [(one["code"], one["line"], one["column"]) for one in plan["problems"]]


class TestAnUpload:
    def test_becomes_a_plan_and_changes_nothing(self, upload, support):
        plan = upload(PEOPLE)

        assert (plan["status"], plan["subject"], plan["encoding"]) == ("planned", "users", "utf-8")
        assert (plan["new_count"], plan["row_count"], plan["problems"]) == (1, 1, [])
        assert not User.objects.filter(email="sato@e.example").exists()

    def test_may_be_a_form(self, api, support):
        file = SimpleUploadedFile("people.csv", PEOPLE.encode("cp932"), "text/csv")

        answer = api.client.post("/api/v1/imports/users/", {"file": file}, headers=api.headers)

        assert answer.status_code == 201
        assert (answer.json()["filename"], answer.json()["encoding"]) == ("people.csv", "cp932")

    def test_is_read_as_its_sender_says(self, upload, support):
        text = "email,name\nc@e.example,ｻﾄｳ\n".encode("cp932")

        assert codes(upload(text)) == [("unknown_encoding", 2, "")]
        assert upload(text, content_type="text/csv; charset=Shift_JIS")["encoding"] == "cp932"

    def test_with_errors_is_refused_and_says_where(self, upload, support):
        plan = upload(PEOPLE + "bob,Bob,9,,cs2\n")

        assert plan["status"] == "refused"
        assert codes(plan) == [
            ("invalid_email", 3, "email"),
            ("unknown_role", 3, "role"),
            ("unknown_team", 3, "team_codes"),
        ]
        assert plan["problems"][2]["message"] == "There is no team “cs2”."

    def test_suggests_what_was_meant(self, upload, support):
        plan = upload("email,name,team_codes\nbob@e.example,Bob,suport\n")

        assert plan["problems"][0]["message"] == (
            "There is no team “suport”. Did you mean “support”?"
        )

    def test_repeated_with_its_key_is_one(self, api, support):
        answers = [
            api.post(
                "imports/users/", PEOPLE.encode(), content_type="text/csv", Idempotency_Key="one"
            )
            for _ in range(2)
        ]

        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotent-Replayed"] == "true"
        assert Import.objects.count() == 1

    def test_of_another_file_under_its_key_is_refused(self, api, support):
        answers = [
            api.post("imports/teams/", text, content_type="text/csv", Idempotency_Key="one")
            for text in (TEAMS.encode(), TEAMS.encode() + b"cs,CS,,\n")
        ]

        assert [answer.status_code for answer in answers] == [201, 422]

    @pytest.mark.parametrize(
        ("raw", "kind", "status", "code"),
        [
            (b"{}", "application/json", 415, "unsupported_media_type"),
            (b"email\n", "text/csv; charset=utf-7", 415, "unsupported_charset"),
            (b"x" * (MAX_BYTES + 1), "text/csv", 413, "file_too_large"),
            (b"--x--\r\n", "multipart/form-data; boundary=x", 422, "validation"),
            (b"--x\r\n", "multipart/form-data; boundary=x\xff", 400, "malformed_body"),
            (b"--x--\r\n", "multipart/form-data", 400, "malformed_body"),
            (BAD_BASE64, "multipart/form-data; boundary=x", 400, "malformed_body"),
        ],
    )
    def test_that_is_no_file_is_refused(self, api, raw, kind, status, code):
        answer = api.post("imports/users/", raw, content_type=kind)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_with_more_than_a_file_is_refused(self, api):
        file = SimpleUploadedFile("people.csv", PEOPLE.encode())

        answer = api.client.post(
            "/api/v1/imports/users/", {"file": file, "apply": "yes"}, headers=api.headers
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")

    def test_of_nothing_is_an_empty_file(self, upload):
        assert codes(upload(b"\n")) == [("empty_file", 0, "")]

    def test_of_more_than_a_megabyte_is_taken(self, upload):
        plan = upload("email,name\n" + "\n" * 2 * 1024 * 1024 + "c@e.example,Chen\n")

        assert plan["status"] == "planned"


class TestApplying:
    def test_does_what_the_plan_says(self, api, upload, support):
        plan = upload(PEOPLE)

        answer = api.post(f"imports/{plan['id']}/apply/", {})

        assert (answer.status_code, answer.json()["status"]) == (200, "applied")
        sato = User.objects.get(code="E-1042")
        assert (sato.role, list(sato.teams.all())) == (Role.SUPERVISOR, [support])

    def test_needs_no_body(self, api, upload):
        plan = upload(TEAMS, subject="teams")

        answer = api.post(f"imports/{plan['id']}/apply/", b"")

        assert answer.status_code == 200
        assert Team.objects.get().strategy == "round_robin"

    def test_again_is_a_conflict(self, api, upload, support):
        plan = upload(PEOPLE)
        answers = [api.post(f"imports/{plan['id']}/apply/", {}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 409]
        assert answers[1].json()["code"] == "import.already_applied"

    def test_of_a_file_with_errors_is_a_conflict(self, api, upload):
        plan = upload("email\n")

        answer = api.post(f"imports/{plan['id']}/apply/", {})

        assert (answer.status_code, answer.json()["code"]) == (409, "import.has_errors")

    def test_of_an_old_plan_is_a_conflict_until_it_is_planned_again(self, api, upload):
        alice = make_agent(email="alice@e.example", capacity=3)
        plan = upload("email,capacity\nalice@e.example,9\n")
        User.objects.filter(pk=alice.pk).update(capacity=4)

        refused = api.post(f"imports/{plan['id']}/apply/", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "import.plan_changed")
        again = api.post(f"imports/{plan['id']}/plan/", {}).json()
        rows = api.get(f"imports/{plan['id']}/rows/").json()["data"]
        assert rows[0]["changes"] == [{"column": "capacity", "before": "4", "after": "9"}]

        old = api.post(f"imports/{plan['id']}/apply/", {"digest": plan["digest"]})
        new = api.post(f"imports/{plan['id']}/apply/", {"digest": again["digest"]})

        assert (old.status_code, new.status_code) == (409, 200)
        alice.refresh_from_db()
        assert alice.capacity == 9

    def test_lets_people_leave_with_all_that_they_had(self, api, call, upload):
        alice = make_agent(email="alice@e.example")
        dora = make_contact(permanent_agent=alice)
        team = make_team(members=(alice,), default_user=alice)
        hers = call(alice)
        plan = upload("email,is_active\nalice@e.example,no\n")

        api.post(f"imports/{plan['id']}/apply/", {})

        for row in (alice, dora, team):
            row.refresh_from_db()
        assert (alice.is_active, dora.permanent_agent, team.default_user) == (False, None, None)
        assert hers.get("me/").json()["code"] == "auth.api_key_disabled"

    def test_twice_changes_nothing_the_second_time(self, api, upload, support):
        for kind in ("new_count", "same_count"):
            plan = upload(PEOPLE)
            assert plan[kind] == 1
            api.post(f"imports/{plan['id']}/apply/", {})


class TestAnImport:
    def test_is_read_with_its_rows(self, api, upload):
        make_agent(email="alice@e.example", name="Alice")
        text = "email,name\nalice@e.example,Alice\nbob@e.example,Bob\nnobody,N\n"
        plan = upload(text)

        rows = api.get(f"imports/{plan['id']}/rows/").json()["data"]
        wrong = api.get(f"imports/{plan['id']}/rows/", {"kind": "error"}).json()["data"]

        assert [(row["line"], row["kind"]) for row in rows] == [
            (2, "same"),
            (3, "new"),
            (4, "error"),
        ]
        assert [row["problems"][0]["code"] for row in wrong] == ["invalid_email"]
        assert api.get(f"imports/{plan['id']}/").json() == plan
        assert [row["id"] for row in api.get("imports/").json()["data"]] == [plan["id"]]

    def test_has_its_errors_to_download(self, api, upload):
        plan = upload("email,name,team_codes\n=1+1,N,@x\n")

        answer = api.get(f"imports/{plan['id']}/errors/", Accept="text/csv")

        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.content.decode().splitlines() == [
            "line,column,code,message",
            "2,email,invalid_email,This is no e-mail address.",
            "2,team_codes,unknown_team,There is no team “@x”.",
        ]

    @pytest.mark.parametrize("key", ["nonsense", "0199aaaa-0000-7000-8000-000000000000"])
    @pytest.mark.parametrize("more", ["", "rows/", "errors/"])
    def test_that_is_not_there_is_not_found(self, api, key, more):
        assert api.get(f"imports/{key}/{more}").status_code == 404

    def test_is_for_administrators(self, call, upload):
        plan = upload(TEAMS, subject="teams")
        sachi = call(make_supervisor())
        paths = ["", "teams/template/", f"{plan['id']}/", f"{plan['id']}/rows/"]

        reading = [sachi.get(f"imports/{path}").status_code for path in paths]
        writing = [
            sachi.post("imports/teams/", TEAMS.encode(), content_type="text/csv").status_code,
            sachi.post(f"imports/{plan['id']}/apply/", {}).status_code,
            sachi.get("exports/users/").status_code,
        ]

        assert reading == [403] * 4
        assert writing == [403] * 3

    def test_needs_its_scope(self, call, ada):
        answer = call(ada, scopes=["read", "teams", "users"]).post(
            "imports/teams/", TEAMS.encode(), content_type="text/csv"
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")


class TestAFileToDownload:
    @pytest.mark.parametrize("subject", ["teams", "users"])
    def test_as_a_template_can_be_uploaded(self, api, upload, subject):
        template = api.get(f"imports/{subject}/template/", Accept="text/csv")
        for code in ("support", "sales"):
            if subject == "users":
                make_team(code=code)

        plan = upload(template.content, subject=subject)

        assert (plan["status"], plan["new_count"]) == ("planned", 2)

    @pytest.mark.parametrize("subject", ["teams", "users"])
    def test_as_an_export_changes_nothing(self, api, upload, subject):
        alice = make_agent(name="=1+1", code="+4479")
        make_team(name="@home", members=(alice,), description="-")

        export = api.get(f"exports/{subject}/")
        plan = upload(export.content, subject=subject)

        assert plan["same_count"] == plan["row_count"] > 0

    def test_is_refused_in_json(self, call):
        answer = call(make_supervisor()).get("exports/users/", Accept="text/csv")

        assert answer.headers["Content-Type"] == "application/problem+json"
