"""The stand-in is worth something only if it does what Twilio does: reports, and steering them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from channels.providers.base import ChannelConfig, InboundRequest, OutboundMessage, SendError
from channels.providers.twilio.adapter import TwilioAdapter
from tests.fake_twilio import RunningFake

PUBLIC = "https://desk.example.test"


class Desk(ThreadingHTTPServer):
    """Keeps what it is sent, and answers with the statuses it was given (then 200)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[InboundRequest] = []
        self.answers: list[int] = []


class _Desk(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = InboundRequest(
            f"{PUBLIC}{self.path}", self.headers["Content-Type"], body, dict(self.headers)
        )
        self.server.requests.append(request)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


@contextmanager
def open_desk() -> Iterator[Desk]:
    desk = Desk()
    thread = threading.Thread(target=desk.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.shutdown()
        desk.server_close()


@pytest.fixture
def desk(fake: RunningFake) -> Iterator[Desk]:
    with open_desk() as server:
        fake.store.reach = server.url
        fake.store.step_s = 0.001
        yield server


def send(twilio: TwilioAdapter, config: ChannelConfig) -> str:
    status_url = f"{PUBLIC}/webhooks/twilio/t0ken/status/?message=0199f0de"
    message = OutboundMessage("+15550000001", "It is on its way.", status_url)
    return twilio.send(message, config).provider_message_id


def control(fake: RunningFake, name: str, **asked: Any) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", fake.server_port, timeout=5)
    method, body = ("POST", json.dumps(asked)) if asked or name == "reset" else ("GET", None)
    connection.request(method, f"/_control/{name}", body)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


class TestReportsOfTheStandIn:
    def heard(
        self, desk: Desk, twilio: TwilioAdapter, config: ChannelConfig
    ) -> list[tuple[str, str]]:
        """Return status and error code of every report that came, each one verified."""
        said = []
        for request in desk.requests:
            twilio.verify(request, config)
            (update,) = twilio.parse_status(request, config)
            said.append((update.status, update.error_code))
        return said

    @pytest.mark.parametrize(
        "story",
        [
            ("sent", "delivered", "read"),
            ("read", "delivered", "sent"),
            ("sent", "delivered", "delivered", "sent"),
        ],
    )
    def test_follow_a_message_in_any_order_that_is_asked_for(
        self,
        fake: RunningFake,
        desk: Desk,
        twilio: TwilioAdapter,
        whatsapp: ChannelConfig,
        story: tuple[str, ...],
    ) -> None:
        fake.store.story = story
        send(twilio, whatsapp)
        fake.reporter.settle()
        assert self.heard(desk, twilio, whatsapp) == [(status, "") for status in story]

    def test_come_to_the_address_of_that_message(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.reporter.report(send(twilio, whatsapp), "delivered")
        assert desk.requests[0].url.endswith("/webhooks/twilio/t0ken/status/?message=0199f0de")

    def test_say_twice_that_the_24_hours_are_over(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.closed_windows = {"whatsapp:+15550000001"}
        send(twilio, whatsapp)
        fake.reporter.settle()
        assert self.heard(desk, twilio, whatsapp) == [
            ("undelivered", "63016"),
            ("failed", "63016"),
        ]

    def test_come_for_a_message_whose_answer_was_lost(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.story = ("sent",)
        fake.fail_next(is_taken=True, is_cut=True)
        with pytest.raises(SendError):
            send(twilio, whatsapp)
        fake.reporter.settle()
        assert self.heard(desk, twilio, whatsapp) == [("sent", "")]

    def test_can_overtake_the_answer(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        fake.store.story, fake.store.reports_first = ("sent", "delivered"), True
        send(twilio, whatsapp)
        assert self.heard(desk, twilio, whatsapp) == [("sent", ""), ("delivered", "")]

    def test_are_tried_three_times_more(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        desk.answers = [503, 503]
        assert fake.reporter.report(send(twilio, whatsapp), "sent") == 200
        assert [answer for _, _, answer in fake.reporter.log] == [503, 503, 200]
        desk.answers = [503] * 9
        assert fake.reporter.report(send(twilio, whatsapp), "sent") == 503
        assert len(desk.requests) == 3 + 4


class TestSteeringTheStandInFromOutside:
    def test_faults_are_told_over_http(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        assert control(fake, "faults", code=20429, status=429, times=2) == {"waiting": 2}
        for _ in range(2):
            with pytest.raises(SendError):
                send(twilio, whatsapp)
        assert send(twilio, whatsapp)

    def test_what_was_taken_is_counted(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        send(twilio, whatsapp)
        assert control(fake, "sends")["doubled"] == []
        send(twilio, whatsapp)
        sends = control(fake, "sends")
        assert len(sends["messages"]) == 2
        assert len(sends["doubled"]) == 1

    def test_rules_and_reports_are_told_over_http(
        self, fake: RunningFake, desk: Desk, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        control(fake, "rules", story=["sent"], opted_out=["whatsapp:+15550000009"])
        assert fake.store.story == ("sent",)
        assert fake.store.opted_out == {"whatsapp:+15550000009"}
        sid = send(twilio, whatsapp)
        fake.reporter.settle()
        assert control(fake, "reports", sid=sid, status="read") == {"answer": 200}
        assert control(fake, "reports") == {"reports": [[sid, "sent", 200], [sid, "read", 200]]}

    def test_everything_can_be_forgotten(
        self, fake: RunningFake, twilio: TwilioAdapter, whatsapp: ChannelConfig
    ) -> None:
        send(twilio, whatsapp)
        control(fake, "reset")
        assert fake.messages == []
