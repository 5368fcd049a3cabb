"""What reaches us in EngageLab's form. Nothing of it is signed.

The token in the address is all that tells EngageLab from somebody else. So a row is taken for what
it says of a message and no more: it moves no credentials, and it has to fit the channel's account.
"""

from dataclasses import replace

from channels.providers.base import (
    ChannelConfig,
    InboundMessage,
    InboundRequest,
    NotSupportedError,
    Parsed,
    Quarantine,
    StatusUpdate,
)
from channels.providers.engagelab import words
from channels.providers.files import MAX_URL_CHARS, file_state
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

#: The name under which our own id travels with a message and comes back with its reports.
REFERENCE = "relaydesk"


class EngageLabDoor(Speaker):
    """The inbound half of the adapter."""

    vocabulary = words.VOCABULARY
    max_body_bytes = 3 * 1024 * 1024
    door_answer = ("text/plain", b"")
    has_signatures = False

    def verify(self, request: InboundRequest, config: ChannelConfig) -> None:
        """Let everybody in who knows the address: EngageLab sends nothing that could be checked."""

    def answer_challenge(self, request: InboundRequest, config: ChannelConfig) -> str:
        raise NotSupportedError

    def signature_of(self, request: InboundRequest) -> str:
        return ""

    def headers_of(self, signature: str) -> dict[str, str]:
        return {}

    def parse_inbound(self, request: InboundRequest, config: ChannelConfig) -> Parsed:
        """Translate a request, row by row. Never raises for its content."""
        content = load_object(request.body)
        if content is None or not isinstance(content.get("rows"), list):
            key = f"row:{fingerprint({'body': request.body.hex()})}"
            return Parsed(quarantine=(Quarantine("unparseable", key),))
        rows = objects(content.get("rows"))
        is_alone = len(rows) == 1
        found = [
            _read(row, config=config, raw=b"" if is_alone else dump({"total": 1, "rows": [row]}))
            for row in rows
        ]
        return Parsed(
            tuple(message for parsed in found for message in parsed.messages),
            tuple(update for parsed in found for update in parsed.updates),
            tuple(kept for parsed in found for kept in parsed.quarantine),
            tuple(warning for parsed in found for warning in parsed.warnings),
        )

    def parse_status(
        self, request: InboundRequest, config: ChannelConfig
    ) -> tuple[StatusUpdate, ...]:
        return self.parse_inbound(request, config).updates


def _read(row: Json, *, config: ChannelConfig, raw: bytes) -> Parsed:
    """Translate one row: it is a report, an answer of the customer, or a notice."""
    if isinstance(row.get("status"), dict):
        return _read_status(row, config=config)
    if isinstance(row.get("response"), dict):
        return _read_response(row, config=config, raw=raw)
    event = text_of(an_object(row.get("notification")).get("event"))
    return Parsed(warnings=(f"not_read_{event[:40] or 'row'}",))


def _read_status(row: Json, *, config: ChannelConfig) -> Parsed:
    status = an_object(row.get("status"))
    message_id = text_of(row.get("message_id")).strip()
    word = text_of(status.get("message_status")).strip().lower()
    if not (message_id and word) or len(message_id) > MAX_ID_CHARS:
        return Parsed(warnings=("status_unusable",))
    if not _is_ours(row, an_object(status.get("status_data")), config=config):
        return Parsed(warnings=("status_of_another",))
    code = text_of(status.get("error_code"))
    if code in ("", "0"):
        code = word if word in words.FAILURES else ""
    reference = text_of(an_object(row.get("custom_args")).get(REFERENCE))
    return Parsed(updates=(StatusUpdate(message_id, word[:32], code[:16], reference),))


def _read_response(row: Json, *, config: ChannelConfig, raw: bytes) -> Parsed:
    response = an_object(row.get("response"))
    data = an_object(response.get("response_data"))
    contact = an_object(data.get("contact"))
    # Not the row's own id: that may be the one of our message which the customer answers.
    message_id = text_of(data.get("channel_message_id")).strip()
    # Which side `from` is differs between EngageLab's own examples; this is always the customer.
    address = read_address(text_of(contact.get("wa_id")))
    reason = _unusable(message_id, address)
    if not reason and not _is_ours(row, data, config=config):
        reason = "unknown_sender"
    if reason:
        key = message_id if 0 < len(message_id) <= MAX_ID_CHARS else f"row:{fingerprint(row)}"
        return Parsed(quarantine=(Quarantine(reason, key, raw),))
    said = _content(text_of(response.get("event")), data, message_id=message_id)
    user_id = read_address(text_of(contact.get("user_id")))
    origin = text_of(an_object(data.get("message_context")).get("origin_message_id"))
    return Parsed(
        messages=(
            InboundMessage(
                # What was taken back keeps its id, and taking it back is something new.
                provider_message_id=f"revoke:{message_id}" if said.kind == "revoke" else message_id,
                address=address,
                text=said.text,
                kind=said.kind,
                profile_name=shorten(
                    text_of(an_object(contact.get("profile")).get("name")).strip(),
                    limit=MAX_NAME_CHARS,
                ),
                media=said.media,
                sent_to=config.phone_number,
                other_addresses=(("user_id", user_id),) if user_id else (),
                reply_to=(origin or said.reply_to)[:MAX_ID_CHARS],
                sent_at=moment_of(row.get("itime")),
                raw=raw,
            ),
        )
    )


def _content(event: str, data: Json, *, message_id: str) -> Content:
    """Return what the customer did. An order comes beside the message, not in it."""
    if event == "deleted":
        return Content("revoke", media=({"kind": "revoke", "message_id": message_id},))
    message = an_object(data.get("message"))
    if event == "order" and "order" in data and "type" not in message:
        message = {"type": "order", "order": data["order"]}
    said = read_content(message)
    body = an_object(message.get(text_of(message.get("type"))))
    url = text_of(body.get("link")) or text_of(body.get("url"))
    return replace(said, media=tuple(_file(entry, url=url) for entry in said.media))


def _file(entry: dict[str, str], *, url: str) -> dict[str, str]:
    """Return a file with its address: EngageLab exchanges no ids, and what has none is missing."""
    if entry["kind"] != "file":
        return entry
    rest = {name: value for name, value in entry.items() if name != "id"}
    return {**rest, "url": shorten(url, limit=MAX_URL_CHARS), "state": file_state(url)}


def _unusable(message_id: str, address: str) -> str:
    """Return why no message can be made of a row, or blank."""
    if not message_id:
        return "message_sid_missing"
    # Room for the word before the id of a message that was taken back.
    if len(message_id) > MAX_ID_CHARS - len("revoke:"):
        return "message_sid_too_long"
    return "" if address else "bad_sender"


def _is_ours(row: Json, data: Json, *, config: ChannelConfig) -> bool:
    """Say whether a row is about the channel's own account and number, as far as it says so."""
    account = text_of(data.get("whatsapp_business_account_id"))
    if account and config.business_account_id and account != config.business_account_id:
        return False
    sides = {_digits(row.get(name)) for name in ("from", "to")} - {""}
    return not sides or _digits(config.phone_number) in sides


def _digits(value: object) -> str:
    return "".join(letter for letter in text_of(value) if letter.isdecimal()).lstrip("0")
