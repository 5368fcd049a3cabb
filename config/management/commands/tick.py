"""Does at once what beat would have the worker do: for cron hosting, and for tests."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from config.drains import NeverIdleError, run_until_idle
from teams.clock import database_now


class Command(BaseCommand):
    help = "Runs every drain until none has work, and prints how many rows each did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--now",
            type=_instant,
            metavar="INSTANT",
            help="work as if at this instant, such as 2026-11-18T09:00:00Z; not in production",
        )

    def handle(self, *args: Any, now: datetime | None, **options: Any) -> None:
        if now is not None and settings.IS_PRODUCTION:
            raise CommandError("In production only the clock says what time it is; leave --now.")
        try:
            done = run_until_idle(read_clock=database_now if now is None else lambda: now)
        except NeverIdleError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(done))


def _instant(text: str) -> datetime:
    """Return an aware instant; one without a zone is in TIME_ZONE."""
    parsed = parse_datetime(text)
    if parsed is None:
        raise CommandError(f"--now is {text!r}; it must look like 2026-11-18T09:00:00Z.")
    return timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed
