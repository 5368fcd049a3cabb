"""Open lines to a provider, and what it means when one fails."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLCertVerificationError

from requests import Session
from requests.exceptions import ConnectTimeout, ProxyError, RequestException
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

#: How long connecting, and then each wait for a part of the answer, may take.
TIMEOUT_S = (5.0, 15.0)
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


def is_certainly_unsent(error: RequestException) -> bool:
    """Say whether the connection was never made, so that no byte of the message left the house."""
    if isinstance(error, ConnectTimeout | ProxyError):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, TlsError):
        return bool(reason.args) and isinstance(reason.args[0], SSLCertVerificationError)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that we are asked to wait. A date is not used: our clock may be off."""
    text = headers.get("Retry-After", "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(float(text), MAX_RETRY_AFTER_S)
