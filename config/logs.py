"""What goes to the log, and what never does."""

import logging
import re
from typing import Any

from config import request_ids

HIDDEN = "[hidden]"
# name=value, "name": "value", Name: value, for the names under which secrets travel.
_NAMED = re.compile(
    r"""(?ix)
    ( \b [\w-]* (?:password|passwd|secret|token|api[_-]?key|authorization|signature) [\w-]* ["']?
      \s* [:=] \s* ["']? )
    ( (?:basic|bearer|api-key) \s+ )?
    ( [^\s"'&,;]+ )
    """
)
# scheme://user:password@host
_IN_ADDRESS = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(@)")
# The long random segment of a webhook address is as good as a key.
_DOOR = re.compile(r"(/webhooks/[a-z_]+/)[\w-]{16,}")


def hide_secrets(text: str) -> str:
    """Return the text with the values of secrets replaced."""
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}\2", text)
    text = _DOOR.sub(rf"\1{HIDDEN}", text)
    return _NAMED.sub(lambda found: f"{found[1]}{found[2] or ''}{HIDDEN}", text)


class SecretsFormatter(logging.Formatter):
    """Formats the whole record, traceback included, and then hides what must not be read."""

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record))


class OutageFilter(logging.Filter):
    """Lets beat say in one line that its broker is away. It tries again within a second or two."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if type(error).__name__ == "SchedulingError":
            record.msg, record.args, record.exc_info = "%s", (str(error),), None
        return True


class RefusalFilter(logging.Filter):
    """Lets Django say in one line that it refused a request; a traceback is for what broke."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.request" and record.levelno < logging.ERROR:
            record.exc_info = None
        return True


class RequestFilter(logging.Filter):
    """Puts the number of the request on every line that is written for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django itself writes about a refusal when the request has left our middleware.
        request = getattr(record, "request", None)
        number = request_ids.current.get() or getattr(request, "request_id", "")
        record.request_id = f" [{number}]" if number else ""
        return True


def build_logging(*, level: str) -> dict[str, Any]:
    """Return the `logging` configuration: one line per event on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "config.logs.SecretsFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s%(request_id)s: %(message)s",
            }
        },
        "filters": {
            "outage": {"()": "config.logs.OutageFilter"},
            "refusal": {"()": "config.logs.RefusalFilter"},
            "request": {"()": "config.logs.RequestFilter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["outage", "refusal", "request"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level},
            # Chatty about every nudge; a drain that did work says so itself.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
        },
    }
