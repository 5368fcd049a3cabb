"""Moves on, as the worker's sweep does, what nobody answered. See `assign_relaydesk.py`."""

import json
import sys
import time
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from routing.services import reassignment  # noqa: E402


def main() -> None:
    sys.stdin.readline()
    print("ready", flush=True)
    sys.stdin.readline()
    later, seconds, is_working = timezone.now() + timedelta(minutes=20), [], True
    while is_working:
        started = time.perf_counter()
        is_working = reassignment.reassign_next(now=later)
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
