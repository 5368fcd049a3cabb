"""Handing out a stored file: as a download under its plain name, in which nothing may run."""

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from conversations import media_files
from conversations.media_types import ending_of, served_type
from conversations.models import Attachment, FileState

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    # For whoever was let in, and not for long: they may lose the right to see it.
    "Cache-Control": "private, max-age=600",
}


def file_response(attachment: Attachment) -> HttpResponse:
    """Return the file. Whoever calls this has looked whether the viewer may see its conversation.

    Raises `Http404` for a file that is not here.
    """
    if attachment.state != FileState.STORED:
        raise Http404
    try:
        with media_files.open_file(attachment.path) as found:
            content = found.read()
    except FileNotFoundError:
        raise Http404 from None
    disposition = content_disposition_header(as_attachment=True, filename=name_of(attachment))
    headers = {**_HEADERS, "Content-Disposition": disposition or "attachment"}
    return HttpResponse(content, content_type=served_type(attachment.content_type), headers=headers)


def name_of(attachment: Attachment) -> str:
    """Return what the file is called: by its sender, else by us with the ending that it has."""
    ending = ending_of(attachment.content_type)
    return attachment.filename or f"file-{attachment.public_id.hex[-8:]}.{ending}"
