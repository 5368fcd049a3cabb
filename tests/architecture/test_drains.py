"""Marks, sweeps and tasks without arguments: each promise has somebody who comes back to it."""

import inspect
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from config import drains
from config.beat import BEAT
from config.celery import app as celery_app

OURS = ("teams.", "channels.", "conversations.", "routing.", "callbacks.")


def our_tasks() -> dict[str, Any]:
    celery_app.autodiscover_tasks(force=True)
    return {name: task for name, task in celery_app.tasks.items() if name.startswith(OURS)}


class TestEveryTask:
    def test_has_a_beat_row(self) -> None:
        assert set(our_tasks()) == {task for task, _ in BEAT.values()}

    def test_takes_no_argument(self) -> None:
        for name, task in our_tasks().items():
            assert not inspect.signature(task.run).parameters, name

    def test_is_nudged_at_least_twice_a_minute(self) -> None:
        assert all(0 < every <= 30 for _, every in BEAT.values())


class TestEveryDrain:
    def test_has_a_beat_row(self) -> None:
        assert sorted(name for name, _ in drains.DRAINS) == sorted(BEAT)

    def test_takes_the_instant_and_nothing_else(self) -> None:
        for name, do_next in drains.DRAINS:
            assert list(inspect.signature(do_next).parameters) == ["now"], name


class TestEveryDeadline:
    def test_has_a_partial_index(self) -> None:
        """A sweep may cost what is due, never what is stored."""
        for model, column in _deadlines():
            partial = [
                index
                for index in model._meta.indexes
                if index.condition is not None and list(index.fields)[:1] == [column]
            ]
            assert partial, f"{model.__name__}.{column}"


def _deadlines() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("_due_at")
    ]


@pytest.mark.parametrize("name", [name for name, _ in drains.DRAINS])
class TestDrain:
    @pytest.mark.django_db
    def test_rests_when_nothing_is_due(self, name: str, now: Any) -> None:
        assert dict(drains.DRAINS)[name](now=now) is False
