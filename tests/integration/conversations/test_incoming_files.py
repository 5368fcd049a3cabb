"""A customer's files get their rows with the message, and cost nothing where there are none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import media_files
from conversations.media_files import KeptFile
from conversations.models import Attachment, FileState, Message
from conversations.services import attachments, inbox
from teams.identifiers import new_public_id
from tests import pictures
from tests.factories import make_channel, make_conversation, make_incoming, make_message
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db

PHOTO = {
    "kind": "file",
    "url": "https://api.twilio.com/Media/ME1",
    "content_type": "image/jpeg",
    "state": "pending",
}


def incoming(channel, *, sid="SM1", media=(PHOTO,), signature=None):
    return make_incoming(
        channel,
        sid=sid,
        text="",
        kind="media",
        media=tuple(media),
        signature=signature or f"signature of {sid}",
    )


@pytest.fixture
def channel():
    return make_channel()


class TestAFile:
    def test_waits_to_be_fetched(self, channel):
        inbox.record_inbound(incoming(channel, media=[PHOTO, {**PHOTO, "url": "https://x.test/2"}]))

        first, second = Attachment.objects.all()
        assert (first.state, first.fetch_due_at) == (FileState.PENDING, MORNING)
        assert (first.reference, first.declared_type) == (PHOTO["url"], "image/jpeg")
        assert (second.position, second.reference) == (1, "https://x.test/2")
        assert first.message == Message.objects.get()

    def test_of_a_follow_up_and_of_a_returning_customer_waits_too(self, channel):
        for sid in ("SM1", "SM2"):
            inbox.record_inbound(incoming(channel, sid=sid))

        assert Attachment.objects.filter(message__sequence=2).count() == 1

    @pytest.mark.parametrize("state", ["missing", "bad_scheme", "blocked_ssrf"])
    def test_that_the_door_found_wanting_is_not_fetched(self, channel, state):
        inbox.record_inbound(incoming(channel, media=[{**PHOTO, "state": state}]))

        row = Attachment.objects.get()
        assert (row.state, row.error, row.fetch_due_at) == (FileState.FAILED, state, None)

    def test_of_a_private_host_is_fetched_if_the_operator_names_it(self, channel, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["10.0.0.5"]
        entry = {**PHOTO, "url": "http://10.0.0.5/a", "state": "blocked_ssrf"}

        inbox.record_inbound(incoming(channel, media=[entry]))

        assert Attachment.objects.get().state == FileState.PENDING

    def test_that_came_twice_has_one_row(self, channel):
        inbox.record_inbound(incoming(channel))
        inbox.record_inbound(incoming(channel))
        inbox.record_inbound(incoming(channel, sid="SM9", signature="signature of SM1"))

        assert Attachment.objects.count() == 1

    def test_is_no_other_extra(self, channel):
        button = {"kind": "button", "text": "Yes", "payload": "yes"}

        inbox.record_inbound(incoming(channel, media=[button, PHOTO]))

        assert Attachment.objects.get().position == 0


class TestAMessageWithoutFiles:
    def test_costs_no_statement_for_them(self, channel):
        inbox.record_inbound(incoming(channel, media=()))
        with CaptureQueriesContext(connection) as plain:
            inbox.record_inbound(incoming(channel, sid="SM2", media=()))
        with CaptureQueriesContext(connection) as filed:
            inbox.record_inbound(incoming(channel, sid="SM3"))

        assert not [query for query in plain if "attachment" in query["sql"]]
        assert len(filed) > len(plain)


class TestTheNameOfAFile:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("Rechnung März.pdf", "Rechnung März.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\b.png", "b.png"),
            ("a\r\nX-Evil: 1.png", "aX-Evil: 1.png"),
            ("x.php\x00.png", "x.php.png"),
            ("\u202egnp.exe", "gnp.exe"),
            ("..", ""),
            ("", ""),
        ],
    )
    def test_is_one_plain_line(self, given, shown):
        assert attachments.plain_name(given) == shown

    def test_is_not_endless(self):
        assert len(attachments.plain_name("a" * 5000)) == 200


class TestAFileOfOurs:
    def test_is_given_to_a_message(self, settings, tmp_path):
        settings.MEDIA_DIR = tmp_path
        message = make_message(conversation=make_conversation(), direction="outbound")
        public_id = new_public_id()
        stored = media_files.write(public_id, [pictures.PDF])
        kept = KeptFile(public_id, stored, "Invoice.pdf")

        attachments.attach(message, file=kept, position=0, now=MORNING)

        row = message.attachments.get()
        assert (row.public_id, row.state, row.path) == (public_id, FileState.STORED, stored.path)
        assert (row.content_type, row.size) == ("application/pdf", len(pictures.PDF))
