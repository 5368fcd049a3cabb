"""The hot statements on PostgreSQL: one writable CTE for each step."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from conversations.statements.values import Appended, Handover, Incoming, Sender, Welcomed
from teams.identifiers import new_public_id

# The parts that several statements share. `{source}` is the CTE that they hang on: where it yields
# no row, they write none.
_INSERT_ENVELOPE = """
  INSERT INTO channels_envelope (channel_id, dedupe_key, signature, content_type, raw_body,
    outcome, reason, received_at)
  SELECT %(channel_id)s, %(dedupe_key)s, %(signature)s, %(content_type)s, %(raw_body)s,
    'accepted', '', %(now)s
  {source}
  ON CONFLICT DO NOTHING
  RETURNING id
"""
_INSERT_CONVERSATION = """
  INSERT INTO conversations_conversation (public_id, contact_id, identity_id, channel_id, status,
    priority, tags, version, message_count, resolution_count, opened_at, last_message_at,
    last_inbound_at, waiting_since, routing_due_at)
  SELECT %(conversation_public_id)s, contact_id, identity_id, %(channel_id)s, 'new',
    0, '[]', 1, 1, 0, %(now)s, %(now)s, %(now)s, %(now)s, %(now)s
  FROM {source}
  ON CONFLICT DO NOTHING
  RETURNING id, contact_id, message_count
"""
_INSERT_MESSAGE = """
  INSERT INTO conversations_message (public_id, conversation_id, channel_id, sequence, direction,
    author_kind, kind, body, media, provider_message_id, created_at,
    delivery_status, error_code, error_detail, attempt)
  SELECT %(message_public_id)s, id, %(channel_id)s, message_count, 'inbound',
    'contact', %(kind)s, %(text)s, %(media)s::jsonb, %(provider_message_id)s, %(now)s,
    '', '', '', 0
  FROM {source}
"""
_INSERT_RECEIVED = """
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id,
    actor_kind, actor_label, data, occurred_at)
  SELECT %(event_public_id)s, 'message.received', id, contact_id,
    'contact', '', %(event_data)s::jsonb, %(now)s
  FROM {source}
"""
_INSERT_STARTED = """
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id,
    actor_kind, actor_label, data, occurred_at)
  SELECT what.public_id, what.type, id, contact_id, 'contact', '', what.data, %(now)s
  FROM {source}, (VALUES
    (%(started_public_id)s::uuid, 'conversation.created', '{{}}'::jsonb),
    (%(event_public_id)s::uuid, 'message.received', %(event_data)s::jsonb)
  ) AS what (public_id, type, data)
