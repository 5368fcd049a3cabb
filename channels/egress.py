"""Calling an address that a person typed: never one of our own network, whatever its name says.

The name is resolved once. Every address that it stands for must be public, and the connection goes
to one of them as it was checked: a name that changes its mind in between changes nothing. Redirects
are not followed, proxies of the environment are not used, and an answer is read to a limit and
within a time. EGRESS_ALLOWED_HOSTS lifts the ban for the hosts that the operator names.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _

from channels import wires

LONGEST_URL = 2000
#: Where web servers listen. Other ports are other services, and theirs to be spoken to.
USUAL_PORTS = frozenset({80, 443, 8080, 8443})
#: The whole call, from the first packet to the last.
TIMEOUT_S = 15.0
LONGEST_ANSWER = 2000
MOST_ADDRESSES = 3

#: The reasons for which an address is refused, each with its sentence.
REASONS = {
    "malformed": _("Enter an address such as https://example.com/events."),
    "scheme": _("The address must begin with https://."),
    "credentials": _("The address may not hold a user name or a password."),
    "port": _("Only the ports 443, 8443, 80 and 8080 are called."),
    "unknown_host": _("This host name does not exist, or could not be looked up."),
    "private": _("This host is in a private or reserved network, which is not called."),
}

#: Public by the letter, and not somebody's server: transition mechanisms, a cloud's own services.
_NOT_A_SERVER = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
#: All that is routed on the Internet; mapped, translated and local addresses lie outside.
_GLOBAL_UNICAST = ip_network("2000::/3")

#: Host and port -> the addresses that the host stands for.
Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver. Odd spellings of addresses come out as what they mean."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class BlockedAddressError(Exception):
    """An address that is not called. `reason` is a key of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host` is ASCII, without brackets; `path` has its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_named(self) -> bool:
        """Whether the operator named this host, or this host and port."""
        named = {name.strip().lower().strip("[]") for name in settings.EGRESS_ALLOWED_HOSTS}
        return bool(named & {self.host, f"{self.host}:{self.port}", f"{self.host}]:{self.port}"})

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == (443 if self.scheme == "https" else 80)
        return host if is_default else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Way:
    """How a call is made: until when (on the monotonic clock), and how long a byte may take."""

    deadline: float
    patience_s: float = TIMEOUT_S
    resolver: Resolver = resolve
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: its status, the beginning of its body, and how long to wait."""

    status: int
    body: str
    retry_after: str = ""


def is_public(address: str) -> bool:
    """Say whether an IP address is somebody's server on the Internet."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved:
        return False
    return not any(
        parsed in network for network in _NOT_A_SERVER if network.version == parsed.version
    )


def parse_url(url: str) -> Target:
    """Take an address apart, refusing what no address of a web server has.

    Raises `BlockedAddressError`. Asks nobody.
    """
    if len(url) > LONGEST_URL or any(ch <= " " or ch in "\\\x7f" for ch in url):
        raise BlockedAddressError("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _ascii_host(parts)
    except ValueError:  # Unicode errors are among them
        raise BlockedAddressError("malformed") from None
    if parts.scheme not in ("http", "https"):
        raise BlockedAddressError("scheme")
    if "@" in parts.netloc:
        raise BlockedAddressError("credentials")
    if not host or "%" in host:
        raise BlockedAddressError("malformed")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    target = Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)
    _refuse_unusual(target)
    return target


def check_url(url: str, *, resolver: Resolver = resolve) -> None:
    """Refuse an address that would not be called, as far as can be told now.

    Looks the name up, so it may not run inside a transaction. Raises `BlockedAddressError`.
    """
    target = parse_url(url)
    if not target.is_named:
        _addresses(target, resolver=resolver)


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    resolver: Resolver = resolve,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send one POST and return the answer, whatever its status.

    Raises `BlockedAddressError` before anything was sent, and `CallFailedError`.
    """
    deadline = time.monotonic() + timeout_s
    way = Way(deadline=deadline, resolver=resolver, tls=tls)
    with wires.explained(), call("POST", url, headers=headers, body=body, way=way) as response:
        return Answer(response.status, _beginning(response), response.getheader("Retry-After", ""))


@contextmanager
def call(
    method: str, url: str, *, headers: Mapping[str, str], way: Way, body: bytes | None = None
) -> Iterator[HTTPResponse]:
    """Send one request and give its answer, to be read inside the block.

    Raises `BlockedAddressError` before anything was sent, and what sockets and `http.client` raise:
    `wires.explained` makes one error of them.
    """
    target = parse_url(url)
    addresses = _addresses(target, resolver=way.resolver)[:MOST_ADDRESSES]
    tls = (way.tls or wires.trusted(), target.host) if target.scheme == "https" else None
    wire = wires.connect(
        addresses, target.port, deadline=way.deadline, patience_s=way.patience_s, tls=tls
    )
    with wire:
        connection = HTTPConnection(target.host, target.port)
        connection.sock = wire
        own = {"Host": target.host_header, "Connection": "close"}
        connection.request(method, target.path, body=body, headers={**headers, **own})
        with connection.getresponse() as response:
            yield response


def _ascii_host(parts: SplitResult) -> str:
    """Return the host as it goes over the wire: `①②⑦.⓪.⓪.①` is 127.0.0.1 there."""
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        return str(IPv6Address(host))
    return host.encode("idna").decode().lower()


def _refuse_unusual(target: Target) -> None:
    if target.is_named:
        return
    if target.scheme != "https":
        raise BlockedAddressError("scheme")
    if target.port not in USUAL_PORTS:
        raise BlockedAddressError("port")


def _addresses(target: Target, *, resolver: Resolver) -> Sequence[str]:
    """Look the host up, once. One address that is not public is enough to refuse them all."""
    try:
        found = resolver(target.host, target.port)
    except (OSError, UnicodeError):
        found = ()
    if not found:
        raise BlockedAddressError("unknown_host")
    if not target.is_named and not all(is_public(address) for address in found):
        raise BlockedAddressError("private")
    return found


def _beginning(response: HTTPResponse) -> str:
    """Return the beginning of the body, as text. A body that breaks off is no reason to fail."""
    try:
        read = response.read(LONGEST_ANSWER)
    except (OSError, HTTPException, ValueError):
        return ""
    return read.decode("utf-8", "replace").replace("\x00", "\ufffd")
