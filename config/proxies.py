"""Who is calling, when a reverse proxy stands in front."""

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

#: An address with a port, as some proxies write it.
_HOP = re.compile(r"\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+):\d+")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class TrustedProxiesMiddleware:
    """Believes `X-Forwarded-*` from TRUSTED_PROXIES, and drops it from everybody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.networks = [ip_network(value, strict=False) for value in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = str(request.META.get("REMOTE_ADDR", ""))
        if self._is_trusted(peer):
            request.META["REMOTE_ADDR"] = self._caller(request, peer=peer)
        else:
            for name in FORWARDED:
                request.META.pop(name, None)
        return self.get_response(request)

    def _caller(self, request: HttpRequest, *, peer: str) -> str:
        """Return the nearest address that is not one of our proxies: the rest can be invented.

        Where a proxy wrote something that is no address, the chain ends at that proxy.
        """
        chain = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        nearest = peer
        for hop in reversed([hop.strip() for hop in chain if hop.strip()]):
            address = _without_port(hop)
            if address is None:
                return nearest
            nearest = address
            if not self._is_trusted(address):
                return nearest
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)


def _without_port(hop: str) -> str | None:
    """Return the address of `1.2.3.4`, `1.2.3.4:567`, `::1` or `[::1]:567`; None if it is none."""
    found = _HOP.fullmatch(hop)
    address = (found["v6"] or found["v4"]) if found else hop
    try:
        return str(ip_address(address))
    except ValueError:
        return None
