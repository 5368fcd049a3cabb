"""Fetching a customer's file from where the provider keeps it.

Each address on the way, also after a redirect, keeps the rules of `egress`. What lets us in goes to
the first address alone. The answer is handed on piece by piece, so that whoever takes it can stop.
"""

import base64
import binascii
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.parse import unquote_to_bytes, urljoin

from channels import egress, wires
from channels.egress import BlockedAddressError, Way
from channels.providers.base import MediaSource
from channels.wires import CallFailedError

#: From the first packet of the first address to the last byte of the file.
TIMEOUT_S = 60.0
#: The longest wait for the next byte.
PATIENCE_S = 15.0
MOST_HOPS = 4
CHUNK = 64 * 1024
USER_AGENT = "Relaydesk-Media/1"
OK = 200
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: What may be different in a moment. Twilio says 404 for a file that is only a few seconds old.
PASSING = frozenset({404, 408, 425, 429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 403})
_GONE = frozenset({404, 410})
#: An answer of the provider itself, in place of an address.
_AT_HAND = "data:"


@dataclass(eq=False)
class DownloadError(Exception):
    """A file that did not come. `code` says why; `is_passing`: it may come the next time."""

    code: str
    is_passing: bool
    retry_after_s: float | None = None


def download(
    source: MediaSource,
    *,
    most_bytes: int,
    way: Way | None = None,
) -> Generator[bytes]:
    """Yield a file piece by piece. Raises `DownloadError`, also in the middle of it.

    A file that is announced as larger than `most_bytes` is not begun; whoever takes the pieces
    stops where they become too many.
    """
    if source.url.startswith(_AT_HAND):
        yield _at_hand(source.url)
        return
    way = way or Way(deadline=time.monotonic() + TIMEOUT_S, patience_s=PATIENCE_S)
    try:
        with wires.explained():
            yield from _follow(source, most_bytes=most_bytes, way=way)
    except BlockedAddressError as error:
        code, is_passing = f"blocked_{error.reason}", error.reason == "unknown_host"
        raise DownloadError(code, is_passing) from error
    except CallFailedError as error:
        raise DownloadError(error.code, is_passing=True) from error


def _follow(source: MediaSource, *, most_bytes: int, way: Way) -> Iterator[bytes]:
    """Go from address to address until one has the file. Only the first is given the headers."""
    url: str = source.url
    headers: Mapping[str, str] = source.headers
    for _ in range(MOST_HOPS):
        sent = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        with egress.call("GET", url, headers=sent, way=way) as response:
            if response.status not in REDIRECTS:
                _refuse(response, most_bytes=most_bytes)
                yield from _pieces(response)
                return
            url, headers = urljoin(url, response.getheader("Location", "")), {}
    raise DownloadError("redirects", is_passing=False)


def _refuse(response: HTTPResponse, *, most_bytes: int) -> None:
    """Raise for an answer that is not the file, or not a file that we take."""
    status = response.status
    if status != OK:
        code = "not_found" if status in _GONE else "refused" if status in _REFUSED else "http"
        raise DownloadError(code, status in PASSING, _patience(response))
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise HTTPException("An encoding that was not asked for.")
    if (response.length or 0) > most_bytes:
        raise DownloadError("too_large", is_passing=False)


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    while piece := response.read(CHUNK):
        yield piece
    if response.length:  # it broke off before its announced end
        raise HTTPException("The answer broke off.")


def _patience(response: HTTPResponse) -> float | None:
    text = (response.getheader("Retry-After") or "").strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else None


def _at_hand(url: str) -> bytes:
    head, _, data = url.partition(",")
    raw = unquote_to_bytes(data)
    try:
        return base64.b64decode(raw, validate=True) if head.endswith(";base64") else raw
    except binascii.Error:
        raise DownloadError("protocol", is_passing=False) from None
