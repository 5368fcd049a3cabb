"""Addresses with which somebody would reach into our network: none of them is ever spoken to.

It is not read from the code. Whoever is connected to is written down by the interpreter itself, and
on this machine somebody listens at a port that is called.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from django.test import override_settings
from pytest_socket import SocketConnectBlockedError

from channels import egress
from channels.downloads import DownloadError, download
from channels.egress import Way, is_public
from channels.forwarder import forward
from channels.providers.base import MediaSource
from channels.signatures import new_secret
from routing.ai import openai, self_hosted
from routing.ai.base import AiError, Brief, Line, Question, Speaker
from tests.fake_receiver import running
from tests.moments import WEDNESDAY_MORNING

PORT = 8443
#: What a name server of the attacker would say.
NAMES = {
    "localtest.example": ["127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "db.internal.example": ["10.1.2.3"],
    "v6.example": ["fd00::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "xn--n3h.example": ["192.168.1.1"],
}
HOSTILE = [
    # This machine, in the spellings that resolvers take.
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "0177.0x0.0.1",
    "0",
    "0.0.0.0",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "１２７.0.0.1",
    # IPv6, and IPv4 inside it.
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    # Networks of others, and nobody's.
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    # Names, and who hides behind them.
    *NAMES,
    "api.twilio.com@127.0.0.1",
]
#: Strings in which one reader sees a friend and another one us.
CROOKED = [
    "https://127.0.0.1:8443\\@ok.example/",
    "https://ok.example\\@127.0.0.1:8443/",
    "https://ok.example#@127.0.0.1:8443/",
    "https://127.0.0.1:8443\t/",
    "https://127.0.0.1:8443\r\nHost: ok.example/",
    "https:127.0.0.1:8443/",
    "https:///127.0.0.1:8443/",
    "//127.0.0.1:8443/",
    "http://127.0.0.1:8443/",
    "ftp://127.0.0.1:8443/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:8443/_GET",
    "https://[::1%25lo]:8443/",
    "https://127.0.0.1:6379/",
]
_connected: list[Any] = []


def _listen_in(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        _connected.append(args[1])


sys.addaudithook(_listen_in)


def look_up(host: str, port: int) -> list[str]:
    """Ask the attacker's name server for names, and the system for odd spellings."""
    if host in NAMES:
        return NAMES[host]
    if host == "ok.example":
        return ["93.184.215.14"]
    return list(egress.resolve(host, port))


class Canary:
    """Somebody who listens on this machine, where web servers do, and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._sockets = [
            self._open(*each) for each in ((socket.AF_INET, ""), (socket.AF_INET6, "::"))
        ]
        for sock in self._sockets:
            threading.Thread(target=self._listen, args=(sock,), daemon=True).start()

    def _open(self, family: int, host: str) -> socket.socket:
        sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, PORT))
        sock.listen()
        return sock

    def _listen(self, sock: socket.socket) -> None:
        while True:
            try:
                visitor, _ = sock.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    try:
        listening = Canary()
    except OSError as error:
        pytest.skip(f"Nobody can listen on port {PORT} here: {error}")
    yield listening
    listening.close()


@pytest.fixture(autouse=True)
def _nobody_named(settings: Any) -> None:
    settings.EGRESS_ALLOWED_HOSTS = []


def tell(url: str) -> str:
    """Forward an event to this address; return what went wrong."""
    outcome = forward(
        url,
        secrets=[new_secret()],
        message_id="msg_1",
        body=b"{}",
        now=WEDNESDAY_MORNING,
        resolver=look_up,
    )
    return outcome.error


def fetch(url: str) -> str:
    """Fetch a customer's file from this address; return what went wrong."""
    way = Way(deadline=time.monotonic() + 3, resolver=look_up)
    try:
        b"".join(download(MediaSource(url, {"Authorization": "x"}), most_bytes=10, way=way))
    except DownloadError as error:
        return error.code
    return ""


def ask(url: str) -> str:
    """Ask a model of one's own at this address; return what went wrong."""
    return _think(self_hosted.think, url)


def ask_openai(url: str) -> str:
    """Ask a model over the SDK, at an address that the operator listed; return what went wrong."""
    with override_settings(AI_BASE_URLS=[url]):
        return _think(openai.think, url)


def _think(think: Callable[..., Any], url: str) -> str:
    brief = Brief("openai", "Fay", base_url=url, model="m", key="secret", timeout_s=3)
    line = Line(Speaker.CUSTOMER, "Hello", WEDNESDAY_MORNING, "1")
    try:
        think(Question(brief, [line]), resolver=look_up)
    except AiError as error:
        return f"{error.code}_"
    except SocketConnectBlockedError:
        raise
    except Exception as error:  # noqa: BLE001 - the SDK's own, for what is no address
        return f"blocked_{error!r}"
    return ""


