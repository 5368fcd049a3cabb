"""Files that are sent to the API: what all of them share, and CSV as it is, or in a form."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from teams.api.bodies import UNKNOWN_FIELD
from teams.api.problems import FieldProblem, MalformedProblem, Problem
from teams.csv_encodings import CHOICES
from teams.csv_sheet import MAX_BYTES

CSV, FORM = "text/csv", "multipart/form-data"
FILES = (CSV, FORM)
#: What a form needs around the file.
WRAPPING = 64 * 1024
FILE_FIELD, ENCODING_FIELD = "file", "encoding"
REQUIRED = ("required", _("Send the file in the field “file”."))
UNKNOWN_ENCODING = ("invalid_choice", _("Choose one of: utf-8, shift_jis, gb18030."))


class Upload(ABC):
    """What a body with files was read as."""

    @abstractmethod
    def plain(self) -> list[Any]:
        """Return what tells this upload from another one, without its bytes."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what lies on the disk."""


@dataclass(frozen=True, slots=True)
class UploadedCsv(Upload):
    """A file as it was sent. `encoding` is what the sender says; blank: look at the bytes."""

    raw: bytes = b""
    filename: str = ""
    encoding: str = ""

    def plain(self) -> list[Any]:
        return [hashlib.sha256(self.raw).hexdigest(), self.filename, self.encoding]


class CsvParser(BaseParser):
    """The body is the file. `Content-Type: text/csv; charset=shift_jis` names its encoding."""

    media_type = CSV

    def parse(  # type: ignore[override]
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> UploadedCsv:
        _refuse_length(parser_context)
        return UploadedCsv(_read(stream), encoding=_charset(media_type or ""))


class CsvFormParser(MultiPartParser):
    """A form with the field `file`, and with `encoding` if it is to be named."""

    media_type = FORM

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _refuse_length(parser_context)
        try:
            form = super().parse(stream, media_type, parser_context)
        except (ParseError, UnicodeError, ValueError) as error:
            raise _malformed() from error
        names = {*form.data, *form.files}
        unknown = sorted(names - {FILE_FIELD, ENCODING_FIELD})
        if unknown:
            fields = {name[:100]: UNKNOWN_FIELD for name in unknown[:50]}
            raise FieldProblem(fields, code="unknown_field")
        file = form.files.get(FILE_FIELD)
        if file is None:
            raise FieldProblem({FILE_FIELD: REQUIRED})
        return UploadedCsv(_read(file), file.name or "", _encoding(form.data.get(ENCODING_FIELD)))


def _refuse_length(context: Mapping[str, Any] | None) -> None:
    """Refuse what says that it is too long before any of it is read."""
    length = context["request"].META.get("CONTENT_LENGTH") if context else None
    if str(length or "0").isdigit() and int(length or 0) > MAX_BYTES + WRAPPING:
        raise _too_large()


def _read(stream: IO[Any]) -> bytes:
    raw: bytes = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise _too_large()
    return raw


def _charset(media_type: str) -> str:
    for parameter in media_type.split(";")[1:]:
        name, _sign, value = parameter.strip().partition("=")
        if name.lower() != "charset":
            continue
        try:
            return _encoding(value.strip('"'))
        except FieldProblem as error:
            detail = UNKNOWN_ENCODING[1]
            code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
            raise Problem(code, "unsupported_charset", detail) from error
    return ""


def _encoding(name: str | None) -> str:
    if not name:
        return ""
    if name.lower() not in CHOICES:
        raise FieldProblem({ENCODING_FIELD: UNKNOWN_ENCODING})
    return CHOICES[name.lower()]


def _too_large() -> Problem:
    detail = _("A file has at most %(limit)s MiB.") % {"limit": MAX_BYTES // 1024 // 1024}
    return Problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "file_too_large", detail)


def _malformed() -> MalformedProblem:
    return MalformedProblem("malformed_body", _("The form in the body cannot be read."))
