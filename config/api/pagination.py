"""Pages by key: stable while rows arrive, and as fast on page 5,000 as on the first."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from channels.secrets import cipher
from teams.api.problems import QueryProblem

DEFAULT_LIMIT = 50
MOST = 200
BAD_CURSOR = ("invalid", _("This is not a cursor of this list."))
BAD_LIMIT = ("invalid", _("Enter a whole number from 1."))
BAD_ORDERING = ("invalid_choice", _("The rows cannot be ordered like this."))


class CursorPages(BasePagination):
    """`{data, next, has_more}` for `?limit=` and `?cursor=`, with a `Link` header.

    The view says in `orderings` by which columns; the last of them is unique. A cursor is the
    place of the last row that was given, encrypted: nobody reads in it or makes one up.
    """

    #: `page_size` is another name of `limit`.
    parameters = ("limit", "page_size", "cursor", "ordering")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        name = _read_ordering(request, choices=list(view.orderings))
        columns = view.orderings[name]
        limit = _read_limit(request)
        self._request = request
        rows = queryset.order_by(*columns)
        place = _read_cursor(request, ordering=name, length=len(columns))
        if place is not None:
            rows = rows.filter(_behind(columns, place))
        found = list(rows[: limit + 1])
        self._cursor = _write_cursor(found[limit - 1], name, columns) if len(found) > limit else ""
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        address = self._next_address()
        headers = {"Link": f'<{address}>; rel="next"'} if address else None
        body = {"data": data, "next": address, "has_more": address is not None}
        return Response(body, headers=headers)

    def _next_address(self) -> str | None:
        if not self._cursor:
            return None
        return str(replace_query_param(self._request.build_absolute_uri(), "cursor", self._cursor))


def _read_limit(request: Request) -> int:
    """Return how many rows are wanted, at most 200."""
    for name in ("limit", "page_size"):
        raw = request.query_params.get(name)
        if raw is None:
            continue
        if not (raw.isascii() and raw.isdigit() and raw.strip("0")):
            raise QueryProblem({name: BAD_LIMIT})
        return MOST if len(raw) > len(str(MOST)) else min(int(raw), MOST)
    return DEFAULT_LIMIT


def _read_ordering(request: Request, *, choices: list[str]) -> str:
    name = request.query_params.get("ordering", choices[0])
    if name not in choices:
        raise QueryProblem({"ordering": BAD_ORDERING})
    return name


def _read_cursor(request: Request, *, ordering: str, length: int) -> list[str] | None:
    raw = request.query_params.get("cursor")
    if raw is None:
        return None
    try:
        name, *place = json.loads(cipher().decrypt(raw.encode(errors="replace")))
    except InvalidToken as error:
        raise QueryProblem({"cursor": BAD_CURSOR}) from error
    if name != ordering or len(place) != length:
        raise QueryProblem({"cursor": BAD_CURSOR})
    return list(place)


def _write_cursor(row: Model, ordering: str, columns: Sequence[str]) -> str:
    place = [str(getattr(row, column.lstrip("-"))) for column in columns]
    return cipher().encrypt(json.dumps([ordering, *place]).encode()).decode()


def _behind(columns: Sequence[str], place: Sequence[str]) -> Q:
    """Return the filter for rows that come after the place in this order."""
    behind, level = Q(), Q()
    for column, value in zip(columns, place, strict=True):
        name = column.lstrip("-")
        direction = "lt" if column.startswith("-") else "gt"
        behind |= level & Q(**{f"{name}__{direction}": value})
        level &= Q(**{name: value})
    return behind
