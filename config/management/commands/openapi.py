"""`manage.py openapi`: writes the description of the API beside its documentation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.api import document

COPY = settings.BASE_DIR / "docs" / "openapi.yaml"


class Command(BaseCommand):
    help = "Write docs/openapi.yaml from the endpoints as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", default=str(COPY), help="another file")

    def handle(self, *args: Any, **options: Any) -> None:
        _document, problems = document.build()
        if problems:
            raise CommandError("\n".join(problems))
        Path(options["output"]).write_bytes(document.as_yaml())
        self.stdout.write(f"Wrote {options['output']}.")
