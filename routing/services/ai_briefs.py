"""AI agents and conversations as the adapters are asked about them: rows become values."""

from itertools import dropwhile
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from channels.secrets import SecretUnreadableError
from conversations.models import Conversation, Message
from conversations.models.message import AuthorKind, Direction
from routing.ai.base import AiError, Brief, Entry, Line, Question, Speaker
from routing.models import AiAgent

#: As much of a conversation as a model is shown: its end.
MOST_LINES = 40
#: As much of one message. WhatsApp itself takes no longer ones; a door without a signature might.
LONGEST_LINE = 4096
_SPEAKERS = {AuthorKind.CONTACT: Speaker.CUSTOMER, AuthorKind.AI: Speaker.AI}


def brief_of(agent: AiAgent) -> Brief:
    """Return who answers, and with what. Raises `AiError("key_missing")` if its key is lost."""
    try:
        key = agent.key
    except SecretUnreadableError:
        raise AiError("key_missing") from None
    return Brief(
        kind=agent.kind,
        name=agent.name,
        instructions=agent.instructions,
        languages=tuple(agent.languages),
        base_url=agent.base_url,
        model=agent.model,
        key=key,
        timeout_s=float(agent.timeout_s),
        entries=tuple(
            Entry(entry.question, entry.answer, tuple(entry.keywords))
            for entry in agent.entries.all()
        ),
        tags=tuple(agent.allowed_tags),
    )


def load_lines(conversation: Conversation) -> list[Message]:
    """Return the end of what was said, oldest first.

    Notes were said to nobody, and a greeting or a survey answers nothing. Neither does what a flow
    said last, before it left the customer to the AI agent.
    """
    said = Message.objects.filter(conversation=conversation).exclude(direction=Direction.NOTE)
    said = said.exclude(author_kind=AuthorKind.SYSTEM)
    last_first = said.order_by("-sequence")[:MOST_LINES]
    return list(dropwhile(_is_by_a_flow, last_first))[::-1]


def _is_by_a_flow(message: Message) -> bool:
    return message.author_kind == AuthorKind.FLOW


def question_about(
    conversation: Conversation, *, agent: AiAgent, messages: list[Message]
) -> Question:
    """Return what an AI agent is asked about a conversation."""
    return Question(
        brief=brief_of(agent),
        lines=tuple(_line(message, conversation=conversation) for message in messages),
        conversation_id=conversation.pk,
        organisation=organisation(),
    )


def organisation() -> str:
    """Return the name of this installation for servers that keep several apart."""
    return str(uuid5(NAMESPACE_URL, settings.PUBLIC_BASE_URL))


def _line(message: Message, *, conversation: Conversation) -> Line:
    is_theirs = message.direction == Direction.INBOUND
    return Line(
        speaker=_SPEAKERS.get(AuthorKind(message.author_kind), Speaker.STAFF),
        text=_text(message),
        at=message.created_at,
        id=str(message.public_id),
        sender_id=conversation.contact_id if is_theirs else message.author_id or 0,
    )


def _text(message: Message) -> str:
    """Return what a message says; of a picture only that it was one."""
    text = message.body
    if len(text) > LONGEST_LINE:
        text = f"{text[:LONGEST_LINE]}…"
    return text if message.kind == "text" else f"[{message.kind}] {text}".strip()
