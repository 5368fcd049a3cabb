"""A customer's message, from Twilio's fields to our own words.

Whoever gets here was signed by Twilio, so nothing is refused for its content any more: what cannot
be used is put in quarantine with its reason, and what is odd is stored with a warning.
"""

import json
import re

from channels.providers.base import ChannelConfig, InboundMessage, Parsed, Quarantine
from channels.providers.files import MAX_URL_CHARS, file_state
from channels.providers.signing import Form
from channels.providers.text import clean, shorten

WHATSAPP_PREFIX = "whatsapp:"
MAX_ID_CHARS = 160
MAX_NAME_CHARS = 200
MAX_EXTRA_CHARS = 1000
MAX_REACTION_CHARS = 40
# More than any request has; a declared number of files is only believed up to here.
MAX_FILES = 20

_MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_PHONE = r"\+[1-9][0-9]{3,14}"
# A phone number, or an id that WhatsApp gives to people who do not show theirs.
_WHATSAPP_ADDRESS = re.compile(rf"{_PHONE}|[A-Z]{{2}}\.(ENT\.)?[0-9A-Za-z]{{1,128}}")
# A phone number, a short code, or a name with at least one letter.
_SMS_ADDRESS = re.compile(
    rf"{_PHONE}|[0-9]{{3,8}}|(?=.*[A-Za-z])[0-9A-Za-z][0-9A-Za-z &+._-]{{0,10}}"
)
_MEDIA_URL = re.compile(r"MediaUrl([0-9]{1,2})")

# What may come with a message: its kind, and our name for each of Twilio's fields. The first
# field says whether it is there at all.
_EXTRAS = (
    ("button", {"text": "ButtonText", "payload": "ButtonPayload"}),
    ("list", {"title": "ListTitle", "id": "ListId"}),
    (
        "reply",
        {"message_id": "OriginalRepliedMessageSid", "sender": "OriginalRepliedMessageSender"},
    ),
    (
        "referral",
        {
            "id": "ReferralSourceId",
            "source": "ReferralSourceType",
            "url": "ReferralSourceUrl",
            "headline": "ReferralHeadline",
            "text": "ReferralBody",
            "media_url": "ReferralMediaUrl",
            "media_type": "ReferralMediaContentType",
            "click_id": "ReferralCtwaClid",
        },
    ),
    ("opt_out", {"word": "OptOutType"}),
    ("username", {"name": "ProfileUsername"}),
)
# These are what the message is; the others only come along with one.
_KINDS = ("button", "list")


def parse(form: Form, *, config: ChannelConfig, signature: str) -> Parsed:
    """Translate the fields of a verified request."""
    message_id = form.last("MessageSid").strip()
    reason = _unusable(form, message_id=message_id, config=config)
    if reason:
        has_key = 0 < len(message_id) <= MAX_ID_CHARS
        key = message_id if has_key else f"signature:{signature}"
        return Parsed(quarantine=(Quarantine(reason, key),))
    location = _location(form)
    media = (
        *_files(form),
        *location,
        *_reaction(form),
        *_extras(form),
        *_forwarded(form),
        *_add_ons(form),
    )
    message = InboundMessage(
        provider_message_id=message_id,
        address=_bare(form.last("From")),
        text=_text(form, media),
        kind=_kind(media),
        profile_name=_name(form),
        media=media,
        sent_to=_bare(form.last("To")),
        is_self_addressed=form.last("From") == form.last("To"),
        other_addresses=other_addresses(form, address=_bare(form.last("From"))),
        reply_to=shorten(form.last("OriginalRepliedMessageSid"), limit=MAX_ID_CHARS),
    )
    warnings = _warnings(form, message_id=message_id, location=location)
    return Parsed(messages=(message,), warnings=warnings)


def _unusable(form: Form, *, message_id: str, config: ChannelConfig) -> str:
    """Return why no message can be made of this, or blank."""
    if not form:
        return "unparseable"
    if not message_id:
        return "message_sid_missing"
    if len(message_id) > MAX_ID_CHARS:
        return "message_sid_too_long"
    if not _is_for(form, config):
        return "unknown_sender"
    if not _is_address(form.last("From"), config):
        return "bad_sender"
    return ""


def _is_for(form: Form, config: ChannelConfig) -> bool:
    """Say whether the channel is the one written to, by its number or else by its service.

    A number in a service's pool carries the service's SID too: what the channel was set up with
    decides, never what the request happens to carry.
    """
    if config.messaging_service_sid:
        return form.last("MessagingServiceSid") == config.messaging_service_sid
    return form.last("To") == addressed(config.phone_number, config)


def addressed(address: str, config: ChannelConfig) -> str:
    """Return an address as Twilio spells it on this medium."""
    return f"{WHATSAPP_PREFIX}{address}" if config.medium == "whatsapp" else address


def _is_address(text: str, config: ChannelConfig) -> bool:
    if config.medium != "whatsapp":
        return bool(_SMS_ADDRESS.fullmatch(text))
    return text.startswith(WHATSAPP_PREFIX) and bool(_WHATSAPP_ADDRESS.fullmatch(_bare(text)))


def _bare(address: str) -> str:
    return address.removeprefix(WHATSAPP_PREFIX)


def _name(form: Form) -> str:
    """Return what the customer is called: the name, or else the user name that they chose."""
    name = form.last("ProfileName").strip() or form.last("ProfileUsername").strip()
    return shorten(name, limit=MAX_NAME_CHARS)


