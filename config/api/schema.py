"""How an endpoint is read for the published schema: from what runs, and from `@describe`."""

from typing import Any

from drf_spectacular.drainage import warn
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_array_type
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from config.api import schema_parts
from config.api.pagination import DEFAULT_LIMIT, MOST
from teams.api.bodies import Body, Parameters
from teams.api.once import HEADER, LONGEST
from teams.api.operations import Operation, operation_of
from teams.permissions import lowest_role

#: What binds a sender says nothing about what is sent back.
_FOR_REQUESTS_ONLY = ("maxLength", "minLength", "maximum", "minimum", "maxItems", "pattern")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_ALWAYS = (400, 401, 403, 406, 429, 500, 503)


class ApiSchema(AutoSchema):
    """Reads one method of an `Endpoint`. What is not described is a warning, and a test fails."""

    @property
    def operation(self) -> Operation:
        found = operation_of(self.view, self.method)
        if found is None:
            name = type(self.view).__name__
            warn(f"{name} does not describe {self.method}; put @describe above it.")
            return Operation(f"{name}_{self.method}", "")
        return found

    def get_operation_id(self) -> str:
        return self.operation.name

    def get_summary(self) -> str:
        return self.operation.summary

    def get_description(self) -> str:
        """Return the docstring, the scope and the role that are needed."""
        method = getattr(self.view, self.method.lower())
        texts = [_text_of(method) or _text_of(type(self.view)), self._needs()]
        return "\n\n".join(filter(None, texts))

    def _needs(self) -> str:
        scope = "read" if self.method == "GET" else self.view.scopes.get(self.method)
        right = self.view.rights.get(self.method)
        needs = [f"Scope: `{scope}`."] if scope else []
        if right is not None:
            needs.append(f"Lowest role: {lowest_role(right).name.lower().replace('_', ' ')}.")
        return " ".join(needs)

    def get_tags(self) -> list[str]:
        return [schema_parts.tag_of(self._tokenize_path())]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return none of its own: what the whole document asks for is asked for here."""
        return []

    def get_request_serializer(self) -> Any:
        return self.operation.uploads or self.operation.body

    def get_examples(self) -> list[OpenApiExample]:
        examples = self.operation.examples or {}
        return [
            OpenApiExample(name, value=value, request_only=True) for name, value in examples.items()
        ]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of the address and the headers."""
        if self.method == "GET":
            own = self.view.parameters
            return [*([own] if own is not Parameters else []), *self._paging()]
        switches = self.view.switches
        own = [switches] if switches is not Parameters else []
        return [*own, _idempotency_key()] if self._is_once() else own

    def _is_once(self) -> bool:
        return bool(getattr(getattr(self.view, self.method.lower()), "is_once", False))

    def _paging(self) -> list[OpenApiParameter]:
        if not self.view.orderings:
            return []
        orderings = list(self.view.orderings)
        whole = {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT}
        rows = f"Rows of a page; more than {MOST} are taken as {MOST}."
        return [
            OpenApiParameter("limit", whole, description=rows),
            OpenApiParameter("cursor", str, description="The place to go on from: see `next`."),
            OpenApiParameter("ordering", str, enum=orderings, default=orderings[0]),
        ]

    def _get_filter_parameters(self) -> list[Any]:
        return []

    def _get_format_parameters(self) -> list[Any]:
        """Say nothing of `?format=`: `Accept` is the way that is promised."""
        return []

    def _get_pagination_parameters(self) -> list[Any]:
        return []

    def _resolve_path_parameters(self, variables: Any) -> Any:
        found = super()._resolve_path_parameters(variables)
        for parameter in found:
            meaning = schema_parts.PATH_PARAMETERS.get(parameter["name"])
            if meaning:
                parameter["description"] = meaning
        return found

    def _get_request_body(self, direction: str = "request") -> Any:
        body = super()._get_request_body(direction) if self._has_body() else None
        # An empty body is none, even where no field has to be given.
        return {**body, "required": not self.operation.is_body_optional} if body else None

    def _has_body(self) -> bool:
        return bool(self.operation.body or self.operation.uploads)

    def _get_response_bodies(self, direction: str = "response") -> Any:
        code = str(self.operation.status)
        answer = {
            "description": schema_parts.SUCCESSES[code],
            "headers": schema_parts.headers_of_answers(is_once=self._is_once()),
        }
        schema = self._answer()
        if schema is not None:
            answer["content"] = {self.operation.media: {"schema": schema}}
        return {code: answer, **{str(status): _refusal(status) for status in self._refusals()}}

    def _answer(self) -> Any:
        operation = self.operation
        if operation.answer is not None:
            return self.resolve_serializer(operation.answer, "response").ref
        if operation.list_of is not None:
            rows = build_array_type(self.resolve_serializer(operation.list_of, "response").ref)
            return schema_parts.whole_list(rows)
        if operation.media != "application/json":
            return {"type": "string"}
        return self._page(operation.page_of) if operation.page_of is not None else None

    def _page(self, shape: Any) -> Any:
        name = self.get_serializer_name(shape(), "response")
        rows = build_array_type(self.resolve_serializer(shape, "response").ref)
        component = ResolvedComponent(
            name=f"{name}Page",
            type=ResolvedComponent.SCHEMA,
            schema=schema_parts.page(rows),
            object=f"page of {name}",
        )
        self.registry.register_on_missing(component)
        return component.ref

    def _refusals(self) -> list[int]:
        found = {*_ALWAYS, *self.operation.refusals}
        if "{" in self.path:
            found.add(404)
        if self._has_body():
            found.update((413, 415, 422))
        if self._is_once():
            found.update((409, 422))
        return sorted(found)

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        """Return the name of the class; what it is for ("Out") is no part of a published name."""
        return type(serializer).__name__.removesuffix("Out")

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        """Say of an answer that all of it is there, of a body that nothing else may be."""
        schema = super()._map_basic_serializer(serializer, direction)
        schema.pop("description", None)
        if text := _text_of(type(serializer)):
            schema = {"type": "object", "description": text, **schema}
        if direction == "request":
            if isinstance(serializer, Body):
                schema["additionalProperties"] = False
                schema.update(serializer.described_also)
            return schema
        for each in schema.get("properties", {}).values():
            _loosen(each)
        optional: frozenset[str] = getattr(serializer, "optional", frozenset())
        required = [name for name in schema.get("properties", {}) if name not in optional]
        return {**schema, "required": required}

    def _map_serializer_field(self, field: Any, direction: str, *more: Any) -> Any:
        schema = super()._map_serializer_field(field, direction, *more)
        if direction == "request" and _refuses_blank(field):
            schema.setdefault("pattern", r"\S")
        return schema


def _refuses_blank(field: Any) -> bool:
    is_text = isinstance(field, serializers.CharField) and field.trim_whitespace
    return is_text and not field.allow_blank and not isinstance(field.parent, Parameters)


def _loosen(schema: dict[str, Any]) -> None:
    """Leave of an answer's field what a reader needs: its type, its choices, its meaning."""
    for name in (*_FOR_REQUESTS_ONLY, "readOnly", "default", "title"):
        schema.pop(name, None)
    if schema.get("oneOf") and all(each.get("type") == "string" for each in schema["oneOf"]):
        del schema["oneOf"]
        schema["type"] = "string"
    if isinstance(schema.get("items"), dict):
        _loosen(schema["items"])


def _idempotency_key() -> OpenApiParameter:
    return OpenApiParameter(
        HEADER,
        {"type": "string", "maxLength": LONGEST, "pattern": "^[ -~]+$"},
        OpenApiParameter.HEADER,
        description=schema_parts.IDEMPOTENCY_KEY,
    )


def _refusal(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{schema_parts.REFUSALS[status].name}"}


def _text_of(documented: Any) -> str:
    """Return the docstring of this very thing, each paragraph on one line."""
    paragraphs = (documented.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
