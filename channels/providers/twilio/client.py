"""How we talk to Twilio: its own SDK, to a configured address, with a time limit, never twice."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

from requests import Session
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from channels.providers.base import ChannelConfig

#: How long connecting, and then each wait for a part of the answer, may take.
TIMEOUT_S = (5.0, 15.0)
# Messages are at one host, services and senders at others; the setting names the first.
API_HOST = "api.twilio.com"
TWILIO_DOMAIN = ".twilio.com"
# A connection that was idle longer may be closed by the other side in the very moment in which we
# use it, and that would leave us in doubt about a message. Greeting again costs less.
MAX_IDLE_S = 20
MAX_RETRY_AFTER_S = 3600


@dataclass
class _Line:
    """A session and when it was last used. Threads do not share one; nobody promises they may."""

    session: Session
    used_at: float


class Lines:
    """One open line to the provider for each thread, so that not every message has to greet."""

    def __init__(self) -> None:
        self._local = threading.local()

    def take(self) -> Session:
        """Return this thread's session; one that was idle for long is closed and replaced."""
        now = time.monotonic()
        line: _Line | None = getattr(self._local, "line", None)
        if line is not None and now - line.used_at > MAX_IDLE_S:
            line.session.close()
            line = None
        if line is None:
            line = _Line(_new_session(), now)
            self._local.line = line
        line.used_at = now
        return line.session


def _new_session() -> Session:
    """Return a session without retries (the library's default) that keeps no cookies."""
    session = Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


class ApiHttpClient(TwilioHttpClient):
    """The SDK's transport, pointed at `base_url`. Made for one call: it remembers one answer."""

    def __init__(self, *, base_url: str, session: Session, timeout_s: tuple[float, float]) -> None:
        super().__init__(pool_connections=False)
        self.session = session
        self.timeout = timeout_s
        self.retry_after_s: float | None = None
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        response = super().request(method, self._address_of(url), *args, **kwargs)
        self.retry_after_s = _retry_after(response.headers)
        return response

    def _address_of(self, url: str) -> str:
        """Return where a call goes: all of Twilio's hosts are one where there is a stand-in."""
        asked = urlsplit(url)
        is_twilio = (urlsplit(self._base_url).hostname or "").endswith(TWILIO_DOMAIN)
        if is_twilio and asked.hostname != API_HOST:
            return url
        return f"{self._base_url}{asked._replace(scheme='', netloc='').geturl()}"

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Write nothing: the SDK's lines contain customers' numbers."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Write nothing."""


def credentials(config: ChannelConfig) -> tuple[str, str]:
    """Return the name and the secret to call with: the API key's if there is one."""
    if config.api_key_sid:
        return config.api_key_sid, config.api_key_secret
    return config.account_sid, config.auth_token


def open_client(config: ChannelConfig, *, transport: ApiHttpClient) -> Client:
    """Return the SDK's client for one call on a channel, by its API key if it has one."""
    name, secret = credentials(config)
    return Client(name, secret, account_sid=config.account_sid, http_client=transport)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Twilio asks us to wait. A date is not used: our clock may be off."""
    text = headers.get("Retry-After", "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(float(text), MAX_RETRY_AFTER_S)