def other_addresses(form: Form, *, address: str) -> tuple[tuple[str, str], ...]:
    """Return what else the person with this address is known by, as kind and value.

    Ids arrive with and without the prefix; the phone is there only where WhatsApp shows it.
    """
    digits = form.last("WaId").strip().removeprefix("+")
    named = (
        ("phone", f"+{digits}" if digits.isdigit() else ""),
        ("user_id", _bare(form.last("ExternalUserId").strip())),
        ("parent_user_id", _bare(form.last("ParentExternalUserId").strip())),
    )
    return tuple(
        (kind, value)
        for kind, value in named
        if value != address and _WHATSAPP_ADDRESS.fullmatch(value)
    )


def recipient_addresses(form: Form) -> tuple[str, ...]:
    """Return what the recipient of our message is known by, from a report about it."""
    to = form.last("To")
    if not to.startswith(WHATSAPP_PREFIX) or not _WHATSAPP_ADDRESS.fullmatch(_bare(to)):
        return ()
    others = other_addresses(form, address=_bare(to))
    return (_bare(to), *(value for _, value in others))


def _files(form: Form) -> tuple[dict[str, str], ...]:
    """Return every file that was declared or came; one that is declared only is marked missing."""
    declared = form.last("NumMedia")
    count = min(int(declared), MAX_FILES) if re.fullmatch("[0-9]{1,9}", declared) else 0
    came = {int(match[1]) for name in form if (match := _MEDIA_URL.fullmatch(name))}
    return tuple(_file(form, index) for index in sorted(came.union(range(count))))


def _file(form: Form, index: int) -> dict[str, str]:
    url = form.last(f"MediaUrl{index}")
    return {
        "kind": "file",
        "url": shorten(url, limit=MAX_URL_CHARS),
        "content_type": shorten(form.last(f"MediaContentType{index}"), limit=MAX_NAME_CHARS),
        "state": file_state(url),
    }


def _location(form: Form) -> tuple[dict[str, str], ...]:
    """Return the place that was sent, if it is one."""
    latitude, longitude = form.last("Latitude"), form.last("Longitude")
    if not (_is_degrees(latitude, 90) and _is_degrees(longitude, 180)):
        return ()
    return (
        {
            "kind": "location",
            "latitude": latitude,
            "longitude": longitude,
            "label": shorten(form.last("Label"), limit=MAX_EXTRA_CHARS),
            "address": shorten(form.last("Address"), limit=MAX_EXTRA_CHARS),
        },
    )


def _is_degrees(text: str, limit: int) -> bool:
    if not re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?", text):
        return False
    return abs(float(text)) <= limit


def _extras(form: Form) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "kind": kind,
            **{
                ours: shorten(form.last(theirs), limit=MAX_EXTRA_CHARS)
                for ours, theirs in fields.items()
            },
        }
        for kind, fields in _EXTRAS
        if any(form.last(theirs) for theirs in list(fields.values())[:2])
    )


def _reaction(form: Form) -> tuple[dict[str, str], ...]:
    """Return the reaction to a message of ours, where the request says that it is one."""
    if form.last("MessageType").lower() != "reaction":
        return ()
    emoji = shorten(form.last("Body"), limit=MAX_REACTION_CHARS)
    return ({"kind": "reaction", "emoji": emoji},)


def _forwarded(form: Form) -> tuple[dict[str, str], ...]:
    """Say that somebody else wrote it first; buttons carry the fields too, as `false`."""
    if form.last("FrequentlyForwarded").lower() == "true":
        return ({"kind": "forwarded", "times": "many"},)
    if form.last("Forwarded").lower() == "true":
        return ({"kind": "forwarded", "times": "some"},)
    return ()


def _add_ons(form: Form) -> tuple[dict[str, str], ...]:
    """Name the add-ons that had something to say; what they said is in the raw request."""
    try:
        results = json.loads(form.last("AddOns") or "{}").get("results") or {}
        names = ", ".join(str(name) for name in results)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()
    if not names:
        return ()
    return ({"kind": "add_ons", "names": shorten(clean(names), limit=MAX_EXTRA_CHARS)},)


def _kind(media: tuple[dict[str, str], ...]) -> str:
    kinds = {entry["kind"] for entry in media}
    if "reaction" in kinds:
        return "reaction"
    if "file" in kinds:
        return "media"
    return next((kind for kind in ("location", *_KINDS) if kind in kinds), "text")


def _text(form: Form, media: tuple[dict[str, str], ...]) -> str:
    """Return what the customer wrote, to the letter; or, of a place or a pick, what it says."""
    body = form.last("Body")
    if body:
        return body
    for entry in media:
        if entry["kind"] == "location":
            place = (entry["label"], entry["address"])
            return ", ".join(filter(None, place)) or f"{entry['latitude']}, {entry['longitude']}"
        if entry["kind"] in _KINDS:
            return entry.get("text") or entry.get("title") or entry.get("payload") or entry["id"]
    return ""


def _warnings(
    form: Form, *, message_id: str, location: tuple[dict[str, str], ...]
) -> tuple[str, ...]:
    found = {
        "message_sid_unusual": not _MESSAGE_SID.fullmatch(form["MessageSid"][-1]),
        "location_unusable": not location and ("Latitude" in form or "Longitude" in form),
        "repeated_fields": any(len(values) > 1 for values in form.values()),
    }
    return tuple(name for name, is_so in found.items() if is_so)
