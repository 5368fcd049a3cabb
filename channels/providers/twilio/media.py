"""Which files Twilio takes: over WhatsApp what it names, by SMS what most operators carry."""

from channels.providers.base import MediaRules

#: As long as any message of Twilio's.
TEXT_LIMIT = 1600
_MIB = 1024 * 1024
_PICTURES = ("image/jpeg", "image/png")
_SOUNDS = ("audio/aac", "audio/amr", "audio/mpeg", "audio/ogg", "audio/3gpp")
_DOCUMENTS = (
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
_BY_SMS = (*_PICTURES, "image/gif", "video/mp4", "video/3gpp", "application/pdf", *_SOUNDS)

#: Twilio drops a text that stands beside anything but a picture, and says nothing of it.
_WHATSAPP = MediaRules(
    most_bytes={
        **dict.fromkeys(_PICTURES, 5 * _MIB),
        **dict.fromkeys((*_SOUNDS, *_DOCUMENTS, "video/mp4"), 16 * _MIB),
        "image/webp": 100 * 1024,
    },
    captioned=frozenset(_PICTURES),
    caption_limit=1024,
)
_SMS = MediaRules(
    most_bytes=dict.fromkeys(_BY_SMS, 5 * _MIB),
    captioned=frozenset(_BY_SMS),
    caption_limit=TEXT_LIMIT,
)


def rules_for(medium: str) -> MediaRules:
    return _WHATSAPP if medium == "whatsapp" else _SMS
