"""Builders for tests: keyword-only, with sensible defaults. A test states only what it is about."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from callbacks.models import Callback
from callbacks.slots import Slot, at_instant
from callbacks.states import PENDING, CallbackStatus
from callbacks.zone_rules import RELEASE
from channels.models import Channel, ChannelMember, ChannelText, Endpoint, Provider, Template
from conversations import media_files
from conversations.actors import Actor
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Event,
    FileState,
    Identity,
    Message,
)
from conversations.models.message import AuthorKind, Direction
from conversations.statements import Incoming
from conversations.states import Status
from routing.ai.base import Entry
from routing.models import AiAgent, AiKind, Condition, Flow, Rule, RuleSet
from routing.services import ai_agents as ai_agent_services
from routing.services import flows as flow_services
from routing.services import rule_publishing
from teams.identifiers import new_public_id
from teams.models import Membership, Presence, Role, Strategy, Team, User
from teams.scopes import every_scope
from teams.services import api_keys
from tests import moments

_numbers = itertools.count(1)

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"


def make_agent(
    *, name: str = "Alice", presence: str = Presence.ONLINE, role: int = Role.AGENT, **fields: Any
) -> User:
    number = next(_numbers)
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}.{number}@example.com")
    return User.objects.create_user(email, name=name, presence=presence, role=role, **fields)


def make_incoming(
    channel: Channel,
    *,
    sid: str = "SM1",
    text: str = "Hello",
    address: str = "+819000000001",
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Incoming:
    """Return what came in by the door, as the inbox takes it."""
    asked = {
        "kind": "text",
        "media": (),
        "profile_name": "Dora",
        "signature": f"signature of {sid}",
        "content_type": "application/x-www-form-urlencoded",
        "raw_body": b"Body=Hello",
        "message_public_id": new_public_id(),
    }
    return Incoming(
        channel_id=channel.pk,
        medium="whatsapp",
        address=address,
        text=text,
        provider_message_id=sid,
        now=now,
        **{**asked, **fields},
    )


def make_supervisor(*, name: str = "Sachi", **fields: Any) -> User:
    return make_agent(name=name, role=Role.SUPERVISOR, **fields)


def make_administrator(*, name: str = "Ada", **fields: Any) -> User:
    return make_agent(name=name, role=Role.ADMINISTRATOR, **fields)


def make_team(
    *,
    name: str = "Support",
    members: tuple[User, ...] = (),
    strategy: str = Strategy.ROUND_ROBIN,
    **fields: Any,
) -> Team:
    code = fields.pop("code", f"{name.lower().replace(' ', '-')}-{next(_numbers)}")
    team = Team.objects.create(name=name, code=code, strategy=strategy, **fields)
    for position, user in enumerate(members):
        Membership.objects.create(team=team, user=user, position=position)
    return team


def make_channel(
    *,
    name: str = "WhatsApp Tokyo",
    provider: str = Provider.TWILIO,
    agents: tuple[User, ...] = (),
    **fields: Any,
) -> Channel:
    fields.setdefault("account_sid", ACCOUNT_SID)
    fields.setdefault("auth_token", AUTH_TOKEN)
    if "messaging_service_sid" not in fields:
        fields.setdefault("phone_number", f"+1555000{next(_numbers):04d}")
    texts = fields.pop("texts", {})
    channel = Channel.objects.create(name=name, provider=provider, **fields)
    for kind, text in texts.items():
        ChannelText.objects.create(channel=channel, kind=kind, language="en", text=text)
    for position, user in enumerate(agents):
        ChannelMember.objects.create(channel=channel, user=user, position=position)
    return channel


def make_cloud_channel(*, name: str = "WhatsApp Berlin", **fields: Any) -> Channel:
    """Make a channel as `tests.fake_cloud` knows it."""
    return Channel.objects.create(
        name=name,
        provider=Provider.WHATSAPP_CLOUD,
        **{
            "phone_number_id": "106540352242922",
            "business_account_id": "102290129340398",
            "access_token": "the-access-token",
            "app_secret": "the-app-secret",
            **fields,
        },
    )


def make_engagelab_channel(*, name: str = "WhatsApp Singapore", **fields: Any) -> Channel:
    """Make a channel as `tests.fake_engagelab` knows it."""
    return Channel.objects.create(
        name=name,
        provider=Provider.ENGAGELAB,
        **{
            "phone_number": "+15550009999",
            "business_account_id": "123321",
            "dev_key": "the-dev-key",
            "dev_secret": "the-dev-secret",
            **fields,
        },
    )


def make_endpoint(
    *,
    name: str = "CRM",
    url: str = "https://crm.example.com/events",
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Endpoint:
    return Endpoint.objects.create(name=name, url=url, created_at=now, **fields)


def make_template(*, channel: Channel, **fields: Any) -> Template:
    """Make an approved template with one placeholder."""
    return Template.objects.create(
        channel=channel,
        provider_template_id=f"HX{next(_numbers):032d}",
        name=fields.pop("name", "order_update"),
        language=fields.pop("language", "en"),
        body=fields.pop("body", "Hi {{1}}, your order is on its way."),
        variables=fields.pop("variables", ["1"]),
        status=fields.pop("status", "approved"),
        synced_at=fields.pop("now", moments.WEDNESDAY_MORNING),
        **fields,
    )


def make_event(
    *,
    conversation: Conversation | None = None,
    type: str = "message.received",
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Event:
    """Write down that something happened, of which the endpoints have not been told."""
    fields.setdefault("actor_kind", "system")
    fields.setdefault("contact", conversation.contact if conversation else None)
    return Event.objects.create(type=type, conversation=conversation, occurred_at=now, **fields)


def lose_key(channel: Channel, name: str = "auth_token") -> None:
    """Leave a secret of the channel as a database has it whose key is gone."""
    # Written past the field, which would encrypt whatever it is given.
    with connection.cursor() as cursor:
        statement = f"UPDATE channels_channel SET {name} = 'gone' WHERE id = %s"
        cursor.execute(statement, [channel.pk])


def make_contact(
    *,
    name: str = "Dora",
    address: str = "",
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Contact:
    address = address or f"+8190000{next(_numbers):05d}"
    contact = Contact.objects.create(name=name, phone=address, created_at=now, **fields)
    Identity.objects.create(contact=contact, medium="whatsapp", address=address, created_at=now)
    return contact


def make_conversation(
    *,
    channel: Channel | None = None,
    contact: Contact | None = None,
    status: str = Status.NEW,
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Conversation:
    """Make a conversation without messages that nobody has."""
    channel = channel or make_channel()
    contact = contact or make_contact(now=now)
    fields.setdefault("waiting_since", now if status == Status.NEW else None)
    return Conversation.objects.create(
        channel=channel,
        contact=contact,
        identity=contact.identities.get(),
        status=status,
        opened_at=now,
        last_message_at=now,
        last_inbound_at=fields.pop("last_inbound_at", now),
        **fields,
    )


def make_callback(
    *,
    conversation: Conversation | None = None,
    channel: Channel | None = None,
    team: Team | None = None,
    slot: Slot | None = None,
    status: str = CallbackStatus.SCHEDULED,
    **fields: Any,
) -> Callback:
    """Make a promise to call at a time on a wall: in an hour, in Tokyo, from a conversation.

    `channel` makes one without a conversation.
    """
    slot = slot or at_instant(moments.WEDNESDAY_MORNING + timedelta(hours=1), zone="Asia/Tokyo")
    if conversation is None and channel is None:
        conversation = make_conversation()
    identity = conversation.identity if conversation else make_contact().identities.get()
    values = {
        "identity": identity,
        "number": identity.address,
        "wall_date": slot.day,
        "wall_clock": slot.clock,
        "zone": slot.zone,
        "zone_rules": RELEASE,
        "due_at": slot.at,
        "look_due_at": slot.at if status in PENDING else None,
        "created_at": moments.WEDNESDAY_MORNING,
    }
    return Callback.objects.create(
        conversation=conversation,
        is_from_conversation=conversation is not None,
        channel=channel or conversation.channel,
        team=team or (conversation and conversation.team) or make_team(),
        status=status,
        **{**values, **fields},
    )


def make_rule(
    *,
    name: str = "Refunds",
    conditions: tuple[tuple[str, str, str], ...] = (),
    **fields: Any,
) -> Rule:
    """Make a rule that decides: the whole draft is published with it."""
    fields.setdefault("position", next(_numbers))
    rule = Rule.objects.create(name=name, **fields)
    for position, (field, operator, value) in enumerate(conditions):
        Condition.objects.create(
            rule=rule, position=position, field=field, operator=operator, value=value
        )
    publish_all()
    return rule


def publish_all(*, now: datetime = moments.WEDNESDAY_MORNING) -> RuleSet:
    """Let the rules as they are being edited decide."""
    return rule_publishing.publish(actor=Actor.system(), note="As made for a test", now=now)


def make_ai_agent(
    *,
    name: str = "Fay",
    kind: str = AiKind.FAQ,
    channels: tuple[Channel, ...] = (),
    entries: tuple[tuple[str, str, str], ...] = (),
    **fields: Any,
) -> AiAgent:
    """Make an AI agent that runs; `entries` are question, answer and a keyword."""
    now = fields.pop("now", moments.WEDNESDAY_MORNING)
    agent = AiAgent(name=name, kind=kind, is_running=fields.pop("is_running", True), **fields)
    position = next(_numbers)
    return ai_agent_services.save(
        agent,
        places=[ai_agent_services.Place(channel, position) for channel in channels],
        entries=[Entry(question, answer, (word,)) for question, answer, word in entries],
        now=now,
    )


def make_flow(
    *,
    steps: list[dict[str, Any]],
    name: str = "Welcome",
    trigger: str = "any_message",
    words: tuple[str, ...] = (),
    channels: tuple[Channel, ...] = (),
    now: datetime = moments.WEDNESDAY_MORNING,
) -> Flow:
    """Make a flow that is published and on."""
    head = flow_services.Head(name, trigger, words=words, channels=channels)
    flow = flow_services.create(head, document={"steps": steps}, author=None, now=now)
    flow_services.publish(flow, author=None, now=now)
    flow.refresh_from_db()
    return flow


def make_api_key(*, user: User, scopes: list[str] | None = None, name: str = "CRM") -> str:
    """Issue a key with every scope, or with these; return the secret."""
    return api_keys.issue(user, name=name, scopes=scopes or every_scope()).key


def make_message(
    *,
    conversation: Conversation,
    body: str = "Where is my order?",
    direction: str = Direction.INBOUND,
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Message:
    """Append a message, by the customer unless it says otherwise."""
    author = fields.get("author")
    default_kind = AuthorKind.AGENT if author else AuthorKind.CONTACT
    conversation.message_count += 1
    conversation.last_message_at = now
    conversation.save(update_fields=["message_count", "last_message_at"])
    return Message.objects.create(
        conversation=conversation,
        channel=conversation.channel,
        sequence=conversation.message_count,
        direction=direction,
        author_kind=fields.pop("author_kind", default_kind),
        body=body,
        created_at=now,
        **fields,
    )


def make_file(
    *, message: Message, now: datetime = moments.WEDNESDAY_MORNING, **fields: Any
) -> Attachment:
    """Give a message a file that is to be fetched."""
    fields.setdefault("position", 0)
    if fields.get("state", FileState.PENDING) == FileState.PENDING:
        fields.setdefault("fetch_due_at", now)
    return Attachment.objects.create(message=message, created_at=now, **fields)


def make_stored_file(
    *,
    message: Message,
    content: bytes,
    now: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Attachment:
    """Give a message a file that is on the disk."""
    public_id = new_public_id()
    stored = media_files.write(public_id, [content])
    return make_file(
        message=message,
        now=now,
        public_id=public_id,
        state=FileState.STORED,
        stored_at=now,
        path=stored.path,
        size=stored.size,
        content_type=fields.pop("content_type", stored.content_type),
        **fields,
    )
