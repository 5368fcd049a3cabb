"""The way out: which addresses are called, and that the one that was checked is the one called."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import egress
from channels.egress import BlockedAddressError, is_public, parse_url
from channels.wires import CallFailedError
from tests.certificates import make_certificate
from tests.fake_receiver import running

NEVER = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::/96",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
PUBLIC = "93.184.215.14"


@st.composite
def addresses(draw, networks):
    network = ip_network(draw(st.sampled_from(networks)))
    number = draw(st.integers(0, network.num_addresses - 1))
    return str(network[number])


class FakeResolver:
    """Gives its answers one after the other, and counts how often it is asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, host, port):
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def receiver():
    with running() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _nobody_named(settings):
    settings.EGRESS_ALLOWED_HOSTS = []


def post(url, *, resolver, **more):
    return egress.post(url, body=b"{}", headers={"X-A": "1"}, resolver=resolver, **more)


class TestAnAddress:
    @given(addresses(NEVER))
    def test_of_a_network_that_is_nobodys_server_is_not_public(self, address):
        assert not is_public(address)

    @given(addresses(["1.0.0.0/8", "8.0.0.0/8", "93.184.0.0/16", "203.0.114.0/24"]))
    def test_of_the_internet_is_public(self, address):
        assert is_public(address)
        assert is_public("2606:4700::6810:84e5")

    @given(st.ip_addresses(v=4))
    def test_stays_what_it_is_however_it_is_wrapped(self, address: IPv4Address):
        number = int(address)
        wrapped = [
            f"::ffff:{address}",
            f"::{address}",
            f"64:ff9b::{address}",
            f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
        ]
        assert not any(is_public(one) for one in wrapped)

    @pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.2.3.4.5", "fe80::1%eth0"])
    def test_that_is_none_is_not_public(self, text):
        assert not is_public(text)


class TestAUrl:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "scheme"),
            ("https://", "malformed"),
            ("https:///path", "malformed"),
            ("http://ok.test/", "scheme"),
            ("ftp://ok.test/", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("gopher://ok.test/", "scheme"),
            ("//ok.test/", "scheme"),
            ("https://user@ok.test/", "credentials"),
            ("https://user:pass@ok.test/", "credentials"),
            ("https://ok.test@127.0.0.1/", "credentials"),
            ("https://ok.test\\@127.0.0.1/", "malformed"),
            ("https://ok.test/\r\nX-Evil: 1", "malformed"),
            ("https://ok.test/ a", "malformed"),
            ("https://ok.test:6379/", "port"),
            ("https://ok.test:22/", "port"),
            ("https://ok.test:99999/", "malformed"),
            ("https://ok.test:x/", "malformed"),
            ("https://[::1/", "malformed"),
            ("https://[fe80::1%25eth0]/", "malformed"),
            ("https://" + "a" * 64 + ".test/", "malformed"),
            ("https://ok.test/" + "a" * 2000, "malformed"),
        ],
    )
    def test_that_is_no_web_address_is_refused(self, url, reason):
        with pytest.raises(BlockedAddressError) as refused:
            parse_url(url)
        assert refused.value.reason == reason
        assert reason in egress.REASONS

    @pytest.mark.parametrize(
        ("url", "host", "port", "path"),
        [
            ("https://ok.test", "ok.test", 443, "/"),
            ("https://OK.Test.:8443/a?b=c#d", "ok.test", 8443, "/a?b=c"),
            ("https://例え.テスト/受信?件=1", "xn--r8jz45g.xn--zckzah", 443, None),
            ("https://①②⑦.⓪.⓪.①/", "127.0.0.1", 443, "/"),
            ("https://[2606:4700::1]/", "2606:4700::1", 443, "/"),
        ],
    )
    def test_is_taken_apart_as_it_goes_over_the_wire(self, url, host, port, path):
        target = parse_url(url)

        assert (target.host, target.port) == (host, port)
        assert target.path.isascii()
        assert path is None or target.path == path

    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "017700000001",
            "0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "①②⑦.⓪.⓪.①",
            "169.254.169.254",
            "255.255.255.255",
        ],
    )
    def test_of_this_machine_is_refused_in_any_spelling(self, host):
        """The system's own resolver reads the odd ones."""
        with pytest.raises(BlockedAddressError) as refused:
            egress.check_url(f"https://{host}/")
        assert refused.value.reason == "private"

    def test_is_refused_if_one_of_its_addresses_is_private(self):
        with pytest.raises(BlockedAddressError, match="private"):
            egress.check_url("https://multi.test/", resolver=FakeResolver([PUBLIC, "127.0.0.1"]))

    def test_of_a_host_that_nobody_knows_is_refused(self):
        unknown = FakeResolver(socket.gaierror("no such host"))
        with pytest.raises(BlockedAddressError, match="unknown_host"):
            egress.check_url("https://nobody.test/", resolver=unknown)


