"""What we ask Twilio for, against Twilio's own description of its API, as Prism reads it.

Prism answers what fits the description with an example, and refuses the rest. Skipped by name
without the description (which lies beside the repository) or without Prism: `npm install
@stoplight/prism-cli` somewhere, and PRISM=…/node_modules/.bin/prism.
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import Session
from twilio.rest import Client

from channels.providers.base import (
    ChannelConfig,
    OutboundMedia,
    OutboundMessage,
    OutboundTemplate,
    ReceivedMessage,
)
from channels.providers.twilio.adapter import TwilioAdapter
from channels.providers.twilio.client import ApiHttpClient
from channels.providers.twilio.voice import TwilioVoice
from channels.providers.voice import AskKey, OutboundCall, Speech
from tests.processes import eventually

pytestmark = pytest.mark.contract
DESCRIPTION = Path(__file__).parents[3] / "shared" / "data" / "twilio_api_v2010.json"
FORM = "application/x-www-form-urlencoded"
ACCOUNT, TOKEN = "AC" + "0" * 32, "0123456789abcdef0123456789abcdef"
SERVICE = "MG" + "5" * 32
MEDIA = OutboundMedia("https://desk.example.test/media/t0ken/", "image/jpeg", "cat.jpg")
TEMPLATE = OutboundTemplate("HX" + "7" * 32, "order_ready", "en", {"1": "Dora", "2": "12:00"})


def find_prism() -> str:
    found = os.environ.get("PRISM") or shutil.which("prism")
    if not found:
        pytest.skip("no Prism is found; install @stoplight/prism-cli and set PRISM")
    return found


def described() -> dict[str, Any]:
    """Return the description, put right where it does not describe itself.

    Names that come several times in a form are said to do so; the addresses of pages are relative,
    and the last page of an example is the last.
    """
    if not DESCRIPTION.exists():
        pytest.skip(f"{DESCRIPTION.name} is not here")
    description: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    for operations in description["paths"].values():
        post = operations.get("post", {})
        form = post.get("requestBody", {}).get("content", {}).get(FORM, {})
        fields = form.get("schema", {}).get("properties", {})
        repeated = [name for name, schema in fields.items() if schema.get("type") == "array"]
        if repeated:
            form["encoding"] = {name: {"style": "form", "explode": True} for name in repeated}
        for answer in operations.get("get", {}).get("responses", {}).values():
            for content in answer.get("content", {}).values():
                _end_pages(content)
    return description


def _end_pages(content: dict[str, Any]) -> None:
    properties = content.get("schema", {}).get("properties", {})
    for name in properties.keys() & {"uri", "first_page_uri", "next_page_uri", "previous_page_uri"}:
        properties[name].pop("format", None)
    for example in content.get("examples", {}).values():
        if "next_page_uri" in example["value"]:
            example["value"]["next_page_uri"] = None


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command, description = find_prism(), described()
    file = tmp_path_factory.mktemp("prism") / "twilio.json"
    file.write_text(json.dumps(description))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [command, "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(file)]
    server = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: is_open(port), within_s=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def adapter(prism: str) -> TwilioAdapter:
    return TwilioAdapter(api_base_url=prism, media_hosts=("127.0.0.1",))


@pytest.fixture
def config() -> ChannelConfig:
    return ChannelConfig(
        "twilio", "whatsapp", account_sid=ACCOUNT, auth_token=TOKEN, phone_number="+15550001111"
    )


@pytest.fixture
def by_service() -> ChannelConfig:
    return ChannelConfig(
        "twilio", "sms", account_sid=ACCOUNT, auth_token=TOKEN, messaging_service_sid=SERVICE
    )


def message(text: str = "", **fields: Any) -> OutboundMessage:
    status_url = "https://desk.example.test/webhooks/twilio/t0ken/status/?message=0199f0de"
    return OutboundMessage("+819000000001", text, status_url, **fields)


class TestSending:
    @pytest.mark.parametrize(
        "given",
        [
            message("Hallo 👋🏽 & ümläut = 100%\nline2"),
            message("x" * 1600),
            message("Look", media=(MEDIA,)),
            message(media=(MEDIA, MEDIA)),
            message(template=TEMPLATE),
        ],
        ids=["text", "longest", "text and file", "two files", "template"],
    )
    def test_is_as_described(
        self, adapter: TwilioAdapter, config: ChannelConfig, given: OutboundMessage
    ) -> None:
        assert adapter.send(given, config).provider_message_id

    def test_by_a_service_is_as_described(
        self, adapter: TwilioAdapter, by_service: ChannelConfig
    ) -> None:
        assert adapter.send(message("Hi"), by_service).provider_message_id


class TestAsking:
    def test_for_what_was_sent_is_as_described(
        self, adapter: TwilioAdapter, config: ChannelConfig
    ) -> None:
        since = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        assert isinstance(adapter.find_sent(message("Hi"), config, since=since), list)

    def test_for_what_came_is_as_described(
        self, adapter: TwilioAdapter, config: ChannelConfig
    ) -> None:
        since, until = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
        assert isinstance(adapter.list_received(config, since=since, until=until), list)

    def test_for_the_files_of_a_message_is_as_described(
        self, adapter: TwilioAdapter, config: ChannelConfig
    ) -> None:
        sid = "MM" + "1" * 32
        listed = ReceivedMessage(
            sid, datetime(2026, 11, 18, tzinfo=UTC), {"NumMedia": "1", "MessageSid": sid}
        )
        request = adapter.rebuild_request(listed, config, url="https://desk.example.test/")
        assert sid.encode() in request.body

    def test_for_one_message_is_as_described(self, prism: str) -> None:
        assert client(prism).messages("SM" + "1" * 32).fetch().sid


class TestCalling:
    CALL = OutboundCall(
        "+819000000001",
        "+15550001111",
        30,
        "https://desk.example.test/webhooks/voice/t0ken/status/",
        script=AskKey(Speech("Hello", "en"), "https://desk.example.test/webhooks/voice/t0ken/"),
    )

    @pytest.fixture
    def telephone(self, prism: str) -> TwilioVoice:
        return TwilioVoice(api_base_url=prism)

    def test_is_as_described(self, telephone: TwilioVoice, config: ChannelConfig) -> None:
        asked = replace(
            self.CALL,
            script=None,
            answer_url="https://desk.example.test/webhooks/voice/t0ken/answered/",
            is_detecting_machines=True,
        )
        for call in (self.CALL, asked):
            assert telephone.place_call(call, config).call_id

    def test_and_looking_for_calls_is_as_described(
        self, telephone: TwilioVoice, config: ChannelConfig
    ) -> None:
        sid, since = "CA" + "1" * 32, datetime(2020, 1, 1, tzinfo=UTC)
        assert telephone.find_call(sid, config).call_id
        assert isinstance(telephone.find_placed(self.CALL, config, since=since), list)
        telephone.find_second(sid, config)
        telephone.end_call(sid, config)


class TestTheReader:
    """Prism is worth something only if it refuses what Twilio would."""

    @pytest.mark.parametrize(
        ("sid", "form", "status"),
        [
            (ACCOUNT, {"From": "+15550001111", "Body": "Hi"}, 422),
            ("AC1", {"To": "+819000000001", "Body": "Hi"}, 422),
            (ACCOUNT, {"To": "+819000000001", "SendAt": "tomorrow"}, 422),
        ],
        ids=["no recipient", "no account", "no instant"],
    )
    def test_refuses_what_is_not_described(
        self, prism: str, sid: str, form: dict[str, str], status: int
    ) -> None:
        url = f"{prism}/2010-04-01/Accounts/{sid}/Messages.json"
        answer = requests.post(url, data=form, auth=(ACCOUNT, TOKEN), timeout=10)
        assert answer.status_code == status

    def test_refuses_whoever_does_not_say_who_they_are(self, prism: str) -> None:
        url = f"{prism}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        answer = requests.post(url, data={"To": "+819000000001"}, timeout=10)
        assert answer.status_code == 401


def client(url: str) -> Client:
    transport = ApiHttpClient(base_url=url, session=Session(), timeout_s=(10, 10))
    return Client(ACCOUNT, TOKEN, http_client=transport)
