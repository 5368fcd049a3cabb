"""Queries that the ORM writes once and the database answers often."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet


class Query:
    """A query with holes, for the few that run with every message.

    Writing a query takes the ORM ten times as long as it takes to run it. This one is written when
    it is first used, from an `example` of what will fill its holes: these values must be its only
    parameters, in this order. It yields tuples of Python values, as `values_list` does.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *example: Any) -> None:
        self._build = build
        self._example = example

    def rows(self, *parameters: Any) -> list[tuple[Any, ...]]:
        sql, compiler, converters = self._written
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not converters:
            return found
        return [tuple(row) for row in compiler.apply_converters(found, converters)]

    def row(self, *parameters: Any) -> tuple[Any, ...]:
        """Return the only row; `ValueError` if there is none."""
        (only,) = self.rows(*parameters)
        return only

    @cached_property
    def _written(self) -> tuple[str, Any, dict[int, Any]]:
        compiler: Any = self._build(*self._example).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        if tuple(parameters) != self._example:
            raise ValueError(f"The holes are {parameters}, but the example is {self._example}.")
        converters = compiler.get_converters([selected for selected, *_ in compiler.select])
        return sql, compiler, converters
