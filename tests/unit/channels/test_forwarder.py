"""What a receiver's answer means."""

from datetime import timedelta

import pytest

from channels.forwarder import parse_retry_after
from channels.signatures import is_genuine, new_secret, sign
from tests.moments import WEDNESDAY_MORNING as MORNING


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("120", 120.0),
            (" 120 ", 120.0),
            ("Wed, 18 Nov 2026 09:02:00 GMT", 120.0),
            ("Wed, 18 Nov 2026 08:00:00 GMT", 0.0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("1e3", None),
            ("١٢", None),
            ("9" * 400, 999_999_999.0),
        ],
    )
    def test_is_seconds_or_an_instant(self, value, expected):
        assert parse_retry_after(value, now=MORNING) == expected


class TestASignature:
    def check(self, *, at=MORNING, **changes):
        secret = new_secret()
        stamp = int(MORNING.timestamp())
        header = sign(secret, message_id="msg_1", timestamp=stamp, body=b"{}")
        given = {"message_id": "msg_1", "timestamp": str(stamp), "body": b"{}", "secret": secret}
        return is_genuine(changes.pop("header", header), now_s=at.timestamp(), **(given | changes))

    def test_is_genuine_for_five_minutes(self):
        assert self.check()
        assert self.check(at=MORNING + timedelta(minutes=5))
        assert not self.check(at=MORNING + timedelta(minutes=6))
        assert not self.check(at=MORNING - timedelta(minutes=6))

    @pytest.mark.parametrize(
        "change",
        [
            {"message_id": "msg_2"},
            {"body": b"{ }"},
            {"timestamp": "abc"},
            {"timestamp": ""},
            {"header": ""},
            {"header": "v1,"},
            {"header": "v1,é"},
            {"secret": "whsec_***"},
        ],
    )
    def test_is_refused_where_anything_differs(self, change):
        assert not self.check(**change)
