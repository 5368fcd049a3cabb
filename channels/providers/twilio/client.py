"""How we talk to Twilio: its own SDK, to a configured address, with a time limit, never twice."""

from typing import Any
from urllib.parse import urlsplit

from requests import Session
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from channels.providers.base import ChannelConfig
from channels.providers.lines import read_retry_after

# Messages are at one host, services and senders at others; the setting names the first.
API_HOST = "api.twilio.com"
TWILIO_DOMAIN = ".twilio.com"


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
        self.retry_after_s = read_retry_after(response.headers)
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
