"""Many things in one request: each stands for itself, and has a status and an answer of its own."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from teams.api.endpoints import Endpoint
from teams.api.fields import Whole
from teams.api.once import run_item
from teams.api.problems import Problem
from teams.services.idempotency import IdempotencyInProgressError

logger = logging.getLogger(__name__)

#: Items of one request.
MOST_ITEMS = 100


class ItemsEndpoint(Endpoint):
    """An address that does many things, one after the other. Its POST is `once_by_item`."""

    def do_each(
        self, items: Sequence[Any], *, effect: Callable[[Any], Any]
    ) -> list[dict[str, Any]]:
        """Do the items in their order, each in a transaction of its own; return their results.

        One that is refused leaves the others.
        """
        return [self._result(index, item, effect) for index, item in enumerate(items)]

    def _result(self, index: int, item: Any, effect: Callable[[Any], Any]) -> dict[str, Any]:
        try:
            if not isinstance(item, Mapping):
                raise ValidationError({"item": [ValidationError.default_detail]})
            answer = run_item(self.request, index=index, effect=lambda: effect(item))
        except IdempotencyInProgressError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are done
            refused = self._refuse(error)
            return {
                "index": index,
                "status": refused.status_code,
                "answer": None,
                "problem": refused.data,
            }
        return {"index": index, "status": status.HTTP_200_OK, "answer": answer, "problem": None}

    def _refuse(self, error: Exception) -> Response:
        """Return what the single call would have answered."""
        handle, context = self.get_exception_handler(), self.get_exception_handler_context()
        refused: Response | None = handle(error, context)
        if refused is None:
            logger.exception("One of several items failed.", exc_info=error)
            text = _("Something went wrong on our side.")
            internal = Problem(status.HTTP_500_INTERNAL_SERVER_ERROR, "internal", text)
            refused = handle(internal, context)
        assert refused is not None  # noqa: S101 - a problem always has an answer
        return refused


def count_results(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    failed = sum(result["answer"] is None for result in results)
    return {"succeeded": len(results) - failed, "failed": failed}


class ItemResult(serializers.Serializer[Any]):
    """What became of one item: the answer or the problem that the single call would have had."""

    index = Whole()
    status = Whole()
    problem = serializers.SerializerMethodField()

    @extend_schema_field({"oneOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]})
    def get_problem(self, result: Mapping[str, Any]) -> Any:
        return result["problem"]


class RawItems(serializers.ListField):
    """Items as they came: each is read by itself, so that one mistake leaves the others."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_length": 1, "max_length": MOST_ITEMS, **kwargs})

    def run_child_validation(self, data: Any) -> list[Any]:
        return list(data)
