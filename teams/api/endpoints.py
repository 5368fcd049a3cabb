"""What every address of the API has in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from teams.api.bodies import Body, Parameters, read_body, read_parameters
from teams.api.permissions import SAFE_METHODS
from teams.api.problems import MalformedProblem
from teams.permissions import Right
from teams.scopes import Scope

#: `?format=json` belongs to the framework.
FRAMEWORK_PARAMETERS = frozenset({"format"})


class Endpoint(GenericAPIView[Any]):
    """One address. Subclasses name the scope of each writing method, and the right it needs."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    scopes: ClassVar[Mapping[str, Scope]] = {}
    rights: ClassVar[Mapping[str, Right]] = {}
    #: What a GET may be filtered by.
    parameters: ClassVar[type[Parameters]] = Parameters
    #: What a method that writes may be told in the address, beside its body.
    switches: ClassVar[type[Parameters]] = Parameters
    #: Name in `?ordering=` -> columns, the last of them unique. The first one is the default.
    orderings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: The limit that a method has besides the one that all have; see settings.API_RATES.
    rates: ClassVar[Mapping[str, str]] = {}
    filters: dict[str, Any]

    def perform_authentication(self, request: Request) -> None:
        """Count the request as soon as its key is known: one that is refused was work too."""
        super().perform_authentication(request)
        super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """It was counted with the key."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        is_reading = request.method in SAFE_METHODS
        paging = getattr(self.paginator, "parameters", ()) if self.orderings and is_reading else ()
        self.filters = read_parameters(
            self.parameters if is_reading else self.switches,
            request.query_params,
            also_known=FRAMEWORK_PARAMETERS.union(paging),
        )

    def read_body(self, kind: type[Body]) -> dict[str, Any]:
        """Return the body in the types of `kind`."""
        if not self.request.body:
            raise MalformedProblem("malformed_json", _("The body is empty; send a JSON object."))
        if not self.request.content_type:
            raise UnsupportedMediaType("")
        data = self.request.data
        if not isinstance(data, dict):
            raise MalformedProblem("not_an_object", _("The body must be a JSON object."))
        return read_body(kind, data)

    def page(self, rows: QuerySet[Any], *, serializer: type[BaseSerializer[Any]]) -> Response:
        """Answer with one page of the rows."""
        found = self.paginate_queryset(rows) or []
        return self.get_paginated_response(serializer(found, many=True).data)
