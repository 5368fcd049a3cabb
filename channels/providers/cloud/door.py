"""What reaches us from Meta: who may come in, and what each row says.

One request holds up to a thousand rows, messages and reports mixed, for any number of the app.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs

from channels.providers.base import (
    ChannelConfig,
    ForeignPart,
    InboundMessage,
    InboundRequest,
    Parsed,
    Quarantine,
    SignatureRefusedError,
    StatusUpdate,
)
from channels.providers.cloud import words
from channels.providers.json_shapes import (
    Json,
    an_object,
    dump,
    fingerprint,
    load_object,
    moment_of,
    objects,
    text_of,
)
from channels.providers.meanings import Speaker
from channels.providers.text import shorten
from channels.providers.whatsapp.reading import (
    MAX_ID_CHARS,
    MAX_NAME_CHARS,
    Content,
    read_address,
    read_content,
)

SIGNATURE_HEADER = "X-Hub-Signature-256"
_PREFIX = "sha256="
_MESSAGES = "messages"
# Notices about a customer's account, not something that a customer says.
_SYSTEM = "system"


class CloudDoor(Speaker):
    """The inbound half of the adapter."""

    vocabulary = words.VOCABULARY
    max_body_bytes = 3 * 1024 * 1024
    door_answer = ("text/plain", b"")
    has_signatures = True

    def verify(self, request: InboundRequest, config: ChannelConfig) -> None:
        """Raise `SignatureRefusedError` unless the app's secret signed these very bytes."""
        signature = request.header(SIGNATURE_HEADER)
        if not signature:
            raise SignatureRefusedError("signature_missing")
        if not config.app_secret:
            # A signature made with an empty secret can be made by anyone.
            raise SignatureRefusedError("channel_not_configured")
        expected = sign(config, body=request.body)[SIGNATURE_HEADER]
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise SignatureRefusedError("signature_invalid")

    def answer_challenge(self, request: InboundRequest, config: ChannelConfig) -> str:
        """Return Meta's challenge, bare, if it knows the word that we agreed on."""
        asked = {name: values[-1] for name, values in parse_qs(request.query).items()}
        given = asked.get("hub.verify_token", "").encode()
        is_known = hmac.compare_digest(given, config.verify_token.encode())
        if asked.get("hub.mode") != "subscribe" or not config.verify_token or not is_known:
            raise SignatureRefusedError("signature_invalid")
        return asked.get("hub.challenge", "")

    def signature_of(self, request: InboundRequest) -> str:
        return request.header(SIGNATURE_HEADER)

    def headers_of(self, signature: str) -> dict[str, str]:
        return {SIGNATURE_HEADER: signature}

    def parse_inbound(self, request: InboundRequest, config: ChannelConfig) -> Parsed:
        """Translate a verified request, row by row. Never raises for its content."""
        content = load_object(request.body)
        if content is None or not isinstance(content.get("entry"), list):
            key = f"signature:{self.signature_of(request)}"
            return Parsed(quarantine=(Quarantine("unparseable", key),))
        rows = list(_rows(content))
        reader = _Reader(config, is_alone=len(rows) == 1, signature=self.signature_of(request))
        for row in rows:
            reader.read(row)
        return Parsed(
            tuple(reader.messages),
            tuple(reader.updates),
            tuple(reader.quarantine),
            tuple(reader.warnings),
            tuple(reader.foreign),
        )

    def parse_status(
        self, request: InboundRequest, config: ChannelConfig
    ) -> tuple[StatusUpdate, ...]:
        return self.parse_inbound(request, config).updates


