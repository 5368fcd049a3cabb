"""`manage.py webhooks listen | trigger`: for developers of systems that are told of events."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils import timezone

from channels.event_filters import is_wanted
from channels.models import Endpoint
from channels.services import endpoints
from channels.signatures import PREFIX, is_genuine
from conversations.event_types import EVENT_TYPES, TEST_TYPE
from conversations.models import ForwardStatus
from conversations.services import forward_replays, forwards
from teams.api.fields import UUID_FORM

PORT = 9009
WRONG_USE = 2
LARGEST_BODY = 1024 * 1024


class Command(BaseCommand):
    help = "Receive and check deliveries on this machine, or send an example to an endpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listen = verbs.add_parser("listen", help="print what arrives, and whether it is genuine")
        listen.add_argument("--port", type=int, default=PORT, help=f"{PORT} by default")
        listen.add_argument(
            "--secret",
            action="append",
            metavar="WHSEC",
            help="check with this secret; by default with those of all endpoints of this database",
        )
        listen.add_argument("--status", type=int, default=200, help="what is answered: 200")
        trigger = verbs.add_parser("trigger", help="send an example of an event")
        trigger.add_argument("type", help=f"one of: {TEST_TYPE}, {', '.join(EVENT_TYPES)}")
        trigger.add_argument(
            "--endpoint",
            metavar="NAME",
            help="its name or id; by default every active one that wants such events",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {"listen": self._listen, "trigger": self._trigger}
        verbs[options["verb"]](options)

    def _listen(self, options: dict[str, Any]) -> None:
        secrets = options["secret"] or known_secrets()
        if not all(secret.startswith(PREFIX) for secret in secrets):
            raise CommandError(f"A secret begins with {PREFIX}.", returncode=WRONG_USE)
        try:
            server = Listener(
                options["port"], secrets=secrets, out=self.stdout, status=options["status"]
            )
        except OSError as error:
            raise CommandError(f"Port {options['port']}: {error.strerror}.") from None
        self.stdout.write(f"Listening on {server.url}, with {len(secrets)} secrets. Ctrl-C ends.")
        self.stdout.write("Endpoints may point here if EGRESS_ALLOWED_HOSTS names 127.0.0.1.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            server.server_close()

    def _trigger(self, options: dict[str, Any]) -> None:
        if options["type"] not in (TEST_TYPE, *EVENT_TYPES):
            raise CommandError(f"There is no type {options['type']}.", returncode=WRONG_USE)
        found = _find(options["endpoint"], type_=options["type"])
        if not found:
            raise CommandError("There is no such endpoint.", returncode=WRONG_USE)
        has_arrived = [self._send(endpoint, type_=options["type"]) for endpoint in found]
        if not all(has_arrived):
            sys.exit(1)

    def _send(self, endpoint: Endpoint, *, type_: str) -> bool:
        now = timezone.now()
        delivery = forward_replays.send_test(endpoint, now=now, event_type=type_)
        forwards.deliver_at_once(delivery, now=now)
        delivery.refresh_from_db()
        said = delivery.response_status or delivery.error or "on its way, by a worker"
        self.stdout.write(f"{endpoint.name}\t{delivery.message_id}\t{delivery.status}\t{said}")
        return delivery.status == ForwardStatus.DELIVERED or not delivery.error


class Listener(ThreadingHTTPServer):
    """Says of every request whether it is genuine, and what it holds."""

    daemon_threads = True

    def __init__(
        self, port: int, *, secrets: Sequence[str], out: OutputWrapper, status: int = 200
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secrets, self.out, self.status = secrets, out, status
        self.seen: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LARGEST_BODY))
        message_id = self.headers.get("webhook-id", "")
        words = [
            "genuine" if self._is_genuine(message_id, body) else "NOT GENUINE",
            "again" if message_id in self.server.seen else "new",
            message_id or "(no webhook-id)",
        ]
        self.server.seen.add(message_id)
        self.server.out.write(f"{timezone.now():%H:%M:%S} {'  '.join(words)}\n{_pretty(body)}")
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_genuine(self, message_id: str, body: bytes) -> bool:
        return any(
            is_genuine(
                self.headers.get("webhook-signature", ""),
                secret=secret,
                message_id=message_id,
                timestamp=self.headers.get("webhook-timestamp", ""),
                body=body,
                now_s=timezone.now().timestamp(),
            )
            for secret in self.server.secrets
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing more."""


def known_secrets() -> list[str]:
    """Return the secrets that sign at the moment, of every endpoint."""
    now = timezone.now()
    active = Endpoint.objects.active().order_by("pk")
    return [secret for each in active for secret in endpoints.living_secrets(each, now=now)]


def _find(reference: str | None, *, type_: str) -> list[Endpoint]:
    if reference is None:
        rows = Endpoint.objects.active().order_by("pk")
        wants_all = type_ == TEST_TYPE
        return [each for each in rows if wants_all or is_wanted(type_, patterns=each.event_types)]
    column = "public_id" if UUID_FORM.match(reference) else "name"
    return list(Endpoint.objects.filter(**{column: reference}).order_by("pk")[:1])


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body.decode("utf-8", "replace")
