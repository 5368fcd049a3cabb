"""Files of ours on their way: one in a message, at Twilio's stand-in, which really fetches them."""

import os
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from channels.models import Medium, Provider
from conversations import media_files
from conversations.actors import Actor
from conversations.invariants import (
    files_without_their_attachment,
    stored_attachments_without_their_file,
)
from conversations.models import Attachment, Event, Message
from conversations.services import (
    attachments,
    delivery,
    file_removal,
    lookups,
    replies,
    retries,
    uploads,
)
from conversations.services.replies import ReplyRefusedError
from conversations.services.uploads import FileRefusedError
from teams.clock import database_now
from teams.identifiers import new_public_id
from tests import pictures
from tests.factories import (
    make_agent,
    make_channel,
    make_cloud_channel,
    make_conversation,
    make_engagelab_channel,
)
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.provider_kits import KITS, open_kit

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
NOT_TAKEN = {"file.unknown_type", "file.refused_type"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.does_fetch = False  # nobody serves them here: see tests/flows
        yield fake


def upload(content=pictures.PNG, name="a.png", content_type="image/png"):
    return SimpleUploadedFile(name, content, content_type)


def padded(content, *, size):
    return content + bytes(size - len(content))


def queue(*files, body="", conversation=None, now=MORNING, **more):
    alice = make_agent()
    conversation = conversation or make_conversation()
    kept = uploads.keep(files, channel=conversation.channel)
    person = Actor.person(alice.pk, alice.name)
    return replies.queue_reply(
        conversation, author=alice, body=body, files=kept, actor=person, now=now, **more
    )


def drain(now=MORNING):
    while delivery.send_next(now=now):
        pass


def media_of(fake):
    return [list(send["media"]) for send in fake.store.sends]


class TestAnAnswerWithAFile:
    def test_goes_out_as_one_message_with_the_text_beside_the_picture(self, twilio):
        message = queue(upload(), body="Here it is.")

        drain()

        assert [each["body"] for each in twilio.messages] == ["Here it is."]
        assert [len(each) for each in media_of(twilio)] == [1]
        assert media_of(twilio)[0][0].startswith("https://desk.example.test/files/")
        message.refresh_from_db()
        assert (message.delivery_status, message.kind) == ("sent", "media")
        assert message.whole_files[0].filename == "a.png"

    def test_needs_no_text(self, twilio):
        queue(upload())

        drain()

        assert [each["body"] for each in twilio.messages] == [""]
        assert [len(each) for each in media_of(twilio)] == [1]

    def test_goes_out_in_as_many_messages_as_it_has_files(self, twilio):
        message = queue(
            upload(), upload(pictures.PDF, "b.pdf", "application/pdf"), upload(), body="Three"
        )

        drain()

        assert [each["body"] for each in twilio.messages] == ["Three", "", ""]
        assert [len(each) for each in media_of(twilio)] == [1, 1, 1]
        assert [file.position for file in message.whole_files] == [0, 1, 2]
        assert len(message.whole) == 3

    def test_sends_the_text_first_where_none_is_shown_beside_the_file(self, twilio):
        queue(upload(pictures.PDF, "b.pdf", "application/pdf"), body="The invoice")

        drain()

        assert [each["body"] for each in twilio.messages] == ["The invoice", ""]
        assert [len(each) for each in media_of(twilio)] == [0, 1]

    def test_by_sms_has_its_text_beside_any_file(self, twilio):
        channel = make_channel(medium=Medium.SMS)
        conversation = make_conversation(channel=channel)
        queue(
            upload(pictures.PDF, "b.pdf", "application/pdf"),
            body="The invoice",
            conversation=conversation,
        )

        drain()

        assert [each["body"] for each in twilio.messages] == ["The invoice"]
        assert [len(each) for each in media_of(twilio)] == [1]

    def test_is_signed_anew_for_every_try(self, twilio):
        queue(upload())
        twilio.fail_next(code=20429, status=429)
        drain()
        with time_machine.travel(MORNING + timedelta(hours=5), tick=False):
            drain(now=MORNING + timedelta(hours=5))

        assert len(twilio.messages) == 1
        message = Message.objects.get()
        assert (message.attempt, message.delivery_status) == (2, "sent")

    def test_that_was_stored_before_is_stored_once(self, twilio):
        name, conversation = new_public_id(), make_conversation()
        first = queue(upload(), conversation=conversation, public_id=name)
        second = queue(upload(), conversation=conversation, public_id=name)

        drain()

        assert first == second
        assert (Attachment.objects.count(), len(twilio.messages)) == (1, 1)

    def test_obeys_the_window_and_the_customers_wish(self):
        late = make_conversation(last_inbound_at=MORNING - timedelta(hours=25))
        with pytest.raises(ReplyRefusedError, match="template_required"):
            queue(upload(), conversation=late)
        gone = make_conversation()
        gone.identity.opted_out_at = MORNING
        gone.identity.save()
        with pytest.raises(ReplyRefusedError, match="opted_out"):
            queue(upload(), conversation=gone)
        assert not Attachment.objects.exists()

    def test_stays_behind_where_its_file_is_gone(self, twilio):
        message = queue(upload(), upload())
        media_files.remove(message.whole_files[0].path)

        drain()

        assert not twilio.messages
        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("failed", "file_gone")
        assert "not here any more" in message.error_detail

    def test_is_sent_once_more_with_its_file(self, twilio):
        message = queue(upload())
        twilio.fail_next(code=63019)
        drain()
        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("failed", "63019")

        retries.retry(message, actor=Actor.system(), now=MORNING)
        drain()

        assert [len(each) for each in media_of(twilio)] == [1]


class TestADoubt:
    def test_is_closed_by_a_message_with_a_file_only(self, twilio):
        """A text and a file without words look alike but for the file."""
        now = database_now()
        conversation = make_conversation(now=now)
        message = queue(upload(), body="Hello", conversation=conversation, now=now)
        twilio.fail_next(is_cut=True)
        drain(now=now)
        address = Message.objects.get().conversation.identity.address
        twilio.store.take(
            {
                "To": f"whatsapp:{address}",
                "From": f"whatsapp:{conversation.channel.phone_number}",
                "Body": "Hello",
            },
            account_sid=conversation.channel.account_sid,
            token="",
        )

        lookups.look_up_next(now=now + timedelta(minutes=1))

        message.refresh_from_db()
        assert message.delivery_status == "unknown"

    def test_is_closed_by_the_message_that_was_taken(self, twilio):
        now = database_now()
        message = queue(upload(), body="Hello", conversation=make_conversation(now=now), now=now)
        twilio.fail_next(is_taken=True, is_cut=True)
        drain(now=now)
        message.refresh_from_db()
        assert message.delivery_status == "unknown"

        lookups.look_up_next(now=now + timedelta(minutes=1))

        message.refresh_from_db()
        assert message.delivery_status == "sent"
        assert len(twilio.messages) == 1


class TestWhatMayBeSent:
    @pytest.mark.parametrize(
        ("content", "name", "declared", "codes"),
        [
            (b"", "a.png", "image/png", {"file.empty"}),
            (pictures.SVG, "a.png", "image/png", NOT_TAKEN),
            (pictures.SVG, "a.svg", "image/svg+xml", NOT_TAKEN),
            (pictures.HTML, "a.jpg", "image/jpeg", NOT_TAKEN),
            (b"MZ" + bytes(200), "a.pdf", "application/pdf", NOT_TAKEN),
            (b"PK\x03\x04" + bytes(99), "a.zip", "application/zip", NOT_TAKEN),
            (b"PK\x03\x04" + bytes(99), "a.png", "image/png", NOT_TAKEN),
            (b"GIF89a" + bytes(99), "a.gif", "image/gif", NOT_TAKEN),
            (b"plain words", "a.txt", "text/plain", NOT_TAKEN),
            (bytes(500), "a.png", "image/png", NOT_TAKEN),
        ],
    )
    def test_is_decided_by_the_bytes(self, content, name, declared, codes):
        with pytest.raises(FileRefusedError) as refused:
            uploads.keep([upload(content, name, declared)], channel=make_channel())
        assert refused.value.code in codes
        assert not list(media_files.paths())

    @pytest.mark.parametrize(
        ("make", "content", "most"),
        [
            (make_channel, "PNG", 5),
            (make_channel, "PDF", 16),
            (make_channel, "MP4", 16),
            (partial(make_channel, medium=Medium.SMS), "PDF", 5),
            (partial(make_channel, provider=Provider.SIMULATOR), "PNG", 5),
            (make_cloud_channel, "PNG", 5),
            (make_cloud_channel, "VOICE", 16),
            (make_cloud_channel, "PDF", 100),
            (make_engagelab_channel, "PDF", 100),
        ],
    )
    def test_depends_on_provider_and_kind(self, make, content, most):
        channel, content = make(), getattr(pictures, content)
        exact = upload(padded(content, size=most * MIB), "a", "")
        uploads.keep([exact], channel=channel)
        over = upload(padded(content, size=most * MIB + 1), "a", "")
        with pytest.raises(FileRefusedError) as refused:
            uploads.keep([over], channel=channel)
        assert refused.value.code == "file.too_large"
        assert refused.value.facts["most_bytes"] == most * MIB

    def test_is_never_more_than_the_house_allows(self, settings):
        settings.UPLOAD_MAX_BYTES = 1000
        channel = make_cloud_channel()
        uploads.keep([upload(padded(pictures.PDF, size=1000))], channel=channel)
        with pytest.raises(FileRefusedError):
            uploads.keep([upload(padded(pictures.PDF, size=1001))], channel=channel)

    def test_is_ten_files_at_most(self):
        channel = make_channel()
        uploads.keep([upload() for _ in range(10)], channel=channel)
        with pytest.raises(FileRefusedError, match="too_many"):
            uploads.keep([upload() for _ in range(11)], channel=channel)

    def test_has_a_name_that_is_only_shown(self, twilio):
        names = ["../../etc/passwd", "a\x00b.png", "gpj.\u202eexe.png", "x" * 500, "..", "CON"]
        message = queue(*(upload(name="x.png") for _ in names))
        for file, name in zip(message.whole_files, names, strict=True):
            Attachment.objects.filter(pk=file.pk).delete()
            kept = uploads.keep([upload()], channel=message.channel)[0]
            stored = attachments.attach(
                file.message,
                file=replace(kept, filename=name),
                position=file.position,
                now=MORNING,
            )
            assert "/" not in stored.filename
            assert "\x00" not in stored.filename
            assert "\u202e" not in stored.filename
            assert len(stored.filename) <= 200
            assert (media_files.settings.MEDIA_DIR / stored.path).is_file()


class TestAnUploadWithoutAMessage:
    def make_old(self):
        for path in (*media_files.settings.UPLOAD_DIR.iterdir(), *self.files()):
            os.utime(path, (1, 1))

    def files(self):
        return [media_files.settings.MEDIA_DIR / path for path in media_files.paths()]

    def test_is_removed_after_a_while(self):
        uploads.keep([upload(), upload()], channel=make_channel())
        assert not uploads.remove_next_abandoned(now=MORNING)
        self.make_old()

        assert uploads.remove_next_abandoned(now=MORNING)
        assert uploads.remove_next_abandoned(now=MORNING)

        assert not uploads.remove_next_abandoned(now=MORNING)
        assert not self.files()
        assert not files_without_their_attachment(now=MORNING)

    def test_leaves_those_alone_that_have_one(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=False):
            queue(upload())  # the process ends before it takes the mark away
        self.make_old()

        assert uploads.remove_next_abandoned(now=MORNING)

        assert not uploads.remove_next_abandoned(now=MORNING)
        assert len(self.files()) == 1
        assert not stored_attachments_without_their_file().exists()

    def test_has_no_mark_once_its_message_is_stored(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            queue(upload())

        assert not list(media_files.settings.UPLOAD_DIR.iterdir())

    def test_takes_what_a_killed_process_left_with_it(self):
        settings = media_files.settings
        settings.UPLOAD_DIR.mkdir(parents=True)
        (settings.UPLOAD_DIR / "tmpabc.upload.png").write_bytes(b"half of it")
        self.make_old()

        assert uploads.remove_next_abandoned(now=MORNING)
        assert not list(settings.UPLOAD_DIR.iterdir())


class TestAFileThatIsOld:
    def test_is_not_removed_while_its_message_waits(self, settings):
        settings.MEDIA_KEEP_DAYS = 1
        message = queue(upload())
        later = MORNING + timedelta(days=2)

        assert not file_removal.remove_next_old(now=later)
        Message.objects.filter(pk=message.pk).update(delivery_status="delivered", send_due_at=None)
        assert file_removal.remove_next_old(now=later)
        assert Event.objects.filter(type="message.file_removed").exists()


class TestOverEveryProvider:
    @pytest.fixture(params=KITS)
    def kit(self, request, settings):
        with open_kit(request.param, settings) as kit:
            if hasattr(kit.fake, "store"):
                kit.fake.store.does_fetch = False
            yield kit

    def test_is_sent_one_by_one_and_reported(self, kit):
        conversation = make_conversation(channel=kit.channel())
        queue(
            upload(),
            upload(pictures.VOICE, "b.ogg", "audio/ogg"),
            body="Look",
            conversation=conversation,
        )

        drain()
        for part in Message.objects.order_by("sequence"):
            kit.report(part, *kit.delivered)

        parts = Message.objects.order_by("sequence")
        assert [(part.body, part.delivery_status) for part in parts] == [
            ("Look", "read"),
            ("", "read"),
        ]

    def test_is_in_doubt_if_its_answer_is_lost_and_closed_by_the_report(self, kit):
        channel = kit.channel()
        if channel.provider == Provider.SIMULATOR:
            pytest.skip("its faults are chosen in the database")
        message = queue(upload(), body="Look", conversation=make_conversation(channel=channel))
        kit.lose_answer()

        drain()
        message.refresh_from_db()
        assert message.delivery_status == "unknown"
        kit.report(message, *kit.delivered[:1])
        message.refresh_from_db()

        assert message.delivery_status == "sent"


class TestOverWhatsAppItself:
    @pytest.mark.parametrize("name", ["whatsapp_cloud", "engagelab"])
    def test_is_a_link_with_its_caption_and_a_documents_name(self, name, settings):
        with open_kit(name, settings) as kit:
            conversation = make_conversation(channel=kit.channel())
            pdf = upload(pictures.PDF, "Rechnung.pdf", "application/pdf")
            queue(pdf, body="Your invoice", conversation=conversation)

            drain()

            content = kit.fake.sends[-1]["content"]
            document = content.get("document") or content["body"]["document"]
            assert document.pop("link").startswith("https://desk.example.test/files/")
            assert document == {"caption": "Your invoice", "filename": "Rechnung.pdf"}

    def test_puts_words_before_a_sound_which_shows_none(self, settings):
        with open_kit("whatsapp_cloud", settings) as kit:
            conversation = make_conversation(channel=kit.channel())
            voice = upload(pictures.VOICE, "b.ogg", "audio/ogg")
            queue(voice, body="Listen", conversation=conversation)

            drain()

            assert [each["content"]["type"] for each in kit.fake.sends] == ["text", "audio"]
