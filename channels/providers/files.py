"""Addresses of customers' files: which of them may ever be asked for."""

from ipaddress import ip_address
from urllib.parse import urlsplit

MAX_URL_CHARS = 4000


def file_state(url: str) -> str:
    """Return the `state` of a file in `media`."""
    if not url or len(url) > MAX_URL_CHARS:
        return "missing"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "bad_scheme"
    if parts.scheme not in ("http", "https") or not host:
        return "bad_scheme"
    return "blocked_ssrf" if _is_inside_house(host) else "pending"


def _is_inside_house(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host
