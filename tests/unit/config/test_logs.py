"""What never reaches the log."""

import logging

import pytest
from celery.beat import SchedulingError

from config import request_ids
from config.logs import (
    OutageFilter,
    RefusalFilter,
    RequestFilter,
    SecretsFormatter,
    build_logging,
    hide_secrets,
)

SECRET = "c0ffee5ecretc0ffee5ecret"


class TestHidingSecrets:
    @pytest.mark.parametrize(
        "text",
        [
            f"auth_token={SECRET}",
            f"'auth_token': '{SECRET}'",
            f'{{"password": "{SECRET}"}}',
            f"Authorization: Api-Key {SECRET}",
            f"Authorization: Bearer {SECRET}",
            f"'HTTP_AUTHORIZATION': 'Basic {SECRET}'",
            f"X-Twilio-Signature: {SECRET}",
            f"SECRET_KEY={SECRET}",
            f"api_key={SECRET}&page=2",
            f"postgresql://relaydesk:{SECRET}@db/relaydesk",
            f"POST /webhooks/twilio/{SECRET}/ 200",
        ],
    )
    def test_leaves_no_trace_of_the_value(self, text: str) -> None:
        hidden = hide_secrets(text)
        assert SECRET not in hidden
        assert "[hidden]" in hidden

    @pytest.mark.parametrize(
        "text",
        [
            "Could not wake conversations.tasks.send_queued; its sweep will run it.",
            "conversation 42 given to Alice after 3.2 s",
            "http://127.0.0.1:8000/admin/",
        ],
    )
    def test_leaves_the_rest_as_it_is(self, text: str) -> None:
        assert hide_secrets(text) == text

    def test_reaches_into_tracebacks(self) -> None:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "broken", None, None)
        try:
            raise ValueError(f"token={SECRET}")
        except ValueError as error:
            record.exc_info = (ValueError, error, error.__traceback__)
        assert SECRET not in SecretsFormatter().format(record)


class TestABrokerThatIsAway:
    def test_is_one_line(self) -> None:
        error = SchedulingError("Couldn't apply scheduled task route_due: refused")
        info = (SchedulingError, error, None)
        record = logging.LogRecord("celery.beat", 40, "x.py", 1, "Error: %s\n%s", ("a", "b"), info)
        assert OutageFilter().filter(record)
        assert record.getMessage() == str(error)
        assert "\n" not in logging.Formatter().format(record)


class TestARequest:
    def record(self, level: int) -> str:
        error = ValueError("no")
        info = (ValueError, error, error.__traceback__)
        record = logging.LogRecord("django.request", level, "x.py", 1, "Forbidden: /", (), info)
        assert RefusalFilter().filter(record)
        return logging.Formatter().format(record)

    def test_that_was_refused_is_one_line(self) -> None:
        assert self.record(logging.WARNING) == "Forbidden: /"

    def test_that_failed_shows_where(self) -> None:
        assert "ValueError" in self.record(logging.ERROR)


class TestRequestNumber:
    def written(self) -> str:
        record = logging.LogRecord("relay", logging.INFO, "", 0, "done", None, None)
        RequestFilter().filter(record)
        line = build_logging(level="INFO")["formatters"]["line"]["format"]
        return SecretsFormatter(line.replace("%(asctime)s ", "")).format(record)

    def test_is_on_a_line_that_is_written_for_a_request(self) -> None:
        token = request_ids.current.set("abc-123")
        try:
            assert self.written() == "INFO relay [abc-123]: done"
        finally:
            request_ids.current.reset(token)

    def test_is_left_out_elsewhere(self) -> None:
        assert self.written() == "INFO relay: done"
