"""Counts whatever breaks a promise that must hold at all times."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from channels import invariants as channels
from conversations import invariants as conversations
from routing import invariants as routing

NAMED_OFFENDERS = 5
INVARIANTS: list[Callable[[], QuerySet[Any]]] = [
    *channels.INVARIANTS,
    *conversations.INVARIANTS,
    *routing.INVARIANTS,
]


class Command(BaseCommand):
    help = "Counts the offenders against each invariant; ends with 1 if there are any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object: name and count")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = {broken.__name__: broken().count() for broken in INVARIANTS}
        if options["json"]:
            self.stdout.write(json.dumps(counts, indent=2))
        else:
            self._print(counts)
        if any(counts.values()):
            raise CommandError(f"{sum(counts.values())} rows break an invariant.")

    def _print(self, counts: dict[str, int]) -> None:
        for broken in INVARIANTS:
            count = counts[broken.__name__]
            self.stdout.write(f"{count:>8}  {broken.__name__.replace('_', ' ')}")
            if count:
                ids = broken().order_by("pk").values_list("pk", flat=True)[:NAMED_OFFENDERS]
                self.stdout.write(f"          for example id {', '.join(map(str, ids))}")
