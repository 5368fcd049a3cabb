"""Which files WhatsApp takes, as Meta documents it."""

from channels.providers.base import MediaRules
from channels.providers.whatsapp.writing import CAPTION_LIMIT

_MIB = 1024 * 1024
_PICTURES = ("image/jpeg", "image/png")
_VIDEOS = ("video/mp4", "video/3gpp")
_SOUNDS = ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")
_DOCUMENTS = (
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)

RULES = MediaRules(
    most_bytes={
        **dict.fromkeys(_PICTURES, 5 * _MIB),
        **dict.fromkeys(_VIDEOS + _SOUNDS, 16 * _MIB),
        **dict.fromkeys(_DOCUMENTS, 100 * _MIB),
        # Shown as a sticker; one that moves may have five times as much.
        "image/webp": 100 * 1024,
    },
    captioned=frozenset({*_PICTURES, *_VIDEOS, *_DOCUMENTS}),
    caption_limit=CAPTION_LIMIT,
)
