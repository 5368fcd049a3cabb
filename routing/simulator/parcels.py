"""What a simulated customer can send besides text, in the fields in which Twilio sends it."""

from channels.providers.simulator_files import address_of, type_of

_FILES = {
    "photo": ("bicycle.png",),
    "album": ("bicycle.png", "saddle.png", "basket.png"),
    "voice": ("voice.wav",),
    "document": ("receipt.pdf",),
    "gone": ("gone.png",),
    "too_large": ("huge.png",),
}
_OTHERS: dict[str, dict[str, str]] = {
    "location": {
        "Latitude": "35.6812",
        "Longitude": "139.7671",
        "Label": "Tokyo Station",
        "Address": "1 Chome Marunouchi, Chiyoda City",
        "MessageType": "location",
    },
    "button": {"ButtonText": "Yes", "ButtonPayload": "offer-yes", "MessageType": "button"},
}
KINDS = ("text", *_FILES, *_OTHERS)


def fields_of(kind: str, *, medium: str) -> tuple[dict[str, str], ...]:
    """Return the fields of each message that sends this, beside those of a text.

    WhatsApp sends every file as a message of its own; by SMS they come in one.
    """
    names = _FILES.get(kind, ())
    if not names:
        return (_OTHERS.get(kind, {}),)
    groups = [(name,) for name in names] if medium == "whatsapp" else [names]
    return tuple(_media(group) for group in groups)


def _media(names: tuple[str, ...]) -> dict[str, str]:
    fields = {"NumMedia": str(len(names)), "MessageType": "image"}
    for index, name in enumerate(names):
        fields[f"MediaUrl{index}"] = address_of(name)
        fields[f"MediaContentType{index}"] = type_of(name)
    return fields
