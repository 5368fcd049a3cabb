"""A file from the API to the customer: over real HTTP both ways, with Twilio's own SDK between.

A server as in production takes the form and serves the file; the stand-in for Twilio fetches it.
"""

import hashlib
import json
import os
import socket
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings as django_settings

from conversations.models import Attachment, Message
from conversations.services import delivery
from teams.clock import database_now
from tests import pictures
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_api_key,
    make_channel,
    make_cloud_channel,
    make_conversation,
)
from tests.fake_twilio import running
from tests.faults.crowd import server
from tests.processes import database_url, eventually

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 1024 * 1024
BOUNDARY = "a-boundary"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def port():
    with server(database_url(), workers=1) as port:
        yield port


@pytest.fixture
def twilio(settings, port):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.reach = f"http://127.0.0.1:{port}"
        fake.store.story = ("sent", "delivered")
        yield fake


@pytest.fixture
def key():
    return make_api_key(user=make_administrator())


def form(content, *, filename="a.png", text="Here it is."):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="body"\r\n\r\n{text}\r\n'
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"'
    return f"{head}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def post(port, path, body, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": KIND, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def send(port, conversation, body, *, key="", **headers):
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    path = f"/api/v1/conversations/{conversation.public_id}/messages/"
    return post(port, path, body, **headers)


def deliver(twilio):
    while delivery.send_next(now=database_now()):
        pass
    twilio.reporter.settle()


def padded(content, *, size):
    return content + os.urandom(size - len(content))


class TestAFile:
    def test_goes_from_the_api_to_the_customer(self, port, twilio, key):
        picture = padded(pictures.PNG, size=4 * MIB)
        conversation = make_conversation(now=database_now())

        status, told = send(port, conversation, form(picture), key=key)
        deliver(twilio)

        assert status == 202, told
        [sent] = twilio.store.sends
        [fetched] = sent["files"]
        assert (fetched.head_status, fetched.status) == (200, 200)
        assert (fetched.content_type, fetched.declared_length) == ("image/png", len(picture))
        assert hashlib.sha256(fetched.content).digest() == hashlib.sha256(picture).digest()
        assert (sent["message"]["body"], sent["message"]["num_media"]) == ("Here it is.", "1")
        message = Message.objects.get()
        assert (message.delivery_status, message.error_code) == ("delivered", "")

    @pytest.mark.parametrize(("medium", "code"), [("whatsapp", "63019"), ("sms", "11200")])
    def test_that_cannot_be_fetched_fails_in_plain_words(self, port, twilio, key, medium, code):
        channel = make_channel(medium=medium)
        conversation = make_conversation(channel=channel, now=database_now())
        send(port, conversation, form(pictures.PNG), key=key)
        twilio.store.reach = "http://127.0.0.1:9"

        while delivery.send_next(now=database_now()):
            pass
        twilio.store.reach = ""
        [sent] = twilio.store.sends
        eventually(lambda: sent["files"])
        assert sent["files"][0].status == 0
        twilio.store.reach = f"http://127.0.0.1:{port}"
        twilio.reporter.settle()
        twilio.reporter.report(sent["message"]["sid"], "failed", error_code=code)

        message = Message.objects.get()
        assert (message.delivery_status, message.error_code) == ("failed", code)
        assert "could not fetch the file" in message.error_detail
        page = sign_in(make_administrator()).get(
            f"/admin/conversations/conversation/{conversation.pk}/change/"
        )
        assert "could not fetch the file of this message" in page.content.decode()

    def test_is_sent_once_however_often_it_comes_with_its_key(self, port, twilio, key):
        conversation = make_conversation(now=database_now())
        body = form(padded(pictures.PNG, size=4 * MIB))

        answers = [send(port, conversation, body, key=key, **{"Idempotency-Key": "k"})] * 3
        deliver(twilio)

        assert {status for status, _ in answers} == {202}
        assert (Attachment.objects.count(), len(twilio.messages)) == (1, 1)


class TestALargeBody:
    def test_of_a_known_caller_goes_to_the_disk_and_through(self, port, key):
        conversation = make_conversation(channel=make_cloud_channel(), now=database_now())
        pdf = padded(pictures.PDF, size=90 * MIB)
        before = resident(port)

        status, told = send(port, conversation, form(pdf, filename="a.pdf"), key=key)

        assert status == 202, told
        row = Attachment.objects.get()
        assert row.size == len(pdf)
        assert resident(port) - before < 60 * MIB
        url = urlsplit(json.loads(told)["attachments"][0]["url"])
        status, got = get(port, url.path, Authorization=f"Bearer {key}")
        assert (status, hashlib.sha256(got).digest()) == (200, hashlib.sha256(pdf).digest())
        assert resident(port) - before < 60 * MIB

    def test_beyond_the_limit_is_answered_413(self, port, key):
        conversation = make_conversation(now=database_now())
        limit = django_settings.UPLOAD_MAX_BYTES

        status, told = declare(port, conversation, length=limit + MIB, key=key)

        assert (status, json.loads(told)["code"]) == (413, "body_too_large")

    @pytest.mark.parametrize("key", ["", "rd_nobody_knows_this_one"])
    def test_of_a_stranger_is_not_read(self, port, key):
        conversation = make_conversation(now=database_now())

        status, told = declare(port, conversation, length=50 * MIB, key=key)

        assert (status, json.loads(told)["code"]) in (
            (401, "not_authenticated"),
            (401, "auth.invalid_api_key"),
        )

    def test_that_is_json_is_not_let_through(self, port, key):
        conversation = make_conversation(now=database_now())

        status, told = declare(port, conversation, length=4 * MIB, key=key, kind="application/json")

        assert (status, json.loads(told)["code"]) == (413, "body_too_large")

    def test_that_stops_coming_is_given_up(self, port, key):
        conversation = make_conversation(now=database_now())
        began = time.monotonic()

        status, _ = declare(port, conversation, length=50 * MIB, key=key, begin=pictures.PNG)

        assert status == 408
        assert time.monotonic() - began < 60
        assert not Message.objects.exists()


def resident(port):
    """Return how much memory the server has, all its processes together."""
    children = psutil.Process().children(recursive=True)
    servers = [each for each in children if "granian" in " ".join(each.cmdline())]
    assert servers
    return sum(each.memory_info().rss for each in servers)


def get(port, path, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def declare(port, conversation, *, length, key, begin=b"", kind=KIND):
    """Announce a form of this length, send only its beginning, and return what is answered."""
    lines = [
        f"POST /api/v1/conversations/{conversation.public_id}/messages/ HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        *([f"Authorization: Bearer {key}"] if key else []),
        "",
        "",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=90) as line:
        line.sendall("\r\n".join(lines).encode() + begin)
        heard = b""
        while b"\r\n\r\n" not in heard or not _is_whole(heard):
            more = line.recv(65536)
            if not more:
                break
            heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def _is_whole(heard):
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return not lengths or len(body) >= lengths[0]
