"""Who is calling, when a reverse proxy stands in front."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

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
        """Return the nearest address that is not one of our proxies: the rest can be invented."""
        chain = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        for hop in reversed([hop.strip() for hop in chain if hop.strip()]):
            if not self._is_trusted(hop):
                return hop
        return peer

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)
