"""Handing out a stored file: as a download under its plain name, in which nothing may run.

Files are sent piece by piece, never read as a whole.
"""

from django.http import FileResponse, Http404

from conversations import media_files
from conversations.file_addresses import name_of
from conversations.media_types import served_type
from conversations.models import Attachment, FileState

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_FOR_PEOPLE = {
    "Cross-Origin-Resource-Policy": "same-origin",
    # For whoever was let in, and not for long: they may lose the right to see it.
    "Cache-Control": "private, max-age=600",
}
_FOR_PROVIDERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def file_response(attachment: Attachment) -> FileResponse:
    """Return the file. Whoever calls this has looked whether the viewer may see its conversation.

    Raises `Http404` for a file that is not here.
    """
    shown_as = served_type(attachment.content_type)
    return _respond(attachment, content_type=shown_as, headers=_FOR_PEOPLE)


def provider_response(attachment: Attachment) -> FileResponse:
    """Return the file to the provider that sends it, under its own type. Raises `Http404`."""
    return _respond(attachment, content_type=attachment.content_type, headers=_FOR_PROVIDERS)


def _respond(attachment: Attachment, *, content_type: str, headers: dict[str, str]) -> FileResponse:
    if attachment.state != FileState.STORED:
        raise Http404
    try:
        found = media_files.open_file(attachment.path)
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(
        found,
        as_attachment=True,
        filename=name_of(attachment),
        content_type=content_type,
        headers={**_HEADERS, **headers},
    )
