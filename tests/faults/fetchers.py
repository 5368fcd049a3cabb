"""Workers that fetch customers' files, killed in the middle of them.

`python -m tests.faults.fetchers KILLS PACE FOLDER`: how many, how much slower than usual, and where
the files go.
"""

import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from conversations.services.fetching import LEASE, fetch_next  # noqa: E402
from tests.faults.killing import Crowd, beyond, drain_forever, paced  # noqa: E402

WORKERS = 3
PAUSES_S = 0.05, 0.3


def fetch(born: int) -> None:
    drain_forever(fetch_next, offset=beyond(LEASE, born=born))


def main(kills: int, pace: float, folder: Path) -> None:
    settings.MEDIA_DIR, settings.UPLOAD_DIR = folder / "media", folder / "uploads"
    settings.TWILIO_MEDIA_HOSTS = ["127.0.0.1"]
    crowd = Crowd([fetch] * WORKERS)
    crowd.kill(kills, pauses_s=paced(PAUSES_S, pace), seed=7)
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
