"""Forms with files, as clients of the API send them: read to the disk, and refused early."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser

from conversations.services.replies import MAX_BODY_LENGTH
from conversations.services.uploads import MOST_FILES
from teams.api.bodies import UNKNOWN_FIELD, Body, read_body
from teams.api.fields import Text
from teams.api.problems import FieldProblem, MalformedProblem, Problem
from teams.api.uploads import FORM, WRAPPING, Upload

FILE, BODY = "file", "body"
_MIB = 1024 * 1024
_NO_FILE = ("required", _("Send at least one file in the field “file”, with a name."))
_TWICE = ("repeated", _("This field may be given once."))


@extend_schema_field({"type": "string", "format": "binary"})
class _File(serializers.FileField):
    """A file, which the published schema would take for its address."""


class MessageForm(Body):
    """A form with files and, if wanted, a text. The field `file` may be repeated."""

    body = Text(required=False, allow_blank=True, max_length=MAX_BODY_LENGTH)
    file = serializers.ListField(child=_File(), max_length=MOST_FILES)


class _Texts(Body):
    body = Text(required=False, allow_blank=True, max_length=MAX_BODY_LENGTH)


@dataclass(frozen=True, slots=True)
class UploadedMessage(Upload):
    """A message as its form has it; the files lie in memory or on the disk, as they are large."""

    body: str
    files: "tuple[UploadedFile[Any], ...]"

    def plain(self) -> list[Any]:
        return [self.body, *([_digest(file), file.name, file.content_type] for file in self.files)]

    def close(self) -> None:
        for file in self.files:
            file.close()


class MessageFormParser(BaseParser):
    """Reads `multipart/form-data` with the fields `file` and `body`."""

    media_type = FORM

    def parse(  # type: ignore[override]
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> UploadedMessage:
        request = (parser_context or {})["request"]
        _refuse_length(str(request.META.get("CONTENT_LENGTH") or "0"))
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            texts, files = _Reader(meta, stream, request.upload_handlers, "utf-8").parse()
        except TooManyFilesSent:
            raise FieldProblem({FILE: _too_many()}, code="file.too_many") from None
        except (MultiPartParserError, TooManyFieldsSent, UnicodeError, ValueError) as error:
            detail = _("The form in the body cannot be read.")
            raise MalformedProblem("malformed_body", detail) from error
        return _understand(texts, files)


class _Reader(MultiPartParser):
    def sanitize_file_name(self, file_name: str) -> str:
        """Return a name in any case: a file of a strange name must not vanish from a message."""
        return super().sanitize_file_name(file_name) or FILE


def _understand(texts: Any, files: Any) -> UploadedMessage:
    unknown = sorted({*texts, *files} - {FILE, BODY} | ({*files} & {BODY}))
    if unknown:
        fields = {name[:100]: UNKNOWN_FIELD for name in unknown[:50]}
        raise FieldProblem(fields, code="unknown_field")
    found = tuple(files.getlist(FILE))
    if not found or FILE in texts:
        raise FieldProblem({FILE: _NO_FILE})
    if len(texts.getlist(BODY)) > 1:
        raise FieldProblem({BODY: _TWICE})
    return UploadedMessage(read_body(_Texts, texts.dict()).get(BODY, ""), found)


def _refuse_length(length: str) -> None:
    """Refuse what says that it is too long before any of it is read."""
    if length.isdigit() and int(length) > settings.UPLOAD_MAX_BYTES + WRAPPING:
        detail = _("The files of a message have at most %(limit)s MiB together.")
        limit = {"limit": settings.UPLOAD_MAX_BYTES // _MIB}
        raise Problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail % limit)


def _too_many() -> tuple[str, Any]:
    return "file.too_many", _("A message has at most %(most)s files.") % {"most": MOST_FILES}


def _digest(file: "UploadedFile[Any]") -> str:
    file.seek(0)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
