"""Counts whatever breaks a promise that must hold at all times."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from callbacks import invariants as callbacks
from channels import invariants as channels
from conversations import invariants as conversations
from routing import invariants as routing

NAMED_OFFENDERS = 5
#: What breaks a promise: rows, or the names of things that are no rows.
Offenders = QuerySet[Any] | list[str]
INVARIANTS: list[Callable[[], QuerySet[Any]]] = [
    *channels.INVARIANTS,
    *conversations.INVARIANTS,
    *routing.INVARIANTS,
    *callbacks.INVARIANTS,
]


class Command(BaseCommand):
    help = "Counts the offenders against each invariant; ends with 1 if there are any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object: name and count")

    def handle(self, *args: Any, **options: Any) -> None:
        found: dict[str, Offenders] = {broken.__name__: broken() for broken in INVARIANTS}
        strays = conversations.files_without_their_attachment
        found[strays.__name__] = strays(now=timezone.now())
        counts = {name: _count(offenders) for name, offenders in found.items()}
        if options["json"]:
            self.stdout.write(json.dumps(counts, indent=2))
        else:
            self._print(found, counts=counts)
        if any(counts.values()):
            raise CommandError(f"{sum(counts.values())} offenders break an invariant.")

    def _print(self, found: dict[str, Offenders], *, counts: dict[str, int]) -> None:
        for name, offenders in found.items():
            self.stdout.write(f"{counts[name]:>8}  {name.replace('_', ' ')}")
            if counts[name]:
                self.stdout.write(f"          for example {', '.join(_name_some(offenders))}")


def _count(offenders: Offenders) -> int:
    return offenders.count() if isinstance(offenders, QuerySet) else len(offenders)


def _name_some(offenders: Offenders) -> list[str]:
    if isinstance(offenders, list):
        return sorted(offenders)[:NAMED_OFFENDERS]
    ids = offenders.order_by("pk").values_list("pk", flat=True)[:NAMED_OFFENDERS]
    return [f"id {pk}" for pk in ids]
