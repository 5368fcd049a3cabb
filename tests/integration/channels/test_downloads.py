"""Fetching a file: all of it or an error, within limits, and our credentials to one host alone."""

import time

import pytest

from channels.downloads import DownloadError, download
from channels.egress import Way
from channels.providers.base import MediaSource
from tests import pictures
from tests.fake_receiver import running

SECRET = {"Authorization": "Basic c2VjcmV0"}


@pytest.fixture
def host(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    with running() as fake:
        yield fake


def fetch(url, *, headers=SECRET, most_bytes=10_000, seconds=10.0, patience_s=5.0):
    way = Way(deadline=time.monotonic() + seconds, patience_s=patience_s)
    return b"".join(download(MediaSource(url, headers), most_bytes=most_bytes, way=way))


def refused(url, **options):
    with pytest.raises(DownloadError) as failed:
        fetch(url, **options)
    return failed.value


class TestADownload:
    def test_brings_the_file(self, host):
        host.tell(body=pictures.PNG)

        assert fetch(host.url) == pictures.PNG
        headers = host.calls[0].headers
        assert (headers["authorization"], headers["accept-encoding"]) == (
            SECRET["Authorization"],
            "identity",
        )

    def test_brings_what_comes_in_chunks_or_until_the_end(self, host):
        host.tell(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        host.tell(raw=b"HTTP/1.1 200 OK\r\n\r\nabc")

        assert [fetch(host.url), fetch(host.url)] == [b"abc", b"abc"]

    def test_of_what_the_provider_hands_over_itself_calls_nobody(self):
        assert fetch("data:text/plain;base64,YWJj") == b"abc"
        assert fetch("data:,a%20c") == b"a c"
        assert refused("data:;base64,a").code == "protocol"


class TestARedirect:
    def test_is_followed_without_credentials(self, host):
        with running() as other:
            host.tell(status=302, headers={"Location": f"{other.url}/file"})
            other.tell(body=pictures.PNG)

            assert fetch(host.url) == pictures.PNG

            assert "authorization" in host.calls[0].headers
            assert "authorization" not in other.calls[0].headers

    def test_to_the_same_host_is_followed_without_them_too(self, host):
        host.tell(status=307, headers={"Location": "/next"})
        host.tell(body=b"x")

        assert fetch(host.url) == b"x"
        assert host.calls[1].path == "/next"
        assert "authorization" not in host.calls[1].headers

    def test_into_our_network_is_not_followed(self, host, settings):
        with running() as inside:
            settings.EGRESS_ALLOWED_HOSTS = [f"127.0.0.1:{host.server_port}"]
            places = [
                f"http://127.0.0.1:{inside.server_port}/",
                f"https://localhost:{inside.server_port}/",
                "https://169.254.169.254/latest/meta-data/",
                "https://[::ffff:127.0.0.1]/",
                "file:///etc/passwd",
            ]
            for place in places:
                host.tell(status=302, headers={"Location": place})
                error = refused(host.url)
                assert error.code.startswith("blocked_")
                assert not error.is_passing
            assert inside.connections == 0

    def test_that_never_ends_is_given_up(self, host):
        host.tell(times=10, status=302, headers={"Location": "/again"})

        assert refused(host.url).code == "redirects"
        assert len(host.calls) == 4


class TestAFileThatDoesNotCome:
    @pytest.mark.parametrize(
        ("status", "code", "is_passing"),
        [
            (404, "not_found", True),
            (410, "not_found", False),
            (401, "refused", False),
            (403, "refused", False),
            (400, "http", False),
            (429, "http", True),
            (503, "http", True),
        ],
    )
    def test_says_why_and_whether_to_try_again(self, host, status, code, is_passing):
        host.tell(status=status, headers={"Retry-After": "7"})

        error = refused(host.url)

        assert (error.code, error.is_passing, error.retry_after_s) == (code, is_passing, 7.0)

    def test_is_too_large_before_it_begins(self, host):
        host.tell(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc")

        assert refused(host.url).code == "too_large"

    def test_is_not_taken_packed(self, host):
        host.tell(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b")

        assert refused(host.url).code == "protocol"

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ],
    )
    def test_breaks_off_or_is_garbled(self, host, raw):
        host.tell(raw=raw)

        error = refused(host.url)

        assert (error.code, error.is_passing) == ("protocol", True)

    def test_drips(self, host):
        host.tell(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000, drip_s=0.05)
        began = time.monotonic()

        assert refused(host.url, seconds=1.0).code == "timeout"
        assert time.monotonic() - began < 2

    def test_is_silent(self, host):
        host.tell(delay_s=3.0)
        began = time.monotonic()

        assert refused(host.url, patience_s=0.5).code == "timeout"
        assert time.monotonic() - began < 2

    def test_has_nobody_who_answers(self, host):
        host.shutdown()
        host.server_close()

        error = refused(host.url)

        assert (error.code, error.is_passing) == ("connection", True)
