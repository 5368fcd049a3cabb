"""Calling a provider's JSON API: once, with a time limit, and saying what a failure means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from requests import PreparedRequest, Response
from requests.exceptions import RequestException, Timeout

from channels.providers.base import SendError
from channels.providers.lines import TIMEOUT_S, Lines, is_certainly_unsent, read_retry_after

HTTP_OK = range(200, 300)
HTTP_REFUSED = range(400, 500)
HTTP_TIMEOUT = 408
HTTP_TOO_MANY = 429
MAX_CODE_CHARS = 16

#: Signs a request. Something of our own, because without it a .netrc on the machine would sign.
Auth = Callable[[PreparedRequest], PreparedRequest]


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a failure of the line or of the provider itself is called, in sentences for people."""

    no_connection: str
    no_answer: str
    unreadable: str
    server_error: str
    too_many: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success: `content` is its JSON."""

    status: int
    content: Any
    retry_after_s: float | None


class JsonApi:
    """One provider's API. `explain` says what a refusal (a status of 4xx) means."""

    def __init__(
        self,
        *,
        base_url: str,
        phrases: Phrases,
        explain: Callable[[Refusal], SendError],
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._phrases = phrases
        self._explain = explain
        self._timeout_s = timeout_s
        self._lines = Lines()

    def get(self, path: str, *, auth: Auth, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at a path. Raises `SendError`."""
        return self._call("GET", path, auth=auth, params=query)

    def post(self, path: str, *, auth: Auth, content: dict[str, Any]) -> Any:
        """Post JSON and return the JSON of the answer. Raises `SendError`; doubt is `unknown`."""
        return self._call("POST", path, auth=auth, json=content)

    def _call(self, method: str, path: str, *, auth: Auth, **rest: Any) -> Any:
        try:
            response = self._lines.take().request(
                method,
                f"{self.base_url}{path}",
                auth=auth,
                timeout=self._timeout_s,
                allow_redirects=False,
                **rest,
            )
        except RequestException as error:
            raise self._unanswered(error) from error
        return self._read(response)

    def _read(self, response: Response) -> Any:
        try:
            content = response.json()
        except (ValueError, RecursionError):
            content = None
        if response.status_code in HTTP_OK:
            if content is None:
                raise SendError("unknown", "unreadable", self._phrases.unreadable)
            return content
        waits_s = read_retry_after(response.headers)
        if response.status_code == HTTP_TOO_MANY:
            refusal = self._explain(Refusal(response.status_code, content, waits_s))
            detail = refusal.detail if refusal.outcome == "retry" else self._phrases.too_many
            raise SendError("retry", refusal.code, detail, retry_after_s=waits_s)
        # A server that failed may have taken the message first, whatever its code says.
        if response.status_code not in HTTP_REFUSED or response.status_code == HTTP_TIMEOUT:
            code = f"http_{response.status_code}"
            raise SendError("unknown", code, self._phrases.server_error)
        raise self._explain(Refusal(response.status_code, content, waits_s))

    def _unanswered(self, error: RequestException) -> SendError:
        if is_certainly_unsent(error):
            return SendError("retry", "no_connection", self._phrases.no_connection)
        code = "timeout" if isinstance(error, Timeout) else "connection_lost"
        return SendError("unknown", code, self._phrases.no_answer)