CALLERS: dict[str, Callable[[str], str]] = {
    "forward": tell,
    "media": fetch,
    "ai": ask,
    "ai-sdk": ask_openai,
}


def strangers() -> list[str]:
    """Return the addresses that were connected to and are nobody's server."""
    hosts = [str(each[0]) for each in _connected if isinstance(each, tuple)]
    return [host for host in hosts if not is_public(str(ip_address(host.partition("%")[0])))]


def visits_after(act: Callable[[], str], canary: Canary) -> tuple[str, int, list[str]]:
    before = canary.visits
    _connected.clear()
    said = act()
    met = strangers()
    return said, canary.visits - before, met


class TestTheCanary:
    def test_sings_when_somebody_comes(self, canary: Canary) -> None:
        _connected.clear()

        socket.create_connection(("127.0.0.1", PORT), timeout=2).close()

        time.sleep(0.2)
        assert canary.visits > 0
        assert strangers() == ["127.0.0.1"]

    def test_is_asked_about_enough(self) -> None:
        assert len(set(HOSTILE)) >= 54


@pytest.mark.parametrize("caller", CALLERS)
class TestAHostileAddress:
    @pytest.mark.parametrize("host", HOSTILE)
    @pytest.mark.parametrize("scheme", ["https", "http"])
    def test_is_not_spoken_to(self, canary: Canary, caller: str, scheme: str, host: str) -> None:
        url = f"{scheme}://{host}:{PORT}/latest/meta-data/"

        said, visits, met = visits_after(lambda: CALLERS[caller](url), canary)

        # The SDK spells some of them anew, and is stopped for that before anything is looked up.
        assert said.startswith(("blocked_", "not_listed_")), said
        assert (visits, met) == (0, [])

    @pytest.mark.parametrize("url", CROOKED)
    def test_is_not_read_in_two_ways(self, canary: Canary, caller: str, url: str) -> None:
        """The friend of the two may be called; the tests' own lock stops that."""
        before = canary.visits
        _connected.clear()

        with contextlib.suppress(SocketConnectBlockedError):
            CALLERS[caller](url)

        assert (canary.visits - before, strangers()) == (0, [])


class TestARedirect:
    @pytest.mark.parametrize("host", HOSTILE)
    def test_to_a_hostile_address_is_not_followed(
        self, settings: Any, canary: Canary, host: str
    ) -> None:
        with running() as door:
            settings.EGRESS_ALLOWED_HOSTS = [f"127.0.0.1:{door.server_port}"]
            door.tell(status=302, headers={"Location": f"https://{_ascii(host)}:{PORT}/"})

            said, visits, met = visits_after(lambda: fetch(door.url), canary)

        assert said.startswith("blocked_") or said == "protocol"
        assert (visits, met) == (0, ["127.0.0.1"])  # the door itself, once

    def test_is_no_success_for_an_event(self, settings: Any, canary: Canary) -> None:
        with running() as door:
            settings.EGRESS_ALLOWED_HOSTS = [f"127.0.0.1:{door.server_port}"]
            door.tell(status=302, headers={"Location": f"https://127.0.0.1:{PORT}/"})

            said, visits, met = visits_after(lambda: tell(door.url), canary)

        assert said == "http"
        assert (visits, met) == (0, ["127.0.0.1"])

    @pytest.mark.parametrize("caller", ["ai", "ai-sdk"])
    def test_is_no_answer_of_a_model(self, settings: Any, canary: Canary, caller: str) -> None:
        with running() as door:
            settings.EGRESS_ALLOWED_HOSTS = [f"127.0.0.1:{door.server_port}"]
            door.tell(status=307, headers={"Location": f"https://127.0.0.1:{PORT}/"})

            said, visits, met = visits_after(lambda: CALLERS[caller](door.url), canary)

        assert said == "refused_"
        assert (visits, met) == (0, ["127.0.0.1"])


class TestANameThatChangesItsMind:
    @pytest.mark.parametrize("caller", CALLERS)
    def test_is_looked_up_once_and_called_as_it_was_checked(
        self, canary: Canary, caller: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = iter([["127.0.0.1"], ["93.184.215.14"], ["127.0.0.1"]])
        asked: list[str] = []

        def fickle(host: str, port: int) -> list[str]:
            asked.append(host)
            return next(answers)

        monkeypatch.setitem(globals(), "look_up", fickle)

        said, visits, met = visits_after(
            lambda: CALLERS[caller](f"https://rebind.example:{PORT}/"), canary
        )

        assert said.startswith("blocked_")
        assert (visits, met) == (0, [])
        assert asked == ["rebind.example"]


def _ascii(host: str) -> str:
    """A header holds no other letters; a browser would send the address so."""
    return host if host.isascii() else "127.0.0.1"
