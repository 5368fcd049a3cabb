"""Whether this process lives, and whether the house is fit to work.

`/healthz` says that the process answers; a load balancer asks this. `/readyz` says whether the
database and the broker answer, the drains keep up and the channels' secrets can be read; a monitor
asks this. Messages are accepted
while the broker is away, so a web process that is not ready may still do its job.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Min, Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from channels.invariants import channels_whose_secret_cannot_be_read
from config.celery import app as celery_app
from config.environment import BROKER_PATIENCE_S
from conversations.models import Event

STATEMENT_TIMEOUT_MS = 2000
# Every drain is nudged at least twice a minute.
LATE_AFTER_S = 60

Probe = Callable[[datetime], dict[str, Any]]


class HealthMiddleware:
    """Answers before everything else: a probe has no host name, no session and no language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return readiness(now=timezone.now())
        return self.get_response(request)


def readiness(*, now: datetime) -> JsonResponse:
    """Return 200, or 503 with the checks that failed."""
    database = probe_database(now)
    # Asking a dead database a second time would double the wait.
    due = probe_due_rows(now) if database["ok"] else {"ok": False}
    secrets = probe_secrets(now) if database["ok"] else {"ok": False}
    checks = {"database": database, "broker": probe_broker(), "due_rows": due, "secrets": secrets}
    is_ready = all(check["ok"] for check in checks.values())
    body = {"status": "ok" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def probe_database(now: datetime) -> dict[str, Any]:
    return _ask_database(lambda _: {"ok": True}, now=now)


def probe_due_rows(now: datetime) -> dict[str, Any]:
    """Return how many seconds the oldest due row is late: what the drains have not done yet."""
    return _ask_database(_measure_lateness, now=now)


def probe_secrets(now: datetime) -> dict[str, Any]:
    """Return how many channels in use have a secret that none of FIELD_ENCRYPTION_KEYS reads."""
    return _ask_database(_count_lost_secrets, now=now)


def probe_broker(url: str | None = None) -> dict[str, Any]:
    try:
        with celery_app.connection_for_write(url, connect_timeout=BROKER_PATIENCE_S) as broker:
            broker.ensure_connection(max_retries=0)
    except Exception as error:  # noqa: BLE001 - each transport has its own errors
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def _measure_lateness(now: datetime) -> dict[str, Any]:
    oldest = [
        model._default_manager.aggregate(at=Min(column))["at"] for model, column in due_columns()
    ]
    oldest.append(Event.objects.unpublished().values_list("occurred_at", flat=True).first())
    late_s = max([(now - at).total_seconds() for at in oldest if at], default=0.0)
    return {"ok": late_s <= LATE_AFTER_S, "late_s": round(max(late_s, 0.0), 1)}


def _count_lost_secrets(now: datetime) -> dict[str, Any]:
    lost = channels_whose_secret_cannot_be_read().count()
    return {"ok": not lost, "unreadable_channels": lost}


def due_columns() -> list[tuple[type[Model], str]]:
    """Return every deadline that a sweep reads; each has a partial index, so asking is cheap."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("_due_at")
    ]


def _ask_database(probe: Probe, *, now: datetime) -> dict[str, Any]:
    try:
        if connection.vendor != "postgresql":
            return _query(probe, now=now)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
            return _query(probe, now=now)
    except DatabaseError as error:
        return {"ok": False, "error": type(error).__name__}


def _query(probe: Probe, *, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return probe(now)
