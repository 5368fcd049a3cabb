"""Which rules of time zones this process knows: their release, such as `2026b`.

Governments change their clocks, and what a wall shows then means another instant. The release is
noted with every callback, so that one whose instant was worked out by older rules is found.
"""

import re
import zoneinfo
from pathlib import Path

import tzdata

_RELEASE = re.compile(r"[0-9]{4}[a-z]{1,2}")
#: Where a folder of zones says which release it is, in the first line.
_NAMED_IN = ("tzdata.zi", "+VERSION", "version")


def read_release() -> str:
    """Return the release of the zones that are read here; empty where nothing says which it is.

    Zones are looked up as `zoneinfo` does: in the system's folders, then in the package.
    """
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "UTC").is_file():
            return _named_in(folder)
    return str(tzdata.IANA_VERSION)


def _named_in(folder: Path) -> str:
    for name in _NAMED_IN:
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as lines:
                found = _RELEASE.search(lines.readline())
        except OSError:
            continue
        if found:
            return found.group()
    return ""


#: Read once, as the process starts. When the system gets other rules while it runs, what it works
#: out still counts as worked out by these, and is looked at once more after the next start.
RELEASE = read_release()
