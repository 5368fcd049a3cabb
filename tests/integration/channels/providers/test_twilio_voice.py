"""Calling through the official SDK, over HTTP: what is asked for, and every way it can end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from channels.providers import voice_for
from channels.providers.base import (
    ChannelConfig,
    InboundRequest,
    NotSupportedError,
    SendError,
)
from channels.providers.signing import FORM_TYPE
from channels.providers.twilio.voice import TwilioVoice
from channels.providers.voice import (
    AskKey,
    CallUpdate,
    Connect,
    GoOn,
    HangUp,
    OutboundCall,
    Script,
    Speech,
)
from tests.factories import ACCOUNT_SID, AUTH_TOKEN
from tests.fake_twilio import Fault, RunningFake, running

ALICE, DORA, DESK = "+81355501111", "+819012345678", "+81355500100"
URL = "https://desk.example.test/webhooks/voice/t0ken"
ASK = AskKey(Speech("Dora is to be called back. Press any key.", "en"), f"{URL}/accepted/")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[RunningFake]:
    with running() as server:
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        server.store.step_s = 0.01
        server.store.reach = "http://127.0.0.1:9"
        yield server


@pytest.fixture
def telephone(fake: RunningFake) -> TwilioVoice:
    return TwilioVoice(api_base_url=fake.url, timeout_s=(1, 1))


@pytest.fixture
def config() -> ChannelConfig:
    return ChannelConfig("twilio", "sms", account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN)


def to_alice(**fields: object) -> OutboundCall:
    given = {"script": ASK, "status_url": f"{URL}/status/", **fields}
    return OutboundCall(ALICE, DESK, 25, **given)  # type: ignore[arg-type]


def failure(telephone: TwilioVoice, config: ChannelConfig) -> SendError:
    with pytest.raises(SendError) as caught:
        telephone.place_call(to_alice(), config)
    assert caught.value.detail.endswith(".")
    assert "message" not in caught.value.detail
    return caught.value


class TestPlacing:
    def test_asks_for_one_call_with_all_its_reports(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        placed = telephone.place_call(to_alice(), config)
        (made,) = fake.calls.made
        assert (placed.call_id, placed.status) == (made.call["sid"], "queued")
        assert (made.asked("To"), made.asked("From"), made.asked("Timeout")) == (ALICE, DESK, "25")
        assert made.asked("StatusCallback") == f"{URL}/status/#rc=3&rp=all"
        assert made.fields["StatusCallbackEvent"] == [
            "initiated",
            "ringing",
            "answered",
            "completed",
        ]
        assert "MachineDetection" not in made.fields

    def test_has_what_is_said_with_it(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        telephone.place_call(to_alice(), config)
        document = ElementTree.fromstring(fake.calls.made[0].asked("Twiml"))
        gather = document.find("Gather")
        assert gather is not None
        assert gather.attrib["action"].startswith(f"{URL}/accepted/")
        assert [said.text for said in gather.iter("Say")] == [ASK.speech.text]
        assert [verb.tag for verb in document] == ["Gather", "Hangup"]

    def test_asks_who_answered_where_that_is_wanted(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        call = to_alice(script=None, answer_url=f"{URL}/answered/", is_detecting_machines=True)
        telephone.place_call(call, config)
        (made,) = fake.calls.made
        assert made.asked("MachineDetection") == "Enable"
        assert made.asked("Url").startswith(f"{URL}/answered/")
        assert "Twiml" not in made.fields

    @pytest.mark.parametrize("code", [20003, 21210, 21211, 21215, 99999])
    def test_that_is_refused_rang_nobody(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig, code: int
    ) -> None:
        fake.calls.faults.append(Fault(code=code, status=401 if code == 20003 else 400))
        error = failure(telephone, config)
        assert (error.outcome, error.code) == ("permanent", str(code))
        assert error.is_channel_broken == (code == 20003)

    def test_too_often_waits_as_long_as_twilio_says(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        fake.calls.faults.append(Fault(code=20429, status=429, retry_after="7"))
        error = failure(telephone, config)
        assert (error.outcome, error.retry_after_s) == ("retry", 7.0)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(status=503, is_taken=True),
            Fault(code=20500, status=500),
            Fault(is_cut=True, is_taken=True),
            Fault(delay_s=1.5, is_taken=True),
            Fault(text="<html>", is_taken=True),
        ],
        ids=["503", "500", "cut", "slow", "unreadable"],
    )
    def test_that_is_not_answered_is_a_doubt(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig, fault: Fault
    ) -> None:
        fake.calls.faults.append(fault)
        assert failure(telephone, config).outcome == "unknown"

    def test_nobody_there_to_ask_may_be_tried_again(self, config: ChannelConfig) -> None:
        nobody = TwilioVoice(api_base_url="http://127.0.0.1:9", timeout_s=(1, 1))
        error = failure(nobody, config)
        assert (error.outcome, error.code) == ("retry", "no_connection")

    def test_needs_an_account(self, telephone: TwilioVoice) -> None:
        error = failure(telephone, ChannelConfig("twilio", "sms", account_sid=ACCOUNT_SID))
        assert (error.outcome, error.code) == ("permanent", "not_configured")

    def test_is_what_twilio_can_and_others_cannot(self) -> None:
        assert isinstance(voice_for("twilio"), TwilioVoice)
        with pytest.raises(NotSupportedError):
            voice_for("engagelab")


class TestEndingACall:
    def test_ends_it_while_it_rings(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        fake.store.step_s = 5
        placed = telephone.place_call(to_alice(), config)
        telephone.end_call(placed.call_id, config)
        assert telephone.find_call(placed.call_id, config).status == "canceled"

    def test_that_is_over_or_unknown_is_fine(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        placed = telephone.place_call(to_alice(), config)
        fake.calls.settle()
        telephone.end_call(placed.call_id, config)
        telephone.end_call("CA" + "0" * 32, config)

    def test_says_when_twilio_is_not_there(self, config: ChannelConfig) -> None:
        nobody = TwilioVoice(api_base_url="http://127.0.0.1:9", timeout_s=(1, 1))
        with pytest.raises(SendError):
            nobody.end_call("CA" + "0" * 32, config)


class TestLookingUp:
    def test_finds_a_call_by_its_two_numbers(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        first = telephone.place_call(to_alice(), config)
        second = telephone.place_call(to_alice(), config)
        fake.calls.settle()
        found = telephone.find_placed(to_alice(), config, since=LONG_AGO)
        assert {each.call_id for each in found} == {first.call_id, second.call_id}
        later = datetime.now(UTC) + timedelta(hours=1)
        assert telephone.find_placed(to_alice(), config, since=later) == []

    def test_finds_nobody_elses_call(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        telephone.place_call(OutboundCall(DORA, DESK, 25, f"{URL}/status/", script=ASK), config)
        assert telephone.find_placed(to_alice(), config, since=LONG_AGO) == []

    def test_finds_no_second_call_where_there_was_none(
        self, fake: RunningFake, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        placed = telephone.place_call(to_alice(), config)
        fake.calls.settle()
        assert telephone.find_second(placed.call_id, config) is None


def read(**fields: str) -> CallUpdate | None:
    body = urlencode(fields).encode()
    request = InboundRequest(URL, FORM_TYPE, body, {})
    return TwilioVoice(api_base_url="http://127.0.0.1:9").parse_call(request)


class TestWhatTwilioSays:
    def test_is_read_in_our_words(self) -> None:
        assert read(
            CallSid="CA1",
            CallStatus="no-answer",
            SequenceNumber="3",
            CallDuration="12",
            AnsweredBy="machine_start",
            DialCallSid="CA2",
            DialCallStatus="in-progress",
            DialCallDuration="7",
        ) == CallUpdate("CA1", "no_answer", 3, 12, "machine_start", "CA2", "in_progress", 7)

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [("initiated", "queued"), ("queued", "queued"), ("busy", "busy"), ("asleep", None)],
    )
    def test_has_words_of_its_own(self, theirs: str, ours: str | None) -> None:
        update = read(CallSid="CA1", CallStatus=theirs)
        assert update is not None
        assert update.status == ours

    @pytest.mark.parametrize("number", ["", "-1", "1e9", "９", "9" * 40])
    def test_numbers_that_are_none_say_nothing(self, number: str) -> None:
        update = read(CallSid="CA1", CallStatus="ringing", SequenceNumber=number)
        assert update is not None
        assert update.sequence is None

    @pytest.mark.parametrize("call_id", ["", " ", "CA" * 40])
    def test_that_names_no_call_says_nothing(self, call_id: str) -> None:
        assert read(CallSid=call_id, CallStatus="ringing") is None


def rendered(script: Script) -> ElementTree.Element:
    kind, body = TwilioVoice(api_base_url="http://127.0.0.1:9").render(script)
    assert kind == "text/xml"
    return ElementTree.fromstring(body)


class TestAnAnswerToTwilio:
    def test_connects_with_another_number(self) -> None:
        script = Connect(DORA, DESK, 30, f"{URL}/connected/", f"{URL}/second-status/")
        (dial,) = rendered(script)
        (number,) = dial
        assert (number.text, dial.attrib["callerId"], dial.attrib["timeout"]) == (DORA, DESK, "30")
        assert number.attrib["statusCallback"] == f"{URL}/second-status/"
        assert "url" not in number.attrib

    def test_screens_whoever_is_rung_second(self) -> None:
        script = Connect(ALICE, DESK, 30, f"{URL}/a/", f"{URL}/b/", screen_url=f"{URL}/screen/")
        number = rendered(script).find("Dial/Number")
        assert number is not None
        assert number.attrib["url"].startswith(f"{URL}/screen/")

    @pytest.mark.parametrize("text", ["<Hangup/> & co", "日本語 👋", "</Say>"])
    def test_says_what_it_is_given_and_nothing_else(self, text: str) -> None:
        document = rendered(HangUp(Speech(text, "ja")))
        assert [verb.tag for verb in document] == ["Say", "Hangup"]
        assert document[0].text == text
        assert document[0].attrib["language"] == "ja-JP"

    def test_lets_people_talk(self) -> None:
        assert len(rendered(GoOn())) == 0
