"""Posting a request to the real door: in this process, or over HTTP."""

import io
import sys
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils import translation

from channels.providers.signing import FORM_TYPE
from routing.simulator.requests import SignedRequest

#: A provider waits this long for our answer.
TIMEOUT_S = 15
HTTPS_PORT, HTTP_PORT = 443, 80


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    status: int

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers


class NobodyHomeError(Exception):
    """Nothing answers at the address."""


def knock(request: SignedRequest) -> DoorAnswer:
    """Hand the request to Django's own handler, as if it had come over the wire.

    It is asked for the response only, without the signals around a request: they would close the
    database connection of whoever is knocking.
    """
    # Middleware may switch the language of this thread; the caller keeps its own.
    with translation.override(translation.get_language()):
        response = _handler().get_response(WSGIRequest(_environ(request)))
    return DoorAnswer(response.status_code)


def knock_over_http(request: SignedRequest) -> DoorAnswer:
    """Post the request to PUBLIC_BASE_URL over the network. Raises `NobodyHomeError`."""
    parts = urlsplit(request.url)
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", _target(request.url), request.body, request.headers)
        response = connection.getresponse()
        response.read()
        return DoorAnswer(response.status)
    except (OSError, HTTPException) as error:
        raise NobodyHomeError(str(error)) from error
    finally:
        connection.close()


@cache
def _handler() -> WSGIHandler:
    """Return the handler with its middleware, built once per process."""
    return WSGIHandler()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _environ(request: SignedRequest) -> dict[str, object]:
    """Return the WSGI environment of the request. A path before our own is the proxy's affair."""
    parts = urlsplit(request.url)
    base_path = urlsplit(settings.PUBLIC_BASE_URL).path
    default_port = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in request.headers.items()
        if name != "Content-Type"
    }
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path.removeprefix(base_path),
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": FORM_TYPE,
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or default_port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        **headers,
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
