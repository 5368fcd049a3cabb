"""One house for all the questions of a file: whatever a request did is taken back."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import transaction
from django.test import override_settings

from tests.integration.access.house import NOW, House


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with (
        override_settings(EGRESS_ALLOWED_HOSTS=["crm.example.com"]),
        time_machine.travel(NOW, tick=False),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield House()
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper() -> None:
    """Open no transaction for each test: the house has one, and requests have their own in it."""


@pytest.fixture(autouse=True)
def _nobody_was_counted() -> None:
    caches["counters"].clear()
