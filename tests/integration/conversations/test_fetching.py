"""A customer's file is fetched, tried again, given up visibly, and never written down twice."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from conversations import media_files
from conversations.actors import Actor
from conversations.file_errors import describe_error
from conversations.invariants import (
    files_without_their_attachment,
    stored_attachments_without_their_file,
)
from conversations.media_files import SETTLED_AFTER_S
from conversations.models import Attachment, Event, FileState
from conversations.services import fetching, file_removal, uploads
from conversations.services.fetching import FetchRefusedError
from tests import pictures
from tests.factories import (
    lose_key,
    make_agent,
    make_channel,
    make_conversation,
    make_file,
    make_message,
)
from tests.fake_receiver import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_DIR = tmp_path
    settings.MEDIA_MAX_BYTES = 1000
    return tmp_path


@pytest.fixture
def host(settings):
    """Twilio, as far as files go."""
    settings.EGRESS_ALLOWED_HOSTS = settings.TWILIO_MEDIA_HOSTS = ["127.0.0.1"]
    with running() as fake:
        yield fake


@pytest.fixture
def photo(host):
    message = make_message(conversation=make_conversation(channel=make_channel()))
    return make_file(message=message, reference=f"{host.url}/ME1", declared_type="image/png")


def again(photo):
    photo.refresh_from_db()
    return photo


def events():
    return list(Event.objects.order_by("pk").values_list("type", "data__error"))


class TestAFile:
    def test_is_fetched_with_the_channels_credentials(self, host, photo):
        host.tell(body=pictures.JPEG)

        assert fetching.fetch_next(now=MORNING)
        assert not fetching.fetch_next(now=MORNING)

        stored = again(photo)
        assert (stored.state, stored.content_type, stored.size) == (
            FileState.STORED,
            "image/jpeg",
            len(pictures.JPEG),
        )
        with media_files.open_file(stored.path) as found:
            assert found.read() == pictures.JPEG
        assert host.calls[0].headers["authorization"].startswith("Basic ")
        assert events() == [("message.file_stored", "")]

    def test_that_is_not_there_yet_comes_a_moment_later(self, host, photo):
        host.tell(status=404)
        host.tell(body=pictures.PNG)

        fetching.fetch_next(now=MORNING)
        waiting = again(photo)
        assert (waiting.state, waiting.error) == (FileState.PENDING, "not_found")
        assert not fetching.fetch_next(now=MORNING + timedelta(seconds=1))
        fetching.fetch_next(now=MORNING + timedelta(seconds=3))

        assert (again(photo).state, photo.error, photo.tries) == (FileState.STORED, "", 2)

    def test_that_never_comes_is_given_up_for_all_to_see(self, host, photo):
        host.tell(times=20, status=503)

        now = MORNING
        while again(photo).state == FileState.PENDING:
            now = photo.fetch_due_at
            assert fetching.fetch_next(now=now)

        assert (photo.state, photo.error, len(host.calls)) == (FileState.FAILED, "http", 8)
        assert now - MORNING < timedelta(hours=1)
        assert events() == [("message.file_failed", "http")]
        assert describe_error(photo.error)

    def test_is_fetched_again_when_a_person_says_so(self, host, photo):
        host.tell(status=403)
        fetching.fetch_next(now=MORNING)
        alice = make_agent()
        host.tell(body=pictures.PNG)

        fetching.fetch_again(again(photo), actor=Actor.person(alice.pk, "Alice"), now=MORNING)
        with pytest.raises(FetchRefusedError):
            fetching.fetch_again(photo, actor=Actor.system(), now=MORNING)
        fetching.fetch_next(now=MORNING)

        assert again(photo).state == FileState.STORED
        assert events() == [
            ("message.file_failed", "refused"),
            ("message.file_retried", "refused"),
            ("message.file_stored", ""),
        ]

    def test_that_never_was_is_not_fetched_again(self, photo):
        Attachment.objects.update(state=FileState.FAILED, error="missing", fetch_due_at=None)

        with pytest.raises(FetchRefusedError):
            fetching.fetch_again(again(photo), actor=Actor.system(), now=MORNING)

    @pytest.mark.parametrize(
        ("story", "error"),
        [
            ({"body": b"x" * 1001}, "too_large"),
            ({"raw": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000}, "too_large"),
            ({"status": 302, "headers": {"Location": "https://10.0.0.1/"}}, "blocked_private"),
        ],
    )
    def test_that_may_not_come_leaves_nothing(self, host, photo, folder, story, error):
        host.tell(**story)

        fetching.fetch_next(now=MORNING)

        assert (again(photo).state, photo.error) == (FileState.FAILED, error)
        assert [path for path in folder.rglob("*") if path.is_file()] == []

    def test_at_another_host_is_not_asked_for(self, host, photo, settings):
        settings.TWILIO_MEDIA_HOSTS = [".twilio.com"]

        fetching.fetch_next(now=MORNING)

        assert (again(photo).error, host.connections) == ("foreign_host", 0)

    def test_of_a_channel_whose_key_is_lost_waits_for_a_person(self, host, photo):
        lose_key(photo.message.channel)

        fetching.fetch_next(now=MORNING)

        assert (again(photo).state, photo.error) == (FileState.FAILED, "secret")

    def test_that_no_disk_takes_is_tried_again(self, host, photo, settings, folder):
        (folder / "full").write_text("")
        settings.MEDIA_DIR = folder / "full"

        fetching.fetch_next(now=MORNING)

        assert (again(photo).state, photo.error) == (FileState.PENDING, "storage")


class TestAWorkerThatDies:
    def test_leaves_the_file_to_the_next(self, host, photo):
        fetching._claim_next(now=MORNING)
        host.tell(body=pictures.PNG)

        assert not fetching.fetch_next(now=MORNING + timedelta(seconds=170))
        assert fetching.fetch_next(now=MORNING + timedelta(seconds=181))

        assert (again(photo).state, photo.tries, photo.attempt) == (FileState.STORED, 1, 2)

    def test_and_comes_back_throws_away_what_it_brought(self, host, photo):
        late = fetching._claim_next(now=MORNING)
        host.tell(times=2, body=pictures.PNG)
        fetching.fetch_next(now=MORNING + timedelta(seconds=181))

        fetching._keep(late, stored=fetching._download(late), now=MORNING)

        assert list(media_files.paths()) == [again(photo).path]
        assert events() == [("message.file_stored", "")]

    def test_after_writing_leaves_nothing_behind(self, host, photo):
        lost = fetching._claim_next(now=MORNING)
        host.tell(times=2, body=pictures.PNG)
        fetching._download(lost)

        fetching.fetch_next(now=MORNING + timedelta(seconds=181))

        assert list(media_files.paths()) == [again(photo).path]

    def test_again_and_again_is_what_the_file_does_to_it(self, photo):
        now = MORNING
        for _ in range(fetching.MOST_BEGUN):
            fetching._claim_next(now=now)
            now += fetching.LEASE

        fetching.fetch_next(now=now)

        assert (again(photo).state, photo.error) == (FileState.FAILED, "lost")


class TestAnOldFile:
    def test_is_kept_unless_somebody_set_for_how_long(self, host, photo):
        fetching.fetch_next(now=MORNING)

        assert not file_removal.remove_next_old(now=MORNING + timedelta(days=4000))

    def test_is_removed_after_so_many_days(self, host, photo, settings):
        settings.MEDIA_KEEP_DAYS = 30
        fetching.fetch_next(now=MORNING)

        assert not file_removal.remove_next_old(now=MORNING + timedelta(days=29))
        assert file_removal.remove_next_old(now=MORNING + timedelta(days=30))
        assert not file_removal.remove_next_old(now=MORNING + timedelta(days=31))

        assert (again(photo).state, photo.path) == (FileState.REMOVED, "")
        assert list(media_files.paths()) == []
        assert events()[-1][0] == "message.file_removed"

    def test_that_cannot_be_removed_does_not_stop_the_others(self, host, photo, settings, folder):
        settings.MEDIA_KEEP_DAYS = 30
        second = make_file(message=photo.message, reference=f"{host.url}/ME2", position=1)
        while fetching.fetch_next(now=MORNING):
            pass
        media_files.remove(again(photo).path)
        (folder / photo.path).mkdir()
        later = MORNING + timedelta(days=31)

        while file_removal.remove_next_old(now=later):
            pass

        assert again(photo).state == FileState.STORED
        assert again(second).state == FileState.REMOVED


class TestVerify:
    def test_finds_a_row_whose_file_is_gone(self, host, photo):
        fetching.fetch_next(now=MORNING)
        assert not stored_attachments_without_their_file()

        media_files.remove(again(photo).path)

        assert stored_attachments_without_their_file().get() == photo

    def test_finds_a_file_that_belongs_to_nobody(self, host, photo, folder):
        (folder / "ab").mkdir()
        (folder / "ab" / "stray").write_text("x")
        written = (folder / "ab" / "stray").stat().st_mtime
        at = MORNING.fromtimestamp(written, tz=MORNING.tzinfo)

        assert files_without_their_attachment(now=at) == []
        later = at + timedelta(seconds=2 * SETTLED_AFTER_S + 1)
        assert files_without_their_attachment(now=later) == ["ab/stray"]


class TestWhatADeadWorkerLeftBehind:
    @pytest.fixture
    def draft(self, settings, folder, tmp_path_factory, photo):
        """A piece of the photo, as a worker left it that died while it wrote it down."""
        settings.UPLOAD_DIR = tmp_path_factory.mktemp("uploads")
        media_files.begin_upload(photo.public_id)
        shelf = folder / photo.public_id.hex[-2:]
        shelf.mkdir()
        piece = shelf / f"{photo.public_id.hex}-1.part-x"
        piece.write_text("half of it")
        return piece

    def sweep(self, *, after_s):
        written = datetime.now(tz=UTC)
        return uploads.remove_next_abandoned(now=written + timedelta(seconds=after_s))

    def test_stays_as_long_as_somebody_may_be_writing_it(self, draft):
        assert not self.sweep(after_s=SETTLED_AFTER_S - 60)
        assert draft.exists()

    def test_goes_where_the_file_was_given_up(self, draft, photo):
        Attachment.objects.filter(pk=photo.pk).update(state=FileState.FAILED, fetch_due_at=None)
        assert self.sweep(after_s=SETTLED_AFTER_S + 60)
        assert not draft.exists()
        assert not self.sweep(after_s=SETTLED_AFTER_S + 60)

    def test_goes_and_the_file_stays(self, draft, host, photo, folder):
        host.tell(body=pictures.PNG)
        fetching.fetch_next(now=MORNING)
        draft.write_text("a late one")
        assert self.sweep(after_s=SETTLED_AFTER_S + 60)
        assert list(media_files.paths()) == [again(photo).path]

    def test_goes_and_what_is_being_written_now_stays(self, draft, photo):
        fresh = draft.with_name(f"{photo.public_id.hex}-2.part-y")
        fresh.write_text("on its way")
        later = datetime.now(tz=UTC) + timedelta(seconds=SETTLED_AFTER_S + 60)
        os.utime(fresh, (later.timestamp(), later.timestamp()))
        assert self.sweep(after_s=SETTLED_AFTER_S + 60)
        assert not draft.exists()
        assert fresh.exists()
