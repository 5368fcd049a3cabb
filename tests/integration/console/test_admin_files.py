"""Files in the console: shown where that is safe, named where it is not, and tried again."""

import pytest

from conversations.models import FileState
from tests import pictures
from tests.console import sign_in
from tests.factories import (
    make_agent,
    make_conversation,
    make_file,
    make_message,
    make_stored_file,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path


@pytest.fixture
def sachi():
    return make_supervisor()


@pytest.fixture
def message(sachi):
    return make_message(conversation=make_conversation(team=make_team(members=(sachi,))))


@pytest.fixture
def page(sachi, message):
    browser = sign_in(sachi)
    address = f"/admin/conversations/conversation/{message.conversation.pk}"
    browser.address = address
    browser.shown = lambda: browser.get(f"{address}/change/").content.decode()
    return browser


def address_of(page, file):
    return f"{page.address}/files/{file.public_id}/"


class TestAConversation:
    def test_shows_pictures_sound_and_video(self, page, message):
        contents = (pictures.PNG, pictures.VOICE, pictures.MP4)
        files = [
            make_stored_file(message=message, content=content, position=position)
            for position, content in enumerate(contents)
        ]

        shown = page.shown()

        for tag, file in zip(("img", "audio controls", "video controls"), files, strict=True):
            assert f"<{tag}" in shown
            assert address_of(page, file) in shown

    @pytest.mark.parametrize(
        "content",
        [pictures.SVG, pictures.HTML, pictures.PDF, b"MZ"],
        ids=["svg", "html", "pdf", "program"],
    )
    def test_only_links_to_what_could_run(self, page, message, content):
        make_stored_file(message=message, content=content, filename="<b>.svg")

        shown = page.shown().partition('<figure class="file">')[2].partition("</figure>")[0]

        assert not [tag for tag in ("<img", "<audio", "<video", "<b>") if tag in shown]
        assert "&lt;b&gt;.svg" in shown

    def test_says_what_is_on_its_way_and_what_was_removed(self, page, message):
        make_file(message=message)
        make_file(message=message, position=1, state=FileState.REMOVED, filename="old.pdf")

        shown = page.shown()

        assert "A file is on its way." in shown
        assert "old.pdf was removed" in shown

    def test_says_why_a_file_is_missing_and_fetches_it_again(self, page, message):
        lost = make_file(message=message, state=FileState.FAILED, error="too_large")
        assert "larger than is allowed" in page.shown()

        answer = page.post(f"{address_of(page, lost)}retry/", follow=True)

        assert "A file is on its way." in answer.content.decode()
        lost.refresh_from_db()
        assert lost.state == FileState.PENDING

    def test_offers_no_other_try_for_what_never_was(self, page, message):
        make_file(message=message, state=FileState.FAILED, error="missing")

        assert "Try again" not in page.shown()


class TestAFile:
    def test_is_given_to_whom_may_see_the_conversation(self, page, message):
        file = make_stored_file(message=message, content=pictures.PNG)

        answer = page.get(address_of(page, file))

        assert answer.getvalue() == pictures.PNG
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_is_not_given_through_another_conversation(self, page, message):
        elsewhere = make_conversation(team=make_team(members=(make_agent(),)))
        foreign = make_stored_file(message=make_message(conversation=elsewhere), content=b"x")

        assert page.get(address_of(page, foreign)).status_code == 404