class TestANamedHost:
    @pytest.mark.parametrize("name", ["127.0.0.1", "127.0.0.1:9", "LOCALHOST"])
    def test_may_be_private_and_plain_and_on_any_port(self, settings, name):
        settings.EGRESS_ALLOWED_HOSTS = [name]
        host = "localhost" if name == "LOCALHOST" else "127.0.0.1"

        egress.check_url(f"http://{host}:9/")

    def test_on_one_port_is_not_named_on_another(self, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1:9"]

        with pytest.raises(BlockedAddressError):
            egress.check_url("http://127.0.0.1:10/")

    def test_may_be_an_ipv6_address(self, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["[::1]:9"]

        egress.check_url("http://[::1]:9/")

    def test_may_not_have_a_password_either(self, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]

        with pytest.raises(BlockedAddressError, match="credentials"):
            egress.check_url("http://user:pass@127.0.0.1/")


class TestACall:
    def test_is_made_with_the_name_of_the_host(self, settings, receiver):
        settings.EGRESS_ALLOWED_HOSTS = ["crm.test"]
        resolver = FakeResolver(["127.0.0.1"])

        answer = post(f"http://crm.test:{receiver.server_port}/a?b=1", resolver=resolver)

        assert (answer.status, answer.body) == (200, "ok")
        call = receiver.calls[0]
        assert call.path == "/a?b=1"
        assert call.headers["host"] == f"crm.test:{receiver.server_port}"
        assert (call.headers["x-a"], call.headers["accept-encoding"]) == ("1", "identity")
        assert len(resolver.asked) == 1

    def test_goes_nowhere_if_the_name_has_changed_its_mind(self, receiver):
        """Public when it was saved, ours when it is called."""
        resolver = FakeResolver([PUBLIC], ["127.0.0.1"])
        egress.check_url("https://rebind.test:8443/", resolver=resolver)

        with pytest.raises(BlockedAddressError, match="private"):
            post("https://rebind.test:8443/", resolver=resolver)

        assert receiver.connections == 0

    def test_connects_to_the_very_address_that_was_checked(self, settings, receiver):
        """Whoever asked a second time would get another answer, and end elsewhere."""
        settings.EGRESS_ALLOWED_HOSTS = ["rebind.test"]
        resolver = FakeResolver(["127.0.0.1"], ["127.0.0.9"])

        post(f"http://rebind.test:{receiver.server_port}/", resolver=resolver)

        assert (len(resolver.asked), len(receiver.calls)) == (1, 1)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_follows_no_redirect(self, settings, receiver, status):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
        receiver.tell(status=status, headers={"Location": receiver.url})

        answer = post(receiver.url, resolver=egress.resolve)

        assert (answer.status, len(receiver.calls)) == (status, 1)

    def test_uses_no_proxy_of_the_environment(self, settings, receiver, monkeypatch):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        assert post(receiver.url, resolver=egress.resolve).status == 200

    def test_reads_a_long_answer_to_its_limit(self, settings, receiver):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
        receiver.tell(body=b"\x00" + b"a" * 5_000_000)

        answer = post(receiver.url, resolver=egress.resolve)

        assert len(answer.body) == egress.LONGEST_ANSWER
        assert "\x00" not in answer.body

    @pytest.mark.parametrize(
        ("story", "code"),
        [
            ({"delay_s": 1.5}, "timeout"),
            ({"raw": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100, "drip_s": 0.05}, "timeout"),
            ({"raw": b"220 mail ready\r\n"}, "protocol"),
            ({"raw": b""}, "connection"),
            ({"raw": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n"}, "protocol"),
        ],
    )
    def test_that_is_not_answered_properly_fails_in_time(self, settings, receiver, story, code):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
        receiver.tell(**story)

        with pytest.raises(CallFailedError) as failed:
            post(receiver.url, resolver=egress.resolve, timeout_s=1.0)

        assert failed.value.code == code

    def test_takes_an_answer_whose_body_never_ends(self, settings, receiver):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        receiver.tell(raw=head + b"a" * 40, drip_s=0.01)

        assert post(receiver.url, resolver=egress.resolve, timeout_s=2.0).status == 200

    def test_to_a_closed_port_fails(self, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]

        with pytest.raises(CallFailedError, match="connection"):
            post("http://127.0.0.1:9/", resolver=egress.resolve)

    def test_tries_the_next_address_of_a_host(self, settings, receiver):
        settings.EGRESS_ALLOWED_HOSTS = ["crm.test"]
        url = f"http://crm.test:{receiver.server_port}/"

        assert post(url, resolver=FakeResolver(["::1", "127.0.0.1"])).status == 200


class TestACertificate:
    """A server on this machine that proves to be `crm.test`."""

    @pytest.fixture
    def secured(self, tmp_path, settings):
        settings.EGRESS_ALLOWED_HOSTS = ["crm.test", "other.test"]
        now = datetime.now(tz=UTC)
        files = make_certificate(tmp_path, host="crm.test", now=now, life=timedelta(days=1))
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(files)
        names = []
        served.sni_callback = lambda _sock, name, _context: names.append(name)
        with running() as fake:
            fake.socket = served.wrap_socket(fake.socket, server_side=True)
            fake.names = names
            fake.trusted = ssl.create_default_context(cafile=files)
            yield fake

    def test_is_checked_against_the_name_and_not_the_address(self, secured):
        url = f"https://crm.test:{secured.server_port}/"

        answer = post(url, resolver=FakeResolver(["127.0.0.1"]), tls=secured.trusted)

        assert answer.status == 200
        assert secured.names == ["crm.test"]

    def test_of_another_name_ends_the_call(self, secured):
        url = f"https://other.test:{secured.server_port}/"

        with pytest.raises(CallFailedError, match="tls"):
            post(url, resolver=FakeResolver(["127.0.0.1"]), tls=secured.trusted)

        assert secured.calls == []

    def test_that_nobody_vouches_for_ends_the_call(self, secured):
        url = f"https://crm.test:{secured.server_port}/"

        with pytest.raises(CallFailedError, match="tls"):
            post(url, resolver=FakeResolver(["127.0.0.1"]))
