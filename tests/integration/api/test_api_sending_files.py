"""Sending files over the API: a form with files, once per key, and refused early."""

import json
from urllib.parse import urlsplit

import pytest

from conversations import media_files
from conversations.models import Attachment, Message
from tests import pictures
from tests.factories import make_agent, make_conversation, make_team

pytestmark = pytest.mark.django_db
BOUNDARY = "a-boundary"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"
    (tmp_path / "uploads").mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")


@pytest.fixture
def conversation():
    return make_conversation()


def part(name, content, *, filename=None, kind=None):
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    head += f"\r\nContent-Type: {kind}" if kind else ""
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def picture(content=pictures.PNG, *, filename="a.png", kind="image/png"):
    return part("file", content, filename=filename, kind=kind)


def form(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def path_of(conversation):
    return f"conversations/{conversation.public_id}/messages/"


def send(api, conversation, *parts, raw=None, **headers):
    return api.post(
        path_of(conversation),
        form(*parts) if raw is None else raw,
        **{"content_type": f"multipart/form-data; boundary={BOUNDARY}", **headers},
    )


def stored_files():
    return list(media_files.paths())


class TestAForm:
    def test_sends_a_file_with_a_text(self, api, conversation):
        answer = send(api, conversation, part("body", "見て".encode()), picture())

        assert answer.status_code == 202, answer.content
        told = answer.json()
        assert (told["body"], told["delivery_status"], told["kind"]) == ("見て", "queued", "media")
        [file] = told["attachments"]
        assert (file["filename"], file["content_type"], file["state"]) == (
            "a.png",
            "image/png",
            "stored",
        )
        assert api.get(urlsplit(file["url"]).path).getvalue() == pictures.PNG

    def test_needs_no_text(self, api, conversation):
        assert send(api, conversation, picture()).status_code == 202

    def test_names_the_files_of_all_parts(self, api, conversation):
        pdf = picture(pictures.PDF, filename="b.pdf", kind="application/pdf")
        sent = send(api, conversation, part("body", b"Two"), pdf, picture()).json()

        assert [each["filename"] for each in sent["attachments"]] == ["b.pdf", "a.png"]
        assert len(sent["parts"]) == 3
        listed = api.get(path_of(conversation)).json()["data"]
        assert [len(each["attachments"]) for each in listed] == [2]

    def test_keeps_a_large_file_off_the_memory(self, api, conversation, settings):
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
        large = pictures.PNG + bytes(3_000_000)

        answer = send(api, conversation, picture(large))

        assert answer.status_code == 202
        assert answer.json()["attachments"][0]["size"] == len(large)
        assert [path.name for path in settings.UPLOAD_DIR.iterdir() if "upload" in path.name] == []


class TestTheSameFormAgain:
    def test_has_one_effect_with_its_key(self, api, conversation):
        first = send(api, conversation, part("body", b"Hi"), picture(), Idempotency_Key="k1")
        again = send(api, conversation, part("body", b"Hi"), picture(), Idempotency_Key="k1")

        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert again["Idempotent-Replayed"] == "true"
        assert (Message.objects.count(), Attachment.objects.count()) == (1, 1)
        assert len(stored_files()) == 1

    def test_does_not_mind_another_boundary(self, api, conversation):
        raw = form(picture())
        first = send(api, conversation, raw=raw, Idempotency_Key="k1")
        again = send(
            api,
            conversation,
            raw=raw.replace(BOUNDARY.encode(), b"another"),
            content_type="multipart/form-data; boundary=another",
            Idempotency_Key="k1",
        )

        assert first.json() == again.json()

    @pytest.mark.parametrize(
        "other",
        [
            (picture(pictures.PNG + b"x"),),
            (picture(filename="b.png"),),
            (picture(), picture()),
            (part("body", b"Hi"), picture()),
        ],
        ids=["bytes", "name", "one more", "text"],
    )
    def test_is_refused_if_it_is_another_one(self, api, conversation, other):
        send(api, conversation, picture(), Idempotency_Key="k1")

        answer = send(api, conversation, *other, Idempotency_Key="k1")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Message.objects.count() == 1

    def test_is_refused_if_it_was_json_before(self, api, conversation):
        api.post(path_of(conversation), {"body": "Hi"}, Idempotency_Key="k1")

        answer = send(api, conversation, picture(), Idempotency_Key="k1")

        assert answer.json()["code"] == "idempotency_key_reused"

    def test_may_come_corrected_after_a_refusal(self, api, conversation):
        refused = send(api, conversation, picture(b"", filename="a.png"), Idempotency_Key="k1")
        taken = send(api, conversation, picture(), Idempotency_Key="k1")

        assert (refused.status_code, taken.status_code) == (422, 202)


class TestARefusal:
    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            ([picture(b"")], "file.empty"),
            ([picture(b"words")], "file.unknown_type"),
            ([picture(b"GIF89a" + bytes(99))], "file.refused_type"),
            ([picture(pictures.PNG + bytes(5 * 1024 * 1024))], "file.too_large"),
            ([picture()] * 11, "file.too_many"),
            ([picture()] * 101, "file.too_many"),
            ([part("body", b"Hi")], "validation"),
            ([part("file", b"no name")], "validation"),
            ([picture(filename="")], "validation"),
            ([part("file", b"no name"), picture()], "validation"),
            ([part("body", b"a"), part("body", b"b"), picture()], "validation"),
            ([part("body", b"x" * 10_001), picture()], "validation"),
            ([part("body", b"a\x00b"), picture()], "validation"),
            ([part("template", b"x"), picture()], "unknown_field"),
            ([picture(), part("other", pictures.PNG, filename="b.png")], "unknown_field"),
            ([part("body", pictures.PNG, filename="b.png"), picture()], "unknown_field"),
            ([], "validation"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_has_a_stable_code_and_leaves_nothing(self, api, conversation, parts, code):
        answer = send(api, conversation, *parts)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["fields"]
        assert not Message.objects.exists()
        assert not stored_files()

    def test_names_the_file_and_the_limit(self, api, conversation):
        large = picture(pictures.PNG + bytes(5 * 1024 * 1024), filename="holiday.png")

        detail = send(api, conversation, large).json()["detail"]

        assert "“holiday.png”" in detail
        assert "5.0\xa0MB" in detail

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"nothing of the kind",
            b"--a-boundary\r\n",
            b"--a-boundary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a-boundary--",
            form(picture())[:-40],
            b"\x00" * 1000,
        ],
    )
    def test_answers_what_is_no_form(self, api, conversation, raw):
        answer = send(api, conversation, raw=raw)

        assert answer.status_code in (202, 400, 422), answer.content
        assert Message.objects.count() == (answer.status_code == 202)

    @pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=é"])
    def test_answers_a_form_without_a_boundary(self, api, conversation, kind):
        answer = send(api, conversation, picture(), content_type=kind)

        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")

    def test_answers_413_by_the_length_that_is_declared(self, api, conversation, settings):
        settings.UPLOAD_MAX_BYTES = 100_000
        small = send(api, conversation, picture(pictures.PNG + bytes(90_000)))
        large = send(api, conversation, picture(pictures.PNG + bytes(200_000)))

        assert small.status_code == 202
        assert (large.status_code, large.json()["code"]) == (413, "body_too_large")

    def test_is_no_wider_door_for_json(self, api, conversation):
        long = json.dumps({"body": "x" * (1024 * 1024)}).encode()

        assert api.post(path_of(conversation), long).status_code == 413

    def test_is_404_for_whom_may_not_see_it(self, call):
        conversation = make_conversation(team=make_team())

        answer = send(call(make_agent()), conversation, picture())

        assert answer.status_code == 404
        assert not stored_files()

    def test_leaves_no_message_where_the_conversation_does_not_take_one(self, api, conversation):
        conversation.status = "closed"
        conversation.save()

        answer = send(api, conversation, picture())

        assert (answer.status_code, answer.json()["code"]) == (409, "conversation.closed")
        assert not Attachment.objects.exists()
        assert not stored_files()
        assert not list(media_files.settings.UPLOAD_DIR.iterdir())


class TestAStrangeName:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\\\Users\\\\a.png", "a.png"),
            ("..", "file"),
            ("a\x00b.png", "ab.png"),
            ("gpj.\u202eexe.png", "gpj.exe.png"),
            ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
            ("日本.png", "日本.png"),
            ("x" * 300, "x" * 200),
        ],
    )
    def test_is_made_plain(self, api, conversation, given, shown):
        answer = send(api, conversation, picture(filename=given))

        assert answer.status_code == 202, answer.content
        assert answer.json()["attachments"][0]["filename"] == shown
