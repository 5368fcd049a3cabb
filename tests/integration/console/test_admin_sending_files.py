"""Files in the box of a conversation: sent with or without a text, refused with the text kept."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations import media_files
from conversations.models import Attachment, Message
from teams.identifiers import new_public_id
from tests import pictures
from tests.console import sign_in
from tests.factories import make_conversation, make_message, make_supervisor, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"


@pytest.fixture
def sachi():
    return make_supervisor()


@pytest.fixture
def conversation(sachi):
    now = timezone.now()
    return make_conversation(team=make_team(members=(sachi,)), now=now, last_inbound_at=now)


@pytest.fixture
def page(sachi, conversation):
    browser = sign_in(sachi)
    browser.address = f"/admin/conversations/conversation/{conversation.pk}"
    return browser


def upload(content=pictures.PNG, name="a.png", kind="image/png"):
    return SimpleUploadedFile(name, content, kind)


def post(page, *files, verb="reply", **fields):
    fields = {"key": str(new_public_id()), "seen": "0", "body": "", **fields}
    return page.post(f"{page.address}/{verb}/", {**fields, "file": list(files)}, follow=True)


def text_of(answer):
    return answer.content.decode()


class TestTheBox:
    def test_takes_files_and_says_how_large(self, page):
        shown = text_of(page.get(f"{page.address}/change/"))

        assert 'enctype="multipart/form-data"' in shown
        assert '<input type="file" name="file"' in shown
        assert "pictures up to 5.0" in shown
        assert "documents up to 16.0" in shown

    def test_takes_none_where_nothing_can_be_sent(self, page, conversation):
        conversation.status = "closed"
        conversation.save()

        assert 'type="file"' not in text_of(page.get(f"{page.address}/change/"))


class TestAnAnswer:
    def test_is_sent_with_its_file_and_shown_with_it(self, page):
        shown = text_of(post(page, upload(), body="Here it is."))

        message = Message.objects.get()
        assert (message.body, message.kind) == ("Here it is.", "media")
        file = Attachment.objects.get()
        assert f'<img src="{page.address}/files/{file.public_id}/"' in shown
        assert "Here it is." in shown
        assert page.get(f"{page.address}/files/{file.public_id}/").getvalue() == pictures.PNG

    def test_needs_no_text_with_a_file(self, page):
        post(page, upload())

        assert Message.objects.get().whole_files

    def test_shows_the_files_of_all_its_parts_in_one_place(self, page):
        shown = text_of(post(page, upload(), upload(pictures.PDF, "b.pdf", "application/pdf")))

        bubble = shown.partition("<article")[2].partition("</article>")[0]
        assert bubble.count('class="file"') == 2
        assert shown.count("<article") == 1
        assert "b.pdf" in bubble

    def test_is_sent_once_on_a_double_click(self, page):
        key = str(new_public_id())
        for _ in range(2):
            post(page, upload(), key=key)

        assert (Message.objects.count(), Attachment.objects.count()) == (1, 1)

    def test_without_text_and_file_is_refused(self, page):
        assert "the text is empty" in text_of(post(page))
        assert not Message.objects.exists()


class TestARefusal:
    @pytest.mark.parametrize(
        ("file", "says"),
        [
            (("", "a.png"), "“a.png” is empty"),
            ((pictures.SVG, "a.png"), "“a.png” is "),
            ((pictures.PNG + bytes(5 * 1024 * 1024), "a.png"), "“a.png” is too large"),
            ((b"GIF89a" + bytes(99), "a.gif"), "does not take"),
            ((pictures.HTML, "<b>.png"), "“&lt;b&gt;.png” is "),
        ],
    )
    def test_says_why_and_keeps_the_text(self, page, file, says):
        content, name = file
        answer = post(page, upload(content or b"", name), body="A long and careful text")

        shown = text_of(answer)
        assert says in shown
        assert "A long and careful text</textarea>" in shown
        assert "Choose the files again" in shown
        assert not Message.objects.exists()
        assert not list(media_files.paths())

    def test_is_said_of_too_many(self, page):
        assert "at most 10 files" in text_of(post(page, *(upload() for _ in range(11))))

    def test_is_said_of_a_note(self, page):
        shown = text_of(post(page, upload(), verb="note", body="For us"))

        assert "A note has no files" in shown
        assert "For us</textarea>" in shown
        assert not Message.objects.exists()

    def test_keeps_the_text_where_the_customer_wrote_meanwhile(self, page, conversation):
        make_message(conversation=conversation, body="One more thing", now=timezone.now())

        shown = text_of(post(page, upload(), body="My answer"))

        assert "Your answer was not sent yet" in shown
        assert "Choose the files again" in shown
        assert not Attachment.objects.exists()

    def test_is_a_page_for_a_body_that_is_too_large(self, page, settings):
        settings.UPLOAD_MAX_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000, 1000

        answer = post(page, upload(pictures.PNG + bytes(100_000)))

        assert answer.status_code == 413
        assert "too large to be sent" in text_of(answer)
        assert not Message.objects.exists()
