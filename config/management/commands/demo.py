"""Opens a fictional shop with two weeks of history, and says how to get in."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from callbacks.demo import telling
from routing.demo import access, guard, history, load
from routing.demo.history import SIZES, Tally

LARGE = "large"
LARGE_CONVERSATIONS = 100_000
LINE = "─" * 72


class Command(BaseCommand):
    help = "Opens a fictional shop on an empty database, or keeps it; prints how to get in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=7, help="another number, another story")
        parser.add_argument("--size", choices=[*SIZES, LARGE], default="normal")
        parser.add_argument(
            "--lang",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="language of the console and of the names of teams and rules",
        )
        parser.add_argument("--reset", action="store_true", help="start over")
        parser.add_argument("--remove", action="store_true", help="delete the demo and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        with translation.override(options["lang"]):
            # Whoever tries a real channel out beside the demo's must still get in the next day.
            is_kept = guard.is_open() and not options["reset"] and not options["remove"]
            refuse = guard.refuse_production if is_kept else guard.refuse_real_desk
            try:
                refuse()
            except guard.RealDataError as refusal:
                raise CommandError(str(refusal)) from None
            if options["reset"] or options["remove"]:
                self._erase()
            if options["remove"]:
                self.stdout.write(_("The demo is gone."))
                return
            self._open(seed=options["seed"], size=options["size"], language=options["lang"])
            self._print_box(history.count())

    def _erase(self) -> None:
        """Empty the database: the guard has made sure that nothing in it is real."""
        call_command("flush", verbosity=0, interactive=False)
        (settings.DATA_DIR / access.KEY_FILE).unlink(missing_ok=True)

    def _open(self, *, seed: int, size: str, language: str) -> None:
        if guard.is_open():
            self.stdout.write(_("The demo's data is kept; --reset starts over."))
            return
        started = time.monotonic()
        now = timezone.now()
        with transaction.atomic():
            history.make(
                seed=seed,
                size=SIZES["normal" if size == LARGE else size],
                language=language,
                passwords=access.passwords(),
                now=now,
            )
            telling.tell(language=language, now=now)
        if size == LARGE:
            load.fill(conversations=LARGE_CONVERSATIONS, seed=seed, now=now)
        seconds = time.monotonic() - started
        self.stdout.write(_("Two weeks were lived in %(seconds).1f s.") % {"seconds": seconds})

    def _print_box(self, tally: Tally) -> None:
        base = settings.PUBLIC_BASE_URL
        key = access.keep_key(settings.DATA_DIR, now=timezone.now())
        facts = _(
            "Hoshi Bikes: %(people)d people, %(teams)d teams, %(rules)d rules, "
            "%(conversations)d conversations, %(waiting)d waiting now."
        ) % {
            "people": tally.people,
            "teams": tally.teams,
            "rules": tally.rules,
            "conversations": tally.conversations,
            "waiting": tally.waiting,
        }
        accounts = [f"    {account.email:<22} {_(account.sees)}" for account in access.ACCOUNTS]
        lines = [
            LINE,
            facts,
            "",
            f"{_('Console')}:   {base}/admin/",
            f"{_('Play the customer')}:   {base}/simulator/",
            "",
            _("Accounts; the password of all three is %(password)s")
            % {"password": access.PASSWORD},
            *accounts,
            "",
            _("Call the API:"),
            f"    curl -H 'Authorization: Bearer {key}' '{base}/api/v1/conversations/'",
            _("Write as a customer, from the terminal:"),
            '    .venv/bin/python manage.py simulate "返金できますか?"',
            "",
            _("Nothing leaves this machine. Ctrl-C stops; make run RESET=1 starts over."),
            LINE,
        ]
        self.stdout.write("\n".join(lines))
