"""Statements that the ORM writes once and the database runs often."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.sql import InsertQuery


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


class Insert:
    """Inserting one row of a model, for the rows that are written with every message.

    All columns but the key are written, from an instance that is complete. The key is set on it.
    """

    def __init__(self, model: type[Model]) -> None:
        self._fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self._model = model

    def save(self, instance: Model) -> None:
        values = (field.pre_save(instance, add=True) for field in self._fields)
        parameters = [
            field.get_db_prep_save(value, connection)
            for field, value in zip(self._fields, values, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._written, parameters)
            (instance.pk,) = cursor.fetchone()
        instance._state.adding = False
        instance._state.db = DEFAULT_DB_ALIAS

    @cached_property
    def _written(self) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [self._model()], raw=True)
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        compiler.returning_fields = [self._model._meta.pk]
        ((sql, _parameters),) = compiler.as_sql()
        return str(sql)
