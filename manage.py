#!/usr/bin/env python
"""Django's command line, with Relaydesk's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from config.environment import SettingsError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingsError as refusal:
        print(f"Relaydesk does not start: {refusal}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