"""

# The conversation is locked before the envelope is written: once it is ours it cannot be resolved
# under our hands, so either everything is written or nothing.
_APPEND = f"""
WITH sender AS (
  SELECT id AS identity_id, contact_id
  FROM conversations_identity
  WHERE medium = %(medium)s AND address = %(address)s
), open_one AS (
  SELECT c.id
  FROM conversations_conversation c JOIN sender ON c.contact_id = sender.contact_id
  WHERE c.channel_id = %(channel_id)s AND c.status IN ('bot', 'new', 'in_progress')
  FOR NO KEY UPDATE OF c
), envelope AS ({_INSERT_ENVELOPE.format(source="FROM open_one")}
), appended AS (
  UPDATE conversations_conversation c
  SET message_count = c.message_count + 1, last_message_at = %(now)s, last_inbound_at = %(now)s,
    waiting_since = COALESCE(c.waiting_since, %(now)s)
  FROM open_one, envelope
  WHERE c.id = open_one.id
  RETURNING c.id, c.contact_id, c.message_count
), message AS ({_INSERT_MESSAGE.format(source="appended")}
), event AS ({_INSERT_RECEIVED.format(source="appended")}
)
SELECT sender.identity_id, sender.contact_id, open_one.id, appended.id
FROM (VALUES (1)) AS one_row
LEFT JOIN sender ON true
LEFT JOIN open_one ON true
LEFT JOIN appended ON true
"""

# The identity goes first, naming a contact that does not exist yet (the foreign key is checked at
# commit): of two deliveries at once only one wins it, and only the winner creates the contact.
_WELCOME = f"""
WITH envelope AS ({_INSERT_ENVELOPE.format(source="")}
), identity AS (
  INSERT INTO conversations_identity (contact_id, medium, address, created_at)
  SELECT nextval(pg_get_serial_sequence('conversations_contact', 'id')),
    %(medium)s, %(address)s, %(now)s
  FROM envelope
  ON CONFLICT DO NOTHING
  RETURNING id AS identity_id, contact_id
), contact AS (
  INSERT INTO conversations_contact (id, public_id, name, phone, language, tags, attributes,
    created_at)
  SELECT contact_id, %(contact_public_id)s, %(profile_name)s, %(phone)s, '', '[]', '{{}}', %(now)s
  FROM identity
), conversation AS ({_INSERT_CONVERSATION.format(source="identity")}
), message AS ({_INSERT_MESSAGE.format(source="conversation")}
), event AS ({_INSERT_STARTED.format(source="conversation")}
)
SELECT envelope.id, conversation.contact_id, conversation.id
FROM (VALUES (1)) AS one_row
LEFT JOIN envelope ON true
LEFT JOIN conversation ON true
"""

_START = f"""
WITH sender AS (
  -- Locked against a merge of contacts: whoever has the address now, or nobody.
  SELECT id AS identity_id, contact_id FROM conversations_identity
  WHERE id = %(identity_id)s AND contact_id = %(contact_id)s
  FOR NO KEY UPDATE
), conversation AS ({_INSERT_CONVERSATION.format(source="sender")}
), message AS ({_INSERT_MESSAGE.format(source="conversation")}
), event AS ({_INSERT_STARTED.format(source="conversation")}
)
SELECT id FROM conversation
"""

# One statement sees one snapshot: the person's guard decides, the conversation follows the person,
# history follows the conversation. A lost guard leaves an answer that makes the caller roll back.
_HAND_OVER = """
WITH person AS (
  UPDATE teams_user SET load = load + 1, last_assigned_at = %(now)s
  WHERE id = %(user_id)s AND is_active AND load < COALESCE(%(load_limit)s::integer, 2147483647)
  RETURNING id
), conversation AS (
  UPDATE conversations_conversation c
  SET assignee_id = person.id, team_id = %(team_id)s, version = c.version + 1,
    routing_due_at = NULL, placing_due_at = NULL,
    reply_due_at = %(reply_due_at)s,
    tags = COALESCE(%(tags)s::jsonb, c.tags), priority = COALESCE(%(priority)s, c.priority)
  FROM person
  WHERE c.id = %(conversation_id)s AND c.version = %(seen_version)s
    AND c.assignee_id IS NULL AND c.status IN ('new', 'in_progress')
  RETURNING c.id
), assignment AS (
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, actor_id,
    started_at, end_reason)
  SELECT id, %(team_id)s, %(user_id)s, %(assignment_kind)s, %(actor_id)s, %(now)s, ''
  FROM conversation
  RETURNING id
), event AS (
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id,
    actor_kind, actor_id, actor_label, data, occurred_at)
  SELECT %(event_public_id)s, 'conversation.assigned', id, %(contact_id)s,
    %(actor_kind)s, %(actor_id)s, %(actor_label)s, %(event_data)s::jsonb, %(now)s
  FROM conversation
)
SELECT id FROM assignment
"""

# The same for many at once. Everybody's places are counted together; the people are locked already.
_HAND_OVER_MANY = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(%(handovers)s::jsonb) AS given (place integer,
    conversation_id bigint, contact_id bigint, seen_version integer, user_id bigint,
    team_id bigint, kind text, tags jsonb, priority integer, load_limit integer,
    reply_due_at timestamptz, actor_kind text, actor_id bigint, actor_label text,
    event_public_id uuid, event_data jsonb)
), asked AS (
  SELECT user_id, count(*) AS places, min(load_limit) AS load_limit FROM given GROUP BY user_id
), person AS (
  UPDATE teams_user u SET load = u.load + asked.places, last_assigned_at = %(now)s
  FROM asked
  WHERE u.id = asked.user_id AND u.is_active
    AND u.load + asked.places <= COALESCE(asked.load_limit, 2147483647)
  RETURNING u.id
), conversation AS (
  UPDATE conversations_conversation c
  SET assignee_id = person.id, team_id = given.team_id, version = c.version + 1,
    routing_due_at = NULL, placing_due_at = NULL, reply_due_at = given.reply_due_at,
    tags = COALESCE(given.tags, c.tags), priority = COALESCE(given.priority, c.priority)
  FROM given JOIN person ON person.id = given.user_id
  WHERE c.id = given.conversation_id AND c.version = given.seen_version
    AND c.assignee_id IS NULL AND c.status IN ('new', 'in_progress')
  RETURNING c.id
), assignment AS (
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, actor_id,
    started_at, end_reason)
  SELECT conversation.id, team_id, user_id, kind, actor_id, %(now)s, ''
  FROM conversation JOIN given ON given.conversation_id = conversation.id
  ORDER BY given.place
  RETURNING id, conversation_id
), event AS (
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id,
    actor_kind, actor_id, actor_label, data, occurred_at)
  SELECT event_public_id, 'conversation.assigned', conversation.id, contact_id,
    actor_kind, actor_id, actor_label, event_data, %(now)s
  FROM conversation JOIN given ON given.conversation_id = conversation.id
  ORDER BY given.place
)
SELECT conversation_id, id FROM assignment
"""


