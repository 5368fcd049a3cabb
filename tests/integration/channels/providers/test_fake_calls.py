"""The stand-in's telephone, called with Twilio's own SDK: what rings, who answers, who is told."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from requests import Session
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.providers.twilio.client import ApiHttpClient
from tests.factories import ACCOUNT_SID, AUTH_TOKEN
from tests.fake_twilio import Fault, RunningFake, running
from tests.integration.channels.providers.test_fake_twilio import PUBLIC, Desk, open_desk
from tests.processes import eventually

DORA, DESK = "+819012345678", "+81355500100"
EVENTS = ["initiated", "ringing", "answered", "completed"]
PATH = "/webhooks/twilio/t0ken/voice/?call=0199f0de"


@pytest.fixture
def fake() -> Iterator[RunningFake]:
    with running() as server:
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        server.store.step_s = 0.01
        yield server


@pytest.fixture
def desk(fake: RunningFake) -> Iterator[Desk]:
    with open_desk() as server:
        fake.store.reach = server.url
        yield server


@pytest.fixture
def twilio(fake: RunningFake) -> Client:
    transport = ApiHttpClient(base_url=fake.url, session=Session(), timeout_s=(5, 5))
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=transport)


def call(twilio: Client, **fields: Any) -> Any:
    given = {
        "to": DORA,
        "from_": DESK,
        "twiml": "<Response><Say>Hello</Say></Response>",
        "status_callback": f"{PUBLIC}{PATH}",
        "status_callback_event": EVENTS,
        **fields,
    }
    return twilio.calls.create(**{name: value for name, value in given.items() if value})


def told(desk: Desk) -> list[dict[str, str]]:
    return [dict(parse_qsl(each.body.decode())) for each in desk.requests]


class TestACall:
    def test_rings_is_answered_and_ends(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        made = call(twilio)
        assert (made.status, made.direction, made.to) == ("queued", "outbound-api", DORA)
        fake.calls.settle()

        ended = twilio.calls(made.sid).fetch()
        assert (ended.status, ended.duration, ended.answered_by) == ("completed", "1", None)
        said = told(desk)
        assert [each["CallStatus"] for each in said] == [
            "initiated",
            "ringing",
            "in-progress",
            "completed",
        ]
        assert [each["SequenceNumber"] for each in said] == ["0", "1", "2", "3"]
        assert {each["CallSid"] for each in said} == {made.sid}
        assert said[-1]["CallDuration"] == "1"

    @pytest.mark.parametrize("outcome", ["no-answer", "busy", "failed"])
    def test_ends_as_its_number_says(
        self, fake: RunningFake, desk: Desk, twilio: Client, outcome: str
    ) -> None:
        fake.calls.outcomes[DORA] = outcome
        made = call(twilio)
        fake.calls.settle()
        ended = twilio.calls(made.sid).fetch()
        assert (ended.status, ended.duration) == (outcome, None)
        assert told(desk)[-1]["CallStatus"] == outcome
        assert "in-progress" not in {each["CallStatus"] for each in told(desk)}

    @pytest.mark.parametrize(("outcome", "who"), [("machine", "machine_start"), ("", "human")])
    def test_tells_who_answered_where_that_is_asked(
        self, fake: RunningFake, desk: Desk, twilio: Client, outcome: str, who: str
    ) -> None:
        fake.calls.outcomes[DORA] = outcome or "answered"
        made = call(twilio, machine_detection="Enable")
        fake.calls.settle()
        assert twilio.calls(made.sid).fetch().answered_by == who
        assert told(desk)[-1]["AnsweredBy"] == who

    def test_is_signed_with_the_accounts_token(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        call(twilio)
        fake.calls.settle()
        request, fields = desk.requests[-1], told(desk)[-1]
        signature = request.header("X-Twilio-Signature")
        assert RequestValidator(AUTH_TOKEN).validate(f"{PUBLIC}{PATH}", fields, signature)
        assert not RequestValidator("e" * 32).validate(f"{PUBLIC}{PATH}", fields, signature)

    def test_tells_its_end_alone_unless_more_is_asked(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        call(twilio, status_callback_event=None)
        fake.calls.settle()
        assert [each["CallStatus"] for each in told(desk)] == ["completed"]

    def test_asks_what_to_do_once_it_is_answered(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        call(twilio, twiml=None, url=f"{PUBLIC}/voice/", status_callback=None)
        fake.calls.settle()
        (asked,) = desk.requests
        assert asked.url == f"{PUBLIC}/voice/"
        assert told(desk)[0]["CallStatus"] == "in-progress"


class TestEndingACall:
    def test_before_it_is_answered_cancels_it(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        fake.store.step_s = 5
        made = call(twilio)
        assert twilio.calls(made.sid).update(status="canceled").status == "canceled"
        fake.calls.settle()
        assert [each["CallStatus"] for each in told(desk)] == ["canceled"]
        assert twilio.calls(made.sid).fetch().status == "canceled"

    def test_while_people_talk_completes_it(
        self, fake: RunningFake, desk: Desk, twilio: Client
    ) -> None:
        fake.calls.outcomes[DORA] = "talking"
        made = call(twilio)
        eventually(lambda: twilio.calls(made.sid).fetch().status == "in-progress")
        with pytest.raises(TwilioRestException) as caught:
            twilio.calls(made.sid).update(status="canceled")
        assert caught.value.code == 21220
        assert twilio.calls(made.sid).update(status="completed").status == "completed"
        fake.calls.settle()
        assert told(desk)[-1]["CallStatus"] == "completed"

    def test_that_is_over_is_refused(self, fake: RunningFake, desk: Desk, twilio: Client) -> None:
        made = call(twilio)
        fake.calls.settle()
        with pytest.raises(TwilioRestException) as caught:
            twilio.calls(made.sid).update(status="completed")
        assert (caught.value.status, caught.value.code) == (400, 21220)


class TestARequestToCall:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"to": "Dora"}, 21211),
            ({"from_": "desk"}, 21212),
            ({"twiml": None}, 21205),
            ({"twiml": "x" * 4001}, 21233),
            ({"timeout": 601}, 21216),
            ({"status_callback_event": ["hung-up"]}, 21626),
        ],
    )
    def test_is_refused_as_twilio_does(
        self, fake: RunningFake, twilio: Client, change: dict[str, Any], code: int
    ) -> None:
        with pytest.raises(TwilioRestException) as caught:
            call(twilio, **change)
        assert caught.value.code == code
        assert fake.calls.made == []

    def test_may_be_one_too_many(self, fake: RunningFake, twilio: Client) -> None:
        fake.calls.faults.append(Fault(code=20429, status=429, retry_after="1"))
        with pytest.raises(TwilioRestException) as caught:
            call(twilio)
        assert (caught.value.status, caught.value.code) == (429, 20429)
        assert call(twilio).status == "queued"

    def test_may_be_taken_without_an_answer(self, fake: RunningFake, twilio: Client) -> None:
        fake.calls.faults.append(Fault(status=503, is_taken=True))
        with pytest.raises(TwilioRestException):
            call(twilio)
        assert len(fake.calls.made) == 1

    def test_needs_the_accounts_token(self, fake: RunningFake) -> None:
        transport = ApiHttpClient(base_url=fake.url, session=Session(), timeout_s=(5, 5))
        stranger = Client(ACCOUNT_SID, "e" * 32, http_client=transport)
        with pytest.raises(TwilioRestException) as caught:
            call(stranger)
        assert caught.value.status == 401

    def test_about_no_call_finds_none(self, twilio: Client) -> None:
        with pytest.raises(TwilioRestException) as caught:
            twilio.calls("CA" + "0" * 32).fetch()
        assert caught.value.status == 404
