"""The addresses under which providers fetch files: signed, short-lived, and for nothing else."""

from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.signing import TimestampSigner
from django.test import Client

from conversations import file_addresses, media_files
from conversations.models import FileState
from tests import pictures
from tests.factories import make_conversation, make_message, make_stored_file
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
HOURS = file_addresses.MAX_AGE


@pytest.fixture(autouse=True)
def _morning(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def file():
    message = make_message(conversation=make_conversation(), direction="outbound")
    return make_stored_file(message=message, content=pictures.PNG, filename='Grüße;"x".png')


def path_of(file):
    return urlsplit(file_addresses.public_url(file)).path


def ask(path, method="get", **more):
    return getattr(Client(), method)(path, **more)


class TestAnAddress:
    def test_is_below_the_public_one_in_letters_that_no_proxy_touches(self, file):
        url = file_addresses.public_url(file)

        assert url.startswith("https://desk.example.test/files/")
        assert not set(urlsplit(url).path) & set(":%+=&?# ")

    def test_gives_the_file_and_nothing_about_anybody(self, file):
        answer = ask(path_of(file))

        assert (answer.status_code, answer.getvalue()) == (200, pictures.PNG)
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Length"] == str(len(pictures.PNG))
        assert answer["Content-Disposition"].startswith("attachment; filename")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Cache-Control"] == "private, no-store"
        assert not answer.cookies
        assert answer.streaming

    def test_tells_a_head_the_same_without_the_file(self, file):
        answer = ask(path_of(file), "head")

        assert (answer.status_code, answer.getvalue()) == (200, b"")
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Length"] == str(len(pictures.PNG))

    def test_takes_nothing_else(self, file):
        for method in ("post", "put", "patch", "delete", "options"):
            assert ask(path_of(file), method).status_code == 405

    def test_ends_after_some_hours(self, file):
        path = path_of(file)
        with time_machine.travel(MORNING + HOURS, tick=False):
            assert ask(path).status_code == 200
        with time_machine.travel(MORNING + HOURS * 1.001, tick=False):
            assert ask(path).status_code == 404

    def test_is_another_one_each_time(self, file):
        first = path_of(file)
        with time_machine.travel(MORNING + HOURS / 2, tick=False):
            assert path_of(file) != first


class TestWhateverIsWrong:
    def test_is_not_found(self, file, settings):
        path = path_of(file)
        other = make_stored_file(message=file.message, content=b"other", position=1)
        token = path.split("/")[2]
        public_id, at, signature = token.split("~")
        wrong = [
            token[:-1],
            f"{token}A",
            token.swapcase(),
            f"{other.public_id.hex}~{at}~{signature}",
            f"{public_id}~{at}A~{signature}",
            public_id,
            file.public_id,
            "~~",
            "~",
            "x" * 5000,
            "..%2f..%2fetc%2fpasswd",
            "%00",
            "%F0%9F%98%80",
        ]
        answers = [ask(f"/files/{each}/") for each in wrong]

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.json()["code"] for answer in answers}) == 1
        settings.SECRET_KEY = "another one, with as many letters as it needs"
        assert ask(path).status_code == 404

    def test_is_not_found_either_where_the_signature_is_for_something_else(self, file):
        token = TimestampSigner(sep="~", salt="password reset").sign(file.public_id.hex)

        assert ask(f"/files/{token}/").status_code == 404

    def test_never_opens_what_a_customer_sent(self):
        theirs = make_message(conversation=make_conversation())
        file = make_stored_file(message=theirs, content=pictures.PNG)

        assert ask(path_of(file)).status_code == 404

    def test_is_a_file_that_is_gone(self, file):
        path = path_of(file)
        media_files.remove(file.path)
        assert ask(path).status_code == 404
        file.state, file.path = FileState.REMOVED, ""
        file.save(update_fields=["state", "path"])
        assert ask(path).status_code == 404

    def test_is_another_host(self, file):
        assert ask(path_of(file), headers={"Host": "elsewhere.example"}).status_code == 400
