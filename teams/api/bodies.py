"""Bodies and parameters of requests: what is not declared is refused."""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from teams.api.problems import FieldProblem, QueryProblem

#: Field errors that are told, and characters of a field's name that are repeated.
MOST_FIELDS = 50
LONGEST_NAME = 100
UNKNOWN_FIELD = ("unknown_field", _("There is no such field."))
UNKNOWN_PARAMETER = ("unknown_parameter", _("There is no such parameter here."))
REPEATED_PARAMETER = ("repeated", _("Give this parameter once."))


@cache
def _reader(kind: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the one that reads for all: making one takes longer than reading with it.

    It keeps nothing of what it reads.
    """
    return kind()


class Body(serializers.Serializer[Any]):
    """The JSON object of a request."""

    #: What the fields by themselves do not say, as JSON Schema, for the published description.
    described_also: ClassVar[Mapping[str, Any]] = {}
    default_error_messages = {"unknown_field": UNKNOWN_FIELD[1]}

    def to_internal_value(self, data: Any) -> Any:
        self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            return
        unknown = sorted(set(data) - set(self.fields))[:MOST_FIELDS]
        if not unknown:
            return
        if self.parent is None:
            fields = {name[:LONGEST_NAME]: UNKNOWN_FIELD for name in unknown}
            raise FieldProblem(fields, code="unknown_field")
        raise serializers.ValidationError(
            {name[:LONGEST_NAME]: [UNKNOWN_FIELD[1]] for name in unknown}, code="unknown_field"
        )


def read_body(kind: type[Body], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data in the types of `kind`."""
    values: dict[str, Any] = _reader(kind).run_validation(data)
    return values


class Parameters(serializers.Serializer[Any]):
    """The parameters of an address. All of them are optional; each may be given once."""


def read_parameters(
    kind: type[Parameters], query: QueryDict, *, also_known: frozenset[str]
) -> dict[str, Any]:
    """Return the parameters in the types of `kind`. `also_known` ones are read by somebody else."""
    reader = _reader(kind)
    known = reader.fields.keys() | also_known
    unknown = [name for name in query if name not in known][:MOST_FIELDS]
    if unknown:
        raise QueryProblem(
            {name[:LONGEST_NAME]: UNKNOWN_PARAMETER for name in unknown}, code="unknown_parameter"
        )
    repeated = [name for name, values in query.lists() if len(values) != 1]
    if repeated:
        raise QueryProblem(dict.fromkeys(repeated, REPEATED_PARAMETER))
    given = {name: query[name] for name in query if name not in also_known}
    try:
        values: dict[str, Any] = reader.run_validation(given)
    except ValidationError as error:
        faults: Any = error.detail
        problems = {name: (found[0].code, str(found[0])) for name, found in faults.items()}
        raise QueryProblem(problems) from error
    return values
