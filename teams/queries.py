"""Statements that the ORM writes once and the database runs often."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery

M = TypeVar("M", bound=Model)
T = TypeVar("T")


class Query:
    """A query with holes, for the few that run with every message or every call.

    Writing a query takes the ORM ten times as long as it takes to run it. This one is written when
    it is first used, from an `example` of what will fill its holes: values that all differ, and
    nothing else may be left to fill in. One may fill several holes, or none. It yields tuples of
    Python values, as `values_list` does.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *example: Any) -> None:
        self._build = build
        self._example = example

    def rows(self, *parameters: Any) -> list[tuple[Any, ...]]:
        sql, holes, compiler, converters = self._written
        with connection.cursor() as cursor:
            cursor.execute(sql, [_prepare(parameters[hole]) for hole in holes])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not converters:
            return found
        return [tuple(row) for row in compiler.apply_converters(found, converters)]

    def row(self, *parameters: Any) -> tuple[Any, ...]:
        """Return the only row; `ValueError` if there is none."""
        (only,) = self.rows(*parameters)
        return only

    @cached_property
    def _written(self) -> tuple[str, list[int], Any, dict[int, Any]]:
        compiler: Any = self._build(*self._example).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        example = [_prepare(value) for value in self._example]
        if not {*parameters} <= {*example} or len({*example}) != len(example):
            raise ValueError(f"The holes are {parameters}, but the example is {example}.")
        holes = [example.index(parameter) for parameter in parameters]
        converters = compiler.get_converters([selected for selected, *_ in compiler.select])
        return sql, holes, compiler, converters


class InstanceQuery(Query, Generic[M]):
    """The same for a query of whole rows: it yields instances, as the query itself would.

    `select_related`, `only` and annotations may be used, `prefetch_related` may not.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], *example: Any) -> None:
        super().__init__(build, *example)

    def first(self, *parameters: Any) -> M | None:
        return next(self.instances(*parameters), None)

    def only(self, *parameters: Any) -> M:
        """Return the only instance; `ValueError` if there is none."""
        (only,) = self.instances(*parameters)
        return only

    def instances(self, *parameters: Any) -> Iterator[M]:
        rows = self.rows(*parameters)
        model, columns, names, related, annotations = self._shape
        for row in rows:
            instance = model.from_db(DEFAULT_DB_ALIAS, names, row[columns])
            for populator in related:
                populator.populate(row, instance)
            for name, position in annotations.items():
                setattr(instance, name, row[position])
            yield instance

    @cached_property
    def _shape(self) -> tuple[type[M], slice, list[str], list[Any], dict[str, int]]:
        """Return what the rows become: the steps of Django's own `ModelIterable`."""
        compiler = self._written[2]
        populators: Any = get_related_populators  # the stubs are ahead of the release
        positions = compiler.klass_info["select_fields"]
        columns = slice(positions[0], positions[-1] + 1)
        return (
            compiler.klass_info["model"],
            columns,
            [column[0].target.attname for column in compiler.select[columns]],
            populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS),
            compiler.annotation_col_map,
        )


def ask_first(ask: Callable[[], T]) -> T:
    """Run what begins a request: it is also the test whether the connection still works.

    On a broken one it is asked again over a new one. Without this, Django would test by a statement
    of its own.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return ask()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return ask()


def _prepare(value: Any) -> Any:
    """Return a value as the database takes it."""
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


class Insert:
    """Inserting rows of a model, for those that are written with every message.

    All columns but the key are written, from instances that are complete.
    """

    def __init__(self, model: type[Model]) -> None:
        self._fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self._model = model

    def save(self, instance: Model) -> None:
        """Insert one row, and set its key on the instance."""
        with connection.cursor() as cursor:
            cursor.execute(self._returning_key, self._parameters(instance))
            (instance.pk,) = cursor.fetchone()
        instance._state.adding = False
        instance._state.db = DEFAULT_DB_ALIAS

    def save_many(self, instances: Iterable[Model]) -> None:
        """Insert several rows in one go, in this order; their keys stay unknown."""
        with connection.cursor() as cursor:
            cursor.executemany(self._plain, [self._parameters(each) for each in instances])

    def _parameters(self, instance: Model) -> list[Any]:
        values = (field.pre_save(instance, add=True) for field in self._fields)
        return [
            field.get_db_prep_save(value, connection)
            for field, value in zip(self._fields, values, strict=True)
        ]

    @cached_property
    def _returning_key(self) -> str:
        return self._write(self._model._meta.pk)

    @cached_property
    def _plain(self) -> str:
        return self._write()

    def _write(self, *returned: Any) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [self._model()], raw=True)
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        compiler.returning_fields = returned
        ((sql, _parameters),) = compiler.as_sql()
        return str(sql)
