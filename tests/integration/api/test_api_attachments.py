"""Files over the API: on their message, as bytes in which nothing runs, and fetched once more."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import media_files
from conversations.models import FileState
from tests import pictures
from tests.factories import (
    make_administrator,
    make_api_key,
    make_conversation,
    make_file,
    make_message,
    make_stored_file,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path


@pytest.fixture
def message():
    return make_message(conversation=make_conversation())


@pytest.fixture
def call(client):
    key = make_api_key(user=make_administrator())

    def call(path, *, method="get", **headers):
        headers = {"Authorization": f"Bearer {key}", **headers}
        return getattr(client, method)(f"/api/v1{path}", headers=headers)

    return call


class TestAMessage:
    def test_names_its_files(self, call, message):
        photo = make_stored_file(message=message, content=pictures.PNG, filename="a.png")
        make_file(message=message, position=1, state=FileState.FAILED, error="too_large")

        shown = call(f"/messages/{message.public_id}/").json()["attachments"]

        assert [each["state"] for each in shown] == ["stored", "failed"]
        assert shown[0]["url"].endswith(f"/api/v1/attachments/{photo.public_id}/content/")
        assert (shown[0]["content_type"], shown[0]["size"], shown[0]["filename"]) == (
            "image/png",
            len(pictures.PNG),
            "a.png",
        )
        assert (shown[1]["url"], shown[1]["error"]) == (None, "too_large")

    def test_costs_as_many_queries_with_files_as_without(
        self, call, message, django_assert_num_queries
    ):
        path = f"/conversations/{message.conversation.public_id}/messages/"
        call(path)
        with CaptureQueriesContext(connection) as before:
            call(path)
        for number in range(5):
            make_stored_file(message=message, content=b"x", position=number)
        with django_assert_num_queries(len(before)):
            call(path)


class TestAFile:
    @pytest.mark.parametrize(
        ("content", "served"),
        [
            (pictures.PNG, "image/png"),
            (pictures.VOICE, "audio/ogg"),
            (pictures.PDF, "application/pdf"),
            (pictures.SVG, "application/octet-stream"),
            (pictures.HTML, "application/octet-stream"),
        ],
    )
    @pytest.mark.parametrize("accept", ["*/*", "image/*, */*;q=0.8", "image/png"])
    def test_is_a_download_in_which_nothing_runs(self, call, message, content, served, accept):
        file = make_stored_file(message=message, content=content, filename='Grüße;"x".html')

        answer = call(f"/attachments/{file.public_id}/content/", Accept=accept)

        assert (answer.status_code, answer.getvalue()) == (200, content)
        assert answer["Content-Type"] == served
        assert answer["Content-Disposition"].startswith("attachment; filename")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "private" in answer["Cache-Control"]

    def test_that_is_not_here_is_not_found(self, call, message):
        waiting = make_file(message=message)
        gone = make_stored_file(message=message, content=b"x", position=1)
        media_files.remove(gone.path)

        for file in (waiting, gone):
            answer = call(f"/attachments/{file.public_id}/content/", Accept="image/png")
            assert answer.status_code == 404
            assert answer.json()["code"] == "not_found"

    def test_is_fetched_once_more(self, call, message):
        lost = make_file(message=message, state=FileState.FAILED, error="http")

        answer = call(f"/attachments/{lost.public_id}/retry/", method="post")
        again = call(f"/attachments/{lost.public_id}/retry/", method="post")

        assert (answer.status_code, answer.json()["state"]) == (202, "pending")
        assert (again.status_code, again.json()["code"]) == (409, "attachment.not_failed")
