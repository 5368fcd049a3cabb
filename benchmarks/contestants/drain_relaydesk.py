"""Places what waits as the worker's sweep does, until nothing is due. See `assign_relaydesk.py`."""

import json
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402

from routing.services import waiting  # noqa: E402


def main() -> None:
    sys.stdin.readline()
    print("ready", flush=True)
    sys.stdin.readline()
    seconds, is_working = [], True
    while is_working:
        started = time.perf_counter()
        is_working = waiting.place_next(now=timezone.now())
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
