"""JSON as it should be: one reading only, and nothing that a database cannot store."""

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.parsers import BaseParser

from teams.api.problems import FieldProblem, MalformedProblem, Problem

MAX_DEPTH = 32
MAX_BYTES = 1024 * 1024
UNUSABLE = ("invalid_characters", _("This text has characters that cannot be stored."))


class StrictJSONParser(BaseParser):
    """UTF-8 without a mark, no name twice, no NaN, at most 32 levels and `MAX_BYTES`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _check_charset(media_type or "")
        value = parse_strictly(_read(stream))
        _refuse_unusable(value)
        return value


def _read(stream: IO[Any]) -> bytes:
    """Read no more than is allowed; providers' doors, which share the server, take more."""
    raw: bytes = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise RequestDataTooBig
    return raw


def parse_strictly(raw: bytes) -> Any:
    """Return the value of a JSON text. Raises `MalformedProblem`, whatever the text is."""
    if raw.startswith(codecs.BOM_UTF8):
        raise _malformed()
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_once_each, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _malformed() from error
    if any(depth > MAX_DEPTH for depth, _text in _walk(value)):
        raise _too_deep()
    return value


def _check_charset(media_type: str) -> None:
    for parameter in media_type.split(";")[1:]:
        name, _sign, charset = parameter.strip().partition("=")
        if name.lower() == "charset" and charset.strip('"').lower() not in ("utf-8", "utf8"):
            detail = _("Send UTF-8; no other character set is read.")
            raise Problem(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "unsupported_charset", detail)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _walk(value: Any) -> Iterator[tuple[int, str]]:
    """Yield the depth of everything in the value, with its text where it is a text or a name."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict):
            waiting.extend((name, depth + 1) for name in item)
            waiting.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)
        yield depth, item if isinstance(item, str) else ""


def _refuse_unusable(value: Any) -> None:
    """Refuse texts that a database or UTF-8 cannot hold, by the field that they are in."""
    if not isinstance(value, dict):
        return
    if not all(_is_usable(name) for name in value):
        raise _malformed()
    bad = [
        name
        for name, inner in value.items()
        if not all(_is_usable(text) for _depth, text in _walk(inner))
    ]
    if bad:
        raise FieldProblem({name[:100]: UNUSABLE for name in bad[:50]})


def _is_usable(text: str) -> bool:
    """Say whether the text has neither NUL nor half of a surrogate pair."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _malformed() -> MalformedProblem:
    return MalformedProblem("malformed_json", _("The body is not well-formed JSON in UTF-8."))


def _too_deep() -> MalformedProblem:
    return MalformedProblem("json_too_deep", _("The body is nested too deeply."))
