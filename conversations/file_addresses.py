"""Under which address a provider fetches a file of ours, and what the file is called.

The address is signed and good for some hours: whoever has it gets this one file, and nobody can
make one up. It is made anew for every try to send.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

from conversations.media_types import ending_of
from conversations.models import Attachment

#: A provider may hold a message for four hours before it fetches the file.
MAX_AGE = timedelta(hours=6)
LONGEST = 200


def public_url(attachment: Attachment) -> str:
    """Return an address of the file that is good from now on for `MAX_AGE`."""
    return f"{settings.PUBLIC_BASE_URL}/files/{_signer().sign(attachment.public_id.hex)}/"


def read_token(token: str) -> UUID | None:
    """Return which file an address is about; None if we did not make it, or it is too old."""
    if len(token) > LONGEST:
        return None
    try:
        return UUID(_signer().unsign(token, max_age=MAX_AGE))
    except (BadSignature, ValueError):
        return None


def _signer() -> TimestampSigner:
    """Sign in letters, digits, `-`, `_`, `~`: nothing that a proxy would write in another way."""
    return TimestampSigner(sep="~", salt="conversations.file_addresses")


def name_of(attachment: Attachment) -> str:
    """Return what the file is called: by its sender, else by us with the ending that it has."""
    ending = ending_of(attachment.content_type)
    return attachment.filename or f"file-{attachment.public_id.hex[-8:]}.{ending}"
