"""Fills the database with conversations for speed tests."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.demo import guard, load


class Command(BaseCommand):
    help = "Stores many finished conversations of a fictional shop. Refuses where data is real."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--conversations", type=int, required=True, metavar="N")
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *args: Any, conversations: int, seed: int, **options: Any) -> None:
        if conversations < 1:
            raise CommandError(_("--conversations is at least 1."))
        try:
            guard.refuse_real_desk()
        except guard.RealDataError as refusal:
            raise CommandError(str(refusal)) from None
        started = time.monotonic()
        stored = load.fill(conversations=conversations, seed=seed, now=timezone.now())
        seconds = time.monotonic() - started
        self.stdout.write(
            _("%(stored)d conversations in %(seconds).1f s.")
            % {"stored": stored, "seconds": seconds}
        )
