"""Importing in the console: a file, its plan, and a button that does what the plan says."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from teams.csv_sheet import MAX_BYTES
from teams.models import Import, ImportStatus, Role, Team, User
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_supervisor, make_team

pytestmark = pytest.mark.django_db

ADD = "/admin/teams/import/add/"
PEOPLE = "email,name,capacity\nalice@e.example,Alice,9\nchen@e.example,陳,\n"


@pytest.fixture
def alice() -> User:
    return make_agent(email="alice@e.example", name="Alice", capacity=5)


@pytest.fixture
def client(alice: User) -> Client:
    return sign_in(make_administrator(email="ada@e.example"))


def upload(client: Client, text: str | bytes, **form: Any) -> Import:
    """Upload a file; return the import whose page the browser is sent to."""
    raw = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("people.csv", raw, "text/csv")
    answer = client.post(ADD, {"subject": "users", "file": file, **form})
    found = Import.objects.latest("pk")
    assert answer.headers["location"] == page(found)
    return found


def page(upload: Import, name: str = "change") -> str:
    return reverse(f"admin:teams_import_{name}", args=[upload.pk])


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def apply(client: Client, upload: Import, **form: Any) -> str:
    """Press the button; return the page that follows."""
    form.setdefault("digest", upload.digest)
    return client.post(page(upload, "apply"), form, follow=True).content.decode()


class TestUploading:
    def test_explains_the_columns_and_offers_templates(self, client: Client) -> None:
        text = shown(client, ADD)

        assert "<code>team_codes</code>" in text
        template = client.get("/admin/teams/import/template/users/")
        assert template.content.startswith(b"\xef\xbb\xbfemail,name,role")
        assert client.get("/admin/teams/import/template/contacts/").status_code == 404

    def test_shows_what_would_happen_and_changes_nothing(self, client: Client) -> None:
        text = shown(client, page(upload(client, PEOPLE)))

        assert "Create 1, change 1" in text
        assert "<del>5</del> → <ins>9</ins>" in text
        assert "UTF-8" in text
        assert not User.objects.filter(email="chen@e.example").exists()

    def test_takes_the_encoding_that_is_chosen(self, client: Client) -> None:
        raw = "email,name\nc@e.example,ｻﾄｳ\n".encode("cp932")

        refused, taken = upload(client, raw), upload(client, raw, encoding="cp932")

        assert "Choose it, or save the file as UTF-8" in shown(client, page(refused))
        assert "Shift-JIS" in shown(client, page(taken))

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            (None, "This field is required"),
            (SimpleUploadedFile("big.csv", b"x" * (MAX_BYTES + 1)), "more than 5 MiB"),
        ],
    )
    def test_asks_for_a_file_of_a_fair_size(self, client: Client, file: Any, words: str) -> None:
        form = {"subject": "users"} | ({"file": file} if file else {})

        answer = client.post(ADD, form)

        assert words in answer.content.decode()
        assert not Import.objects.exists()


class TestAPlan:
    def test_says_what_is_wrong_line_by_line(self, client: Client) -> None:
        make_team(code="cs")
        text = "email,name,team_codes\nalice@e.example,Alice,cs2\nnobody,N,\n"

        refused = upload(client, text)

        seen = shown(client, page(refused))
        assert "There is no team “cs2”. Did you mean “cs”?" in seen
        assert "This is no e-mail address." in seen
        assert page(refused, "apply") not in seen
        assert client.get(page(refused, "errors")).content.decode("utf-8-sig").splitlines()[1] == (
            "2,team_codes,unknown_team,There is no team “cs2”. Did you mean “cs”?"
        )

    def test_has_a_view_for_each_kind_of_row(self, client: Client) -> None:
        found = upload(client, PEOPLE)

        only_new = shown(client, f"{page(found)}?kind=new")
        assert "chen@e.example" in only_new
        assert "alice@e.example" not in only_new
        assert "alice@e.example" in shown(client, f"{page(found)}?kind=nonsense&p=nonsense")

    def test_shows_hostile_cells_as_text(self, client: Client) -> None:
        found = upload(client, "email,name\nc@e.example,<script>alert(1)</script>\n")

        assert "<script>alert" not in shown(client, page(found))

    def test_of_many_rows_has_pages(self, client: Client) -> None:
        rows = "".join(f"p{n}@e.example,P{n}\n" for n in range(60))
        found = upload(client, f"email,name\n{rows}")

        assert "Page 2 of 2" in shown(client, f"{page(found)}?p=2")


class TestApplying:
    def test_does_all_of_it(self, client: Client, alice: User) -> None:
        found = upload(client, PEOPLE)

        text = apply(client, found)

        assert "Done: 1 created, 1 changed." in text
        alice.refresh_from_db()
        assert alice.capacity == 9
        assert User.objects.get(email="chen@e.example").name == "陳"
        found.refresh_from_db()
        assert (found.status, found.applied_by.email) == (ImportStatus.APPLIED, "ada@e.example")

    def test_shows_the_new_plan_where_people_changed_meanwhile(
        self, client: Client, alice: User
    ) -> None:
        found = upload(client, PEOPLE)
        User.objects.filter(pk=alice.pk).update(capacity=7)

        text = apply(client, found)

        assert "changed since you looked" in text
        assert "<del>7</del> → <ins>9</ins>" in text
        found.refresh_from_db()
        assert found.status == ImportStatus.PLANNED

    def test_is_never_done_by_looking(self, client: Client) -> None:
        found = upload(client, PEOPLE)

        assert client.get(page(found, "apply")).status_code == 302
        found.refresh_from_db()
        assert found.status == ImportStatus.PLANNED

    def test_twice_says_so(self, client: Client) -> None:
        found = upload(client, PEOPLE)
        apply(client, found)

        assert "was applied before" in apply(client, found)

    def test_of_what_is_there_already_has_no_button(self, client: Client) -> None:
        again = upload(client, "email,name\nalice@e.example,Alice\n")

        assert "there is nothing to do" in shown(client, page(again))

    def test_of_teams(self, client: Client) -> None:
        apply(client, upload(client, "team_code,name\nsales,Sales\n", subject="teams"))

        assert Team.objects.get().name == "Sales"


class TestWhoMayImport:
    def test_is_an_administrator(self, client: Client) -> None:
        found = upload(client, PEOPLE)
        sachi = sign_in(make_supervisor())
        addresses = [ADD, page(found), page(found, "errors"), "/admin/teams/import/"]
        addresses += ["/admin/teams/import/template/users/", "/admin/teams/user/export/"]

        assert [sachi.get(address).status_code for address in addresses] == [403] * 6
        assert sachi.post(page(found, "apply")).status_code == 403
        assert "Export all" not in shown(sachi, "/admin/teams/user/")

    def test_may_not_change_the_owner(self, client: Client) -> None:
        make_agent(email="olga@e.example", role=Role.OWNER)

        refused = upload(client, "email,name\nolga@e.example,Mallory\n")

        assert "you may not change them" in shown(client, page(refused))


class TestExporting:
    def test_all_people_and_importing_them_changes_nothing(self, client: Client) -> None:
        make_agent(name="=1+1", code="-1")
        assert "/admin/teams/user/export/" in shown(client, "/admin/teams/user/")

        export = client.get("/admin/teams/user/export/")

        assert "'=1+1" in export.content.decode()
        assert upload(client, export.content).same_count == 3

    def test_the_chosen_teams(self, client: Client) -> None:
        team, _other = make_team(code="cs"), make_team(code="sales")
        form = {"action": "export_selected", "_selected_action": [team.pk], "index": "0"}

        export = client.post("/admin/teams/team/", form)

        assert export.headers["Content-Disposition"] == 'attachment; filename="teams.csv"'
        assert [line[:5] for line in export.content.decode("utf-8-sig").splitlines()[1:]] == [
            "cs,Su"
        ]
