"""`manage.py api_key create | list | revoke`: keys for other systems."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from teams.models import ApiKey, User
from teams.scopes import Scope, UnknownScopeError, every_scope
from teams.services import api_keys

NOT_FOUND = 2
LONGEST_NAME = 50
MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Create, list and revoke API keys. “create” prints the key alone, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="print a new key")
        create.add_argument("--name", required=True, help="what the key is for")
        create.add_argument("--user", required=True, metavar="EMAIL", help="in whose name")
        create.add_argument(
            "--scopes",
            nargs="+",
            metavar="SCOPE",
            help=f"all of them by default: {' '.join(Scope)}",
        )
        create.add_argument("--days", type=int, help="expires after so many days; never by default")
        verbs.add_parser(
            "list",
            help="list the keys: prefix, state, owner, scopes, last use, name, expiry",
        )
        revoke = verbs.add_parser("revoke", help="make a key useless, for good")
        revoke.add_argument("prefix", help="the part of the key before the dot")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs = {"create": self._create, "list": self._list, "revoke": self._revoke}
        verbs[options["verb"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        user = User.objects.active().filter(email=options["user"].strip().lower()).first()
        if user is None:
            raise CommandError(f"No active user {options['user']}.", returncode=NOT_FOUND)
        name = options["name"].strip()
        if not 0 < len(name) <= LONGEST_NAME:
            raise CommandError("A name has 1 to 50 characters.", returncode=NOT_FOUND)
        try:
            issued = api_keys.issue(
                user, name=name, scopes=_scopes(options), expires_at=_expiry(options["days"])
            )
        except UnknownScopeError as error:
            raise CommandError(str(error), returncode=NOT_FOUND) from error
        self.stdout.write(issued.key)

    def _list(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        for key in ApiKey.objects.select_related("user").order_by("created", "pk"):
            columns = (key.prefix, _state(key, now=now), key.user.email, ",".join(key.scopes))
            instants = (_when(key.last_used_at), key.name, _when(key.expiry_date))
            self.stdout.write("\t".join([*columns, *instants]))

    def _revoke(self, options: dict[str, Any]) -> None:
        prefix = options["prefix"].partition(".")[0]
        key = ApiKey.objects.filter(prefix=prefix).order_by("pk").first()
        if key is None:
            raise CommandError(f"No key begins with {prefix}.", returncode=NOT_FOUND)
        api_keys.revoke(key)
        self.stdout.write(f"Revoked {key.prefix} ({key.name}).")


def _scopes(options: dict[str, Any]) -> list[str]:
    """Return the named scopes, given apart or with commas between them; all of them if none is."""
    named = options["scopes"]
    if not named:
        return every_scope()
    return [scope.strip() for part in named for scope in part.split(",") if scope.strip()]


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 0 < days <= MOST_DAYS:
        raise CommandError("A key lives for 1 to 3650 days.", returncode=NOT_FOUND)
    return timezone.now() + timedelta(days=days)


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked:
        return "revoked"
    return "expired" if key.expiry_date and key.expiry_date <= now else "active"


def _when(instant: datetime | None) -> str:
    return "never" if instant is None else instant.astimezone(UTC).isoformat(timespec="minutes")
