"""What a method of an endpoint takes and gives, said once, beside the code that does it.

`@describe` stands above each method of an endpoint. The published schema is made from it, and from
what runs anyway: bodies, parameters, orderings, scopes and rights of the endpoint.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rest_framework import status
from rest_framework.serializers import BaseSerializer

from teams.api.bodies import Body

Method = TypeVar("Method", bound=Callable[..., Any])
Shape = type[BaseSerializer[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, as it is published.

    `name` is what a generated client calls it. An answer has one shape (`answer`), a page of them
    (`page_of`), all of them (`list_of`), or no body at all. `refusals` are the statuses that do
    not follow from the method and the address by themselves.
    """

    name: str
    summary: str
    body: type[Body] | None = None
    is_body_optional: bool = False
    answer: Shape | None = None
    page_of: Shape | None = None
    list_of: Shape | None = None
    status: int = status.HTTP_200_OK
    #: The kind of the answer, and of a body that is a file: kind -> shape.
    media: str = "application/json"
    uploads: Mapping[str, Any] | None = None
    refusals: tuple[int, ...] = ()
    examples: Mapping[str, Mapping[str, Any]] | None = None


def describe(name: str, summary: str, **more: Any) -> Callable[[Method], Method]:
    """Say what the method is called, takes and gives; see `Operation` for `more`."""
    operation = Operation(name, summary, **more)

    def described(method: Method) -> Method:
        method.operation = operation  # type: ignore[attr-defined]
        return method

    return described


def operation_of(view: object, method: str) -> Operation | None:
    """Return what was said about a method of a view, None if nothing was."""
    return getattr(getattr(view, method.lower(), None), "operation", None)