def append_to_open(incoming: Incoming) -> Appended:
    row = _run(_APPEND, _message_parameters(incoming))
    identity_id, contact_id, open_id, appended_id = row
    return Appended(
        sender=Sender(identity_id, contact_id) if identity_id is not None else None,
        conversation_id=appended_id,
        is_duplicate=open_id is not None and appended_id is None,
    )


def welcome(incoming: Incoming) -> Welcomed:
    row = _run(
        _WELCOME,
        {
            **_message_parameters(incoming),
            **_conversation_parameters(),
            "contact_public_id": new_public_id(),
            "profile_name": incoming.profile_name[:200],
            "phone": incoming.phone,
        },
    )
    envelope_id, contact_id, conversation_id = row
    return Welcomed(contact_id or 0, conversation_id, is_duplicate=envelope_id is None)


def store_envelope(incoming: Incoming) -> bool:
    row = _run(_INSERT_ENVELOPE.format(source=""), _message_parameters(incoming))
    return row is not None


def hold_addresses(medium: str, addresses: list[str]) -> None:
    with connection.cursor() as cursor:
        for address in addresses:
            name = f"identity:{medium}:{address}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def start_conversation(incoming: Incoming, *, sender: Sender) -> int | None:
    row = _run(
        _START,
        {
            **_message_parameters(incoming),
            **_conversation_parameters(),
            "identity_id": sender.identity_id,
            "contact_id": sender.contact_id,
        },
    )
    return int(row[0]) if row else None


def hand_over(handover: Handover) -> int | None:
    row = _run(
        _HAND_OVER,
        {
            "conversation_id": handover.conversation_id,
            "contact_id": handover.contact_id,
            "seen_version": handover.seen_version,
            "user_id": handover.user_id,
            "team_id": handover.team_id,
            "assignment_kind": handover.kind,
            "tags": None if handover.tags is None else json.dumps(handover.tags),
            "priority": handover.priority,
            "load_limit": handover.load_limit,
            "reply_due_at": handover.reply_due_at,
            "actor_kind": handover.actor_kind,
            "actor_id": handover.actor_id,
            "actor_label": handover.actor_label,
            "event_public_id": new_public_id(),
            "event_data": json.dumps(handover.event_data),
            "now": handover.now,
        },
    )
    return int(row[0]) if row else None


def hand_over_many(handovers: Sequence[Handover]) -> dict[int, int]:
    rows = [
        {
            "place": place,
            "event_public_id": str(new_public_id()),
            **{name: getattr(each, name) for name in _HANDOVER_COLUMNS},
            "reply_due_at": each.reply_due_at and each.reply_due_at.isoformat(),
        }
        for place, each in enumerate(handovers)
    ]
    with connection.cursor() as cursor:
        now = handovers[0].now
        cursor.execute(_HAND_OVER_MANY, {"handovers": json.dumps(rows), "now": now})
        return dict(cursor.fetchall())


_HANDOVER_COLUMNS = (
    "conversation_id",
    "contact_id",
    "seen_version",
    "user_id",
    "team_id",
    "kind",
    "tags",
    "priority",
    "load_limit",
    "actor_kind",
    "actor_id",
    "actor_label",
    "event_data",
)


def _message_parameters(incoming: Incoming) -> dict[str, Any]:
    return {
        "channel_id": incoming.channel_id,
        "medium": incoming.medium,
        "address": incoming.address,
        "kind": incoming.kind,
        "text": incoming.text,
        "media": json.dumps(incoming.media),
        "dedupe_key": incoming.dedupe_key,
        "provider_message_id": incoming.provider_message_id,
        "signature": incoming.signature,
        "content_type": incoming.content_type[:200],
        "raw_body": incoming.raw_body,
        "message_public_id": incoming.message_public_id,
        "event_public_id": new_public_id(),
        "event_data": json.dumps({"message": str(incoming.message_public_id)}),
        "now": incoming.now,
    }


def _conversation_parameters() -> dict[str, Any]:
    return {"conversation_public_id": new_public_id(), "started_public_id": new_public_id()}


def _run(statement: str, parameters: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()
