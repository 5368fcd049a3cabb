"""Makes stored decisions again from what they knew: the same facts must give the same answer."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from routing.models import Decision
from routing.services import replays

NAMED_DECISIONS = 5
ROWS_AT_ONCE = 500


class Command(BaseCommand):
    help = "Makes stored decisions again; ends with 1 if any comes out differently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=_instant,
            metavar="INSTANT",
            help="only those made since then, for example 2026-11-18T09:00:00Z",
        )

    def handle(self, *args: Any, since: datetime | None, **options: Any) -> None:
        decisions = Decision.objects.order_by("pk")
        if since is not None:
            decisions = decisions.filter(decided_at__gte=since)
        count, different = replays.find_different(decisions.iterator(ROWS_AT_ONCE))
        self.stdout.write(f"{count} decisions made again, {len(different)} came out differently.")
        for decision in different[:NAMED_DECISIONS]:
            self.stdout.write(f"  {decision.public_id} of {decision.decided_at:%Y-%m-%d %H:%M}")
        if different:
            raise CommandError("The engine no longer gives the answers that are stored.")


def _instant(text: str) -> datetime:
    parsed = parse_datetime(text)
    if parsed is None:
        raise CommandError(f"--since is {text!r}; it must look like 2026-11-18T09:00:00Z.")
    return timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed
