"""Workers die in the middle of customers' files: each is here once and whole, and nothing else."""

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from conversations import media_files
from conversations.invariants import (
    files_without_their_attachment,
    stored_attachments_without_their_file,
)
from conversations.models import Attachment, Event, FileState
from conversations.services import fetching, uploads
from teams.clock import database_now
from tests import pictures
from tests.factories import make_channel, make_conversation, make_event, make_file, make_message
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 30 if connection.vendor == "postgresql" else 6))
PACE = 1 if connection.vendor == "postgresql" else 3
FILES, PIECES = 120 if connection.vendor == "postgresql" else 48, 6


def content_of(path):
    """Return the file that lies at an address: a picture of its own, in several pieces."""
    return pictures.PNG + hashlib.sha256(path.encode()).digest() * 2000


class Host(BaseHTTPRequestHandler):
    """Gives files away slowly, and now and then not at all; of some it has no second copy."""

    protocol_version = "HTTP/1.1"
    asked: Counter[str] = Counter()
    pick = random.Random(11)

    def do_GET(self):
        self.asked[self.path] += 1
        is_rare = self.path.endswith("0")
        if is_rare and self.asked[self.path] > 1:
            self.send_error(403)
            return
        if self.pick.random() < 1 / 20:
            self.send_error(503)
            return
        body = content_of(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        size = len(body) // PIECES + 1
        for start in range(0, len(body), size):
            time.sleep(self.pick.random() / (1 if is_rare else 6))
            self.wfile.write(body[start : start + size])

    def log_message(self, format, *args):
        pass


@contextmanager
def host():
    Host.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def fill(url, *, now):
    """Let customers send files, all due at once."""
    channel = make_channel()
    for number in range(FILES):
        if number % 4 == 0:
            conversation = make_conversation(channel=channel, routing_due_at=now, now=now)
        message = make_message(conversation=conversation, now=now, kind="media")
        make_event(conversation=conversation, data={"message": str(message.public_id)}, now=now)
        make_file(message=message, reference=f"{url}/ME{number}", fetch_due_at=now)


def test_each_file_is_here_once_or_named_failed(settings, tmp_path, capsys):
    settings.MEDIA_DIR, settings.UPLOAD_DIR = tmp_path / "media", tmp_path / "uploads"
    settings.EGRESS_ALLOWED_HOSTS = settings.TWILIO_MEDIA_HOSTS = ["127.0.0.1"]
    with host() as url:
        fill(url, now=database_now())
        killer = subprocess.run(
            [sys.executable, "-m", "tests.faults.fetchers", str(KILLS), str(PACE), str(tmp_path)],
            env={**environment(database_url()), "RELAYDESK_TESTS_EGRESS": "127.0.0.1"},
            timeout=400,
            check=False,
        )
        left = Attachment.objects.filter(state=FileState.PENDING).count()
        now = database_now() + (KILLS + 10) * (fetching.LEASE + timedelta(seconds=1))
        for _ in range(12):  # as often as a file is tried again, and longer
            while fetching.fetch_next(now=now):
                pass
            now += timedelta(hours=1)
        asked = sum(Host.asked.values())
    assert killer.returncode == 0
    orphans = len(list(media_files.paths())) - Attachment.objects.exclude(path="").count()
    stored = list(Attachment.objects.filter(state=FileState.STORED))
    failed = list(Attachment.objects.filter(state=FileState.FAILED))
    with capsys.disabled():
        print(  # noqa: T201 - the figures are the point
            f"\n{KILLS} kills: {FILES} files, {left} left to the end, {asked} times asked for, "
            f"{len(stored)} stored, {len(failed)} named failed, {orphans} left lying about"
        )
    assert len(stored) + len(failed) == FILES
    assert all(file.error for file in failed)
    for file in stored:
        with media_files.open_file(file.path) as found:
            assert found.read() == content_of("/" + file.reference.rsplit("/", 1)[1])
    told = Counter(
        Event.objects.filter(type__in=["message.file_stored", "message.file_failed"]).values_list(
            "data__attachment", flat=True
        )
    )
    assert set(told.values()) == {1}
    assert len(told) == FILES

    while uploads.remove_next_abandoned(now=now):
        pass
    assert sorted(media_files.paths()) == sorted(file.path for file in stored)
    assert not list(settings.UPLOAD_DIR.iterdir())
    assert not files_without_their_attachment(now=now)
    assert not stored_attachments_without_their_file().exists()
    assert not broken_promises()
