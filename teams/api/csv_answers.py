"""Answers that are files: CSV, also to clients that ask for nothing else."""

from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

CSV = "text/csv"


class CsvRenderer(BaseRenderer):
    """Lets a client ask for `text/csv`; a refusal is JSON, whatever was asked for."""

    media_type, format = CSV, "csv"
    charset = "utf-8"

    def render(self, data: Any, *more: Any) -> bytes:
        return data.encode() if isinstance(data, str) else JSONRenderer().render(data, *more)


def csv_answer(text: str, *, filename: str) -> Response:
    """Answer a program with a file."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(text, headers=headers, content_type=f"{CSV}; charset=utf-8")
