"""How the stand-in gets the files of messages: it asks their address, as Twilio does."""

from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

TIMEOUT_S = 10
HTTP_OK = 200
MIB = 1024 * 1024
WHATSAPP_TYPES = {
    "image/jpeg",
    "image/png",
    "image/webp",
    "audio/aac",
    "audio/amr",
    "audio/mpeg",
    "audio/ogg",
    "audio/3gpp",
    "video/mp4",
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True)
class Fetched:
    """What HEAD and GET of an address answered; a status of 0: nothing did."""

    head_status: int = 0
    status: int = 0
    content_type: str = ""
    declared_length: int = -1
    content: bytes = field(default=b"", repr=False)


def fetch(url: str, *, reach: str = "") -> Fetched:
    """Ask for a file. `reach`: where to connect instead of the address that was given."""
    given, place = urlsplit(url), urlsplit(reach or url)
    path = f"{given.path}?{given.query}" if given.query else given.path
    connection = HTTPConnection(place.hostname or "", place.port or 80, timeout=TIMEOUT_S)
    headers = {"Host": given.netloc, "User-Agent": "TwilioProxy/1.1"}
    try:
        connection.request("HEAD", path, headers=headers)
        head = connection.getresponse()
        head.read()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Fetched(
            head.status,
            answer.status,
            (answer.headers.get("Content-Type") or "").partition(";")[0],
            int(head.headers.get("Content-Length") or -1),
            answer.read(),
        )
    except (OSError, HTTPException):
        return Fetched()
    finally:
        connection.close()


def refusal_of(file: Fetched, is_whatsapp: bool) -> int:  # noqa: FBT001 - it is the medium
    """Return the code with which a message with this file fails; 0: it does not."""
    is_whole = file.declared_length == len(file.content) > 0
    if file.status != HTTP_OK or file.head_status != HTTP_OK or not is_whole:
        return 63019 if is_whatsapp else 11200
    if not is_whatsapp:
        return 11751 if len(file.content) > 5 * MIB else 0
    most = 5 * MIB if file.content_type.startswith("image/") else 16 * MIB
    return 63021 if file.content_type not in WHATSAPP_TYPES or len(file.content) > most else 0
