"""An AI agent that the customer hosts: one POST with a Bearer token, version "1.0", 45 seconds.

The contract: `conversation_id` (0 for a health check), `messages`, `org_uuid`, `participants`,
`prompt`, `version`; the answer has `reply_text`, in which `<HUMAN_HANDOVER>` asks for a person.
"""

import json
from typing import Any

from channels.egress import Resolver, resolve
from routing.ai import wire
from routing.ai.base import (
    MOST_IGNORED,
    Action,
    AiError,
    HandOver,
    Line,
    Question,
    Reply,
    Speaker,
    Thought,
    code_name,
)

VERSION = "1.0"
MARKER = "<HUMAN_HANDOVER>"
_SENDER_TYPES = {Speaker.CUSTOMER: "member", Speaker.AI: "ai_agent", Speaker.STAFF: "agent"}


def think(question: Question, *, resolver: Resolver = resolve) -> Thought:
    """Ask the customer's own agent. Raises `AiError`."""
    brief = question.brief
    body = json.dumps(build_request(question), ensure_ascii=False).encode("utf-8", "replace")
    headers = {
        "Authorization": f"Bearer {brief.key}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    return parse(
        wire.post(
            brief.base_url,
            body=body,
            headers=headers,
            resolver=resolver,
            timeout_s=brief.timeout_s,
        )
    )


def build_request(question: Question) -> dict[str, Any]:
    return {
        "conversation_id": question.conversation_id,
        "messages": [_message(line) for line in question.lines],
        "org_uuid": question.organisation,
        "participants": {},
        "prompt": question.brief.instructions,
        "version": VERSION,
    }


def parse(body: str) -> Thought:
    """Return what the answer asks for. Raises `AiError`: `malformed`, or `empty`."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise AiError("malformed") from None
    text = answer.get("reply_text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise AiError("malformed")
    if not text.strip():
        raise AiError("empty")
    said = text.replace(MARKER, "").strip()
    actions: list[Action] = [Reply(said)] if said else []
    if MARKER in text:
        actions.append(HandOver())
    ignored = sorted(f"field:{code_name(name)}" for name in answer if name != "reply_text")
    return Thought(tuple(actions), tuple(ignored[:MOST_IGNORED]))


def _message(line: Line) -> dict[str, Any]:
    return {
        "message_type": "text",
        "message_uuid": line.id,
        "sender_id": line.sender_id,
        "sender_type": _SENDER_TYPES[line.speaker],
        "text": line.text,
        "timestamp": line.at.isoformat().replace("+00:00", "Z"),
    }
