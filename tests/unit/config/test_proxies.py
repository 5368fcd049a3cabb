"""Whose word about the caller is taken."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from config.proxies import TrustedProxiesMiddleware


def seen_by_views(*, peer: str, forwarded_for: str, trusted: tuple[str, ...]) -> HttpRequest:
    request = RequestFactory().get(
        "/",
        REMOTE_ADDR=peer,
        headers={"x-forwarded-for": forwarded_for, "x-forwarded-proto": "https"},
    )
    with override_settings(TRUSTED_PROXIES=trusted):
        TrustedProxiesMiddleware(lambda _: HttpResponse())(request)
    return request


class TestATrustedProxy:
    trusted = ("10.0.0.0/8", "::1")

    def test_says_who_is_calling_and_how(self) -> None:
        request = seen_by_views(peer="10.1.2.3", forwarded_for="203.0.113.7", trusted=self.trusted)
        assert request.META["REMOTE_ADDR"] == "203.0.113.7"
        assert request.is_secure()

    def test_is_believed_about_its_own_peer_and_not_beyond(self) -> None:
        chain = "1.1.1.1, 203.0.113.7, 10.9.9.9"
        request = seen_by_views(peer="10.1.2.3", forwarded_for=chain, trusted=self.trusted)
        assert request.META["REMOTE_ADDR"] == "203.0.113.7"

    @pytest.mark.parametrize(
        ("hop", "caller"),
        [
            ("203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("1.1.1.1, unknown", "10.1.2.3"),
            ("1.1.1.1, <script>, 10.9.9.9", "10.9.9.9"),
        ],
    )
    def test_leaves_an_address_and_nothing_else(self, hop: str, caller: str) -> None:
        request = seen_by_views(peer="10.1.2.3", forwarded_for=hop, trusted=self.trusted)
        assert request.META["REMOTE_ADDR"] == caller

    def test_may_call_for_itself(self) -> None:
        request = seen_by_views(peer="::1", forwarded_for="", trusted=self.trusted)
        assert request.META["REMOTE_ADDR"] == "::1"


class TestAnybodyElse:
    @pytest.mark.parametrize("peer", ["192.0.2.9", "", "not-an-address"])
    def test_is_taken_for_what_the_connection_says(self, peer: str) -> None:
        trusted = ("10.0.0.0/8",)
        request = seen_by_views(peer=peer, forwarded_for="203.0.113.7", trusted=trusted)
        assert request.META["REMOTE_ADDR"] == peer
        assert not request.is_secure()
