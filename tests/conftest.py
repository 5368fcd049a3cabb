"""What every suite shares: closed sockets, moments in time, and nothing of ours patched."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_socket import socket_allow_hosts

from tests import moments
from tests.processes import environment_in

HERE = Path(__file__).parent
#: What says the same whatever the database is: a second one need not wait for it.
ONCE = (
    "unit",
    "architecture",
    "integration/access",
    "integration/channels/providers",
    "integration/channels/test_egress.py",
    "integration/channels/test_hostile_addresses.py",
)
LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def allowed_hosts() -> list[str]:
    """Return where a test may connect to: this machine, and the services it was pointed at."""
    urls = [os.environ.get(name, "") for name in ("DATABASE_URL", "BROKER_URL")]
    return LOOPBACK + [host for url in urls if (host := urlsplit(url).hostname)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folders = [HERE / name for name in ONCE]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in folders):
            item.add_marker(pytest.mark.once)


@pytest.fixture(autouse=True)
def _closed_sockets() -> None:
    socket_allow_hosts(allowed_hosts(), allow_unix_socket=True)


@pytest.fixture
def now() -> datetime:
    """An ordinary Wednesday morning; `moments` has the awkward instants."""
    return moments.WEDNESDAY_MORNING


@pytest.fixture
def house_environment(tmp_path: Path) -> dict[str, str]:
    """The environment for a real process: the embedded default in a folder of its own."""
    return environment_in(tmp_path)


@pytest.fixture
def language_en() -> Iterator[None]:
    """Sentences are compared in English, whatever an earlier test left active."""
    from django.utils import translation  # noqa: PLC0415 - needs the settings

    with translation.override("en"):
        yield