def sign(config: ChannelConfig, *, body: bytes) -> dict[str, str]:
    """Return the header of a genuine request with this body."""
    digest = hmac.new(config.app_secret.encode(), body, sha256).hexdigest()
    return {SIGNATURE_HEADER: f"{_PREFIX}{digest}"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One message, one report or one notice, with what stood around it."""

    kind: str
    item: Json
    number_id: str
    contact: Json
    raw: bytes


def _rows(content: Json) -> Iterator[_Row]:
    for entry in objects(content.get("entry")):
        for change in objects(entry.get("changes")):
            # Relays leave the name of the field out.
            field_name = text_of(change.get("field")) or _MESSAGES
            yield from _rows_of(content, entry=entry, field_name=field_name, change=change)


def _rows_of(content: Json, *, entry: Json, field_name: str, change: Json) -> Iterator[_Row]:
    value = an_object(change.get("value"))
    metadata = an_object(value.get("metadata"))
    number_id = text_of(metadata.get("phone_number_id"))
    if field_name != _MESSAGES:
        yield _Row(field_name, value, number_id, {}, b"")
        return
    around: Json = {
        name: value[name] for name in ("messaging_product", "metadata") if name in value
    }

    def part(**own: object) -> bytes:
        changes = [{"field": _MESSAGES, "value": around | own}]
        entries = [{"id": entry.get("id"), "changes": changes}]
        return dump({"object": content.get("object"), "entry": entries})

    contacts, items = objects(value.get("contacts")), objects(value.get("messages"))
    for item in items:
        contact = _contact_of(item, contacts=contacts, is_alone=len(items) == 1)
        raw = part(contacts=[contact], messages=[item])
        yield _Row("message", item, number_id, contact, raw)
    for item in objects(value.get("statuses")):
        yield _Row("status", item, number_id, {}, part(statuses=[item]))
    for item in objects(value.get("errors")):
        yield _Row("error", item, number_id, {}, b"")


def _contact_of(item: Json, *, contacts: list[Json], is_alone: bool) -> Json:
    """Return who wrote a message. One message and one contact belong together, whatever they say:
    a number has two spellings in some countries, and the contact's is the one to answer to."""
    for contact in contacts:
        pairs = ((item.get("from"), "wa_id"), (item.get("from_user_id"), "user_id"))
        if any(text_of(mine) and mine == contact.get(name) for mine, name in pairs):
            return contact
    return contacts[0] if is_alone and len(contacts) == 1 else {}


@dataclass
class _Reader:
    """Sorts the rows of a request into what they are."""

    config: ChannelConfig
    is_alone: bool
    signature: str
    messages: list[InboundMessage] = field(default_factory=list)
    updates: list[StatusUpdate] = field(default_factory=list)
    quarantine: list[Quarantine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    foreign: list[ForeignPart] = field(default_factory=list)

    def read(self, row: _Row) -> None:
        if row.kind == "error":
            self.warnings.append(f"error_{text_of(row.item.get('code'))[:16]}")
        elif row.kind not in ("message", "status"):
            self.warnings.append(f"not_read_{row.kind[:40]}")
        elif row.number_id and row.number_id != self.config.phone_number_id:
            self.foreign.append(ForeignPart(row.number_id, self._key(row), row.raw))
        elif row.kind == "status":
            self._status(row)
        elif text_of(row.item.get("type")) == _SYSTEM and not _is_number_change(row.item):
            kind = text_of(an_object(row.item.get(_SYSTEM)).get("type"))
            self.warnings.append(f"not_read_{kind[:40] or _SYSTEM}")
        else:
            self._message(row)

    def _message(self, row: _Row) -> None:
        message_id = text_of(row.item.get("id")).strip()
        address, others = _addresses(row)
        reason = _unusable(row, message_id=message_id, address=address)
        if reason:
            self.quarantine.append(Quarantine(reason, self._key(row), self._raw(row)))
            return
        said = _number_change(row.item) or read_content(row.item)
        profile = an_object(row.contact.get("profile"))
        self.messages.append(
            InboundMessage(
                provider_message_id=message_id,
                address=address,
                text=said.text,
                kind=said.kind,
                profile_name=shorten(text_of(profile.get("name")).strip(), limit=MAX_NAME_CHARS),
                media=said.media,
                sent_to=self.config.phone_number_id,
                other_addresses=others,
                reply_to=said.reply_to,
                sent_at=moment_of(row.item.get("timestamp")),
                raw=self._raw(row),
            )
        )

    def _status(self, row: _Row) -> None:
        message_id = text_of(row.item.get("id")).strip()
        status = text_of(row.item.get("status")).strip().lower()
        if not (message_id and status) or len(message_id) > MAX_ID_CHARS:
            self.warnings.append("status_unusable")
            return
        codes = [text_of(error.get("code")) for error in objects(row.item.get("errors"))]
        reference = text_of(row.item.get("biz_opaque_callback_data"))
        self.updates.append(
            StatusUpdate(message_id, status[:32], next(iter(codes), "")[:16], reference)
        )

    def _raw(self, row: _Row) -> bytes:
        return b"" if self.is_alone else row.raw

    def _key(self, row: _Row) -> str:
        """Return what tells this row from all others, also when it comes among others next time."""
        message_id = text_of(row.item.get("id")).strip()
        if row.kind == "message" and 0 < len(message_id) <= MAX_ID_CHARS:
            return message_id
        if self.is_alone:
            return f"signature:{self.signature}"
        return f"row:{fingerprint(row.item)}"


def _addresses(row: _Row) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return where to answer to, and what else this person is known by."""
    item, contact = row.item, row.contact
    sender = read_address(text_of(item.get("from")))
    phone = read_address(text_of(contact.get("wa_id"))) or sender
    user_id = text_of(item.get("from_user_id")) or text_of(contact.get("user_id"))
    parent = text_of(item.get("from_parent_user_id")) or text_of(contact.get("parent_user_id"))
    known = [
        ("phone", phone),
        ("phone", sender),
        ("user_id", read_address(user_id)),
        ("parent_user_id", read_address(parent)),
    ]
    address = next((value for _kind, value in known if value), "")
    others = dict.fromkeys(pair for pair in known if pair[1] and pair[1] != address)
    return address, tuple(others)


def _is_number_change(item: Json) -> bool:
    return text_of(an_object(item.get(_SYSTEM)).get("type")) == "user_changed_number"


def _number_change(item: Json) -> Content | None:
    """Return that a customer has another number now; None if a message says something else."""
    if text_of(item.get("type")) != _SYSTEM:
        return None
    said = an_object(item.get(_SYSTEM))
    # The name of the field has changed with the versions of the API.
    number = read_address(text_of(said.get("wa_id")) or text_of(said.get("new_wa_id")))
    entry = {
        "kind": "number_change",
        "number": number if number.startswith("+") else "",
        "user_id": read_address(text_of(said.get("user_id"))),
        "parent_user_id": read_address(text_of(said.get("parent_user_id"))),
    }
    return Content("number_change", media=(entry,))


def _unusable(row: _Row, *, message_id: str, address: str) -> str:
    """Return why no message can be made of this, or blank."""
    if not message_id:
        return "message_sid_missing"
    if len(message_id) > MAX_ID_CHARS:
        return "message_sid_too_long"
    if not row.number_id:
        return "number_missing"
    change = _number_change(row.item)
    if change is not None and not change.media[0]["number"]:
        return "bad_number"
    return "" if address else "bad_sender"
