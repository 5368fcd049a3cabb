"""`manage.py fetch_missed`: compare channels with the provider's own list of messages, now."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from channels.models import Channel
from channels.services.channels import FETCHING
from conversations.models import Event
from routing.services import gap_fill
from teams.clock import database_now


class Command(BaseCommand):
    help = "Stores what customers wrote and what never reached us, at once instead of by and by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--channel", default="", help="the channel's id; every one without it")
        parser.add_argument(
            "--since", default="", help="from this instant on (ISO 8601, with zone)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since = _read_instant(options["since"])
        rows = Channel.objects.filter(is_active=True, provider__in=FETCHING)
        if options["channel"]:
            rows = rows.filter(public_id=options["channel"])
        channels = list(rows)
        if not channels:
            raise CommandError("There is no such channel that is active and can be compared.")
        before = _count()
        for channel in channels:
            gap_fill.request_fetch(channel, now=database_now(), since=since)
        while gap_fill.fetch_next(now=database_now()):
            pass
        failed = [each for each in rows.all() if each.fetch_failures]
        self.stdout.write(f"{_count() - before} messages were missing and are stored now.")
        if failed:
            raise CommandError("Not compared: " + ", ".join(str(each) for each in failed))


def _count() -> int:
    return Event.objects.filter(type="message.fetched").count()


def _read_instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise CommandError("--since wants an instant with a zone, like 2026-11-21T09:00:00Z.")
    return instant
