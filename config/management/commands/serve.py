"""Web, worker and beat in one foreground process group; the broker too where it is embedded."""

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import serve_lock
from config.environment import SettingsError
from config.programs import build_programs, is_listening, web_address
from config.supervisor import Supervisor


class Command(BaseCommand):
    help = "Runs web, worker and beat until Ctrl-C. Migrates the database first."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lock = serve_lock.take(settings.DATA_DIR)
            programs = build_programs()
        except (serve_lock.AlreadyServedError, SettingsError) as refusal:
            raise CommandError(str(refusal)) from None
        if is_listening(web_address()):
            raise CommandError(f"Port {settings.PORT} is taken; set PORT to another.")
        self._prepare()
        supervisor = Supervisor(
            programs,
            folder=settings.BASE_DIR,
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
            keep_open=(lock.fileno(),),
        )
        with lock:
            supervisor.run(when_ready=self._say_ready)
        self.stdout.write("Relaydesk has stopped.")

    def _prepare(self) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        if settings.IS_PRODUCTION:
            call_command("collectstatic", verbosity=0, interactive=False)

    def _say_ready(self) -> None:
        host, port = web_address()
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"Relaydesk is ready: http://{shown}:{port}/admin/ (Ctrl-C stops it)")
        self.stdout.flush()
