"""What an endpoint raises to refuse a request; `config.api.errors` gives it its shape."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException

#: Field name -> (code, sentence)
Fields = Mapping[str, tuple[str, Any]]


class Problem(APIException):
    """A refusal with a status, a stable code, a sentence, and the fields it is about.

    `detail` and the sentences of `fields` are for people: they never repeat what was sent.
    """

    def __init__(
        self,
        status_code: int,
        code: str,
        detail: Any,
        *,
        fields: Fields | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.code = code
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


class QueryProblem(Problem):
    """A parameter of the address that cannot be used."""

    def __init__(self, fields: Fields, *, code: str = "invalid_query") -> None:
        detail = _("A parameter of the address cannot be used.")
        super().__init__(status.HTTP_400_BAD_REQUEST, code, detail, fields=fields)


class MalformedProblem(Problem):
    """A body that is not what JSON bodies are."""

    def __init__(self, code: str, detail: Any) -> None:
        super().__init__(status.HTTP_400_BAD_REQUEST, code, detail)


class FieldProblem(Problem):
    """A body that was understood, with values that cannot be used."""

    def __init__(self, fields: Fields, *, code: str = "validation") -> None:
        detail = _("The request has values that cannot be used.")
        super().__init__(status.HTTP_422_UNPROCESSABLE_ENTITY, code, detail, fields=fields)


class NotFoundProblem(Problem):
    """Nothing there, or nothing that the caller may see: nobody can tell which."""

    def __init__(self, code: str = "not_found") -> None:
        super().__init__(status.HTTP_404_NOT_FOUND, code, _("There is nothing at this address."))


class ForbiddenProblem(Problem):
    """The caller is known and may see it, but may not do this."""

    def __init__(self, code: str, detail: Any) -> None:
        super().__init__(status.HTTP_403_FORBIDDEN, code, detail)


class ConflictProblem(Problem):
    """The request is fine, but not in the present state."""

    def __init__(self, code: str, detail: Any, *, fields: Fields | None = None) -> None:
        super().__init__(status.HTTP_409_CONFLICT, code, detail, fields=fields)
