"""Files for a browser to keep."""

from django.http import HttpResponse


def csv_download(text: str, *, filename: str) -> HttpResponse:
    """Answer a browser with a file. A mark in front tells spreadsheets that it is UTF-8."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(
        text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers
    )
