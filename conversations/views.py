"""What is open to whoever has the address: the files that providers fetch from us."""

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from conversations.downloads import provider_response
from conversations.file_addresses import read_token
from conversations.models import Attachment
from conversations.models.message import Direction


@require_safe
def public_file(request: HttpRequest, token: str) -> FileResponse:
    """Return a file of ours to whoever has its signed address. 404 for anything else."""
    public_id = read_token(token)
    if public_id is None:
        raise Http404
    # What customers sent is never public, whatever the signature says.
    ours = Attachment.objects.filter(message__direction=Direction.OUTBOUND)
    found = ours.filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise Http404
    return provider_response(found)
