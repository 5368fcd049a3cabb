"""The published description of the API: OpenAPI 3.1, made from the endpoints that run."""

import functools
import json
import threading
from typing import Any

import yaml
from django.utils import translation
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from config.api import schema_parts


def build() -> tuple[dict[str, Any], list[str]]:
    """Return the document, and what is wrong with it."""
    with translation.override("en"), GENERATOR_STATS.silence():
        generator = SchemaGenerator(urlconf="config.urls")
        document = generator.get_schema(request=None, public=True)
        problems = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    document["info"]["description"] = schema_parts.ABOUT
    document["tags"] = schema_parts.tags()
    document["security"] = [{name: []} for name in schema_parts.SECURITY]
    for kind, parts in schema_parts.components().items():
        document.setdefault("components", {}).setdefault(kind, {}).update(parts)
    plain = json.loads(json.dumps(document), object_hook=_without_width)
    return plain, problems + _find_doubles(document)


def _without_width(part: dict[str, Any]) -> dict[str, Any]:
    """Leave out how wide a column is: that differs by database, and says nothing of the API."""
    if part.get("format") == "int64":
        del part["format"]
    return part


#: The generator loads its parts on first use, and two threads at once would meet half of them.
_ALONE = threading.Lock()


@functools.cache
def _document() -> dict[str, Any]:
    return build()[0]


def _load() -> dict[str, Any]:
    """Return the document, made once for a process, since code makes it and not data."""
    with _ALONE:
        return _document()


@functools.cache
def as_json() -> bytes:
    """Return the document as JSON."""
    return json.dumps(_load(), ensure_ascii=False).encode()


@functools.cache
def as_yaml() -> bytes:
    """Return the document as YAML, with names in their order."""
    return yaml.dump(
        _load(),
        Dumper=_PlainDumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        encoding="utf-8",
    )


class _PlainDumper(yaml.SafeDumper):
    """Writes everything out, and long texts on lines of their own: this is for reading."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_PlainDumper.add_representer(str, _PlainDumper.represent_text)


def _find_doubles(document: dict[str, Any]) -> list[str]:
    names = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    return [f"{name} names two operations." for name in sorted(set(names)) if names.count(name) > 1]
