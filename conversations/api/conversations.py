"""Conversations: who waits, what was said, what happened, and what to do about it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import payloads, scope
from conversations.api.bodies import (
    OPEN_WORD,
    ConversationChanges,
    ConversationParameters,
    StatusBody,
    TagsBody,
)
from conversations.api.callers import actor_of
from conversations.api.serializers import ConversationOut, EventOut
from conversations.models import AutomaticText, Conversation, Event
from conversations.services import labels, lifecycle
from conversations.states import OPEN, IllegalTransitionError, Status, check_move
from teams.api.endpoints import Endpoint
from teams.api.fields import UUID_FORM
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem, ForbiddenProblem, NotFoundProblem
from teams.models import Role, User
from teams.scopes import Scope

NOT_BY_HAND = ("not_by_hand", _("A conversation is not put into this state by hand."))
_VERBS = {
    Status.RESOLVED: lifecycle.resolve,
    Status.CLOSED: lifecycle.close,
    Status.NEW: lifecycle.reopen,
}


class ConversationsEndpoint(Endpoint):
    parameters = ConversationParameters
    orderings = {
        "-id": ("-pk",),
        "id": ("pk",),
        "-last_message_at": ("-last_message_at", "-pk"),
        "last_message_at": ("last_message_at", "pk"),
    }

    @describe("listConversations", "List conversations", page_of=ConversationOut)
    def get(self, request: Request) -> Response:
        rows = _narrow(shown_to(caller(request)), self.filters, user=caller(request))
        return self.page(rows, serializer=ConversationOut)


class ConversationEndpoint(Endpoint):
    scopes = {"PATCH": Scope.CONVERSATIONS}

    @describe("getConversation", "Read one conversation", answer=ConversationOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(ConversationOut(pick_conversation(request, public_id)).data)

    @describe(
        "updateConversation",
        "Change tags or priority",
        body=ConversationChanges,
        answer=ConversationOut,
        refusals=(409, 412),
        examples={"urgent": {"priority": 10, "expected_version": 3}},
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        changes = self.read_body(ConversationChanges)
        labels.change(conversation, actor=actor_of(request), now=timezone.now(), **changes)
        return Response(ConversationOut(_again(conversation)).data)


class StatusEndpoint(Endpoint):
    """Move a conversation. The table of states decides what may follow what."""

    scopes = {"POST": Scope.CONVERSATIONS}

    @describe(
        "setStatus",
        "Resolve, close, snooze or reopen",
        body=StatusBody,
        answer=ConversationOut,
        examples={
            "resolve": {"status": "resolved"},
            "snooze": {"status": "snoozed", "snoozed_until": "2026-12-01T09:00:00Z"},
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        _refuse_foreign(conversation, user=caller(request))
        body = self.read_body(StatusBody)
        wanted = Status.NEW if body["status"] == OPEN_WORD else Status(body["status"])
        verb = _VERBS.get(wanted)
        if wanted == Status.SNOOZED:
            verb = partial(lifecycle.snooze, until=body.get("snoozed_until"))
        if verb is None:
            check_move(conversation.status, wanted)
            raise FieldProblem({"status": NOT_BY_HAND})
        if wanted in OPEN and conversation.status in OPEN:
            raise IllegalTransitionError(Status(conversation.status), wanted)
        verb(conversation, actor=actor_of(request), now=timezone.now())
        return Response(ConversationOut(_again(conversation)).data)


class TagsEndpoint(Endpoint):
    scopes = {"PUT": Scope.CONVERSATIONS}

    @describe(
        "setTags",
        "Set all tags",
        body=TagsBody,
        answer=ConversationOut,
        refusals=(409, 412),
        examples={"two": {"tags": ["billing", "urgent"]}},
    )
    def put(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        wanted = self.read_body(TagsBody)
        labels.change(conversation, actor=actor_of(request), now=timezone.now(), **wanted)
        return Response(ConversationOut(_again(conversation)).data)


class EventsEndpoint(Endpoint):
    """What happened, oldest first."""

    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listEvents", "List what happened", page_of=EventOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        rows = conversation.events.select_related("actor")
        events: list[Event] = self.paginate_queryset(rows) or []
        data = payloads.build_facts(events)
        shown = [
            {**EventOut(event).data, "data": facts}
            for event, facts in zip(events, data, strict=True)
        ]
        return self.get_paginated_response(shown)


def shown_to(user: User) -> QuerySet[Conversation]:
    """Return what the caller may see, with what is shown of it."""
    return _with_company(scope.conversations_of(user))


def pick_conversation(request: Request, public_id: UUID) -> Conversation:
    """Return a conversation that the caller may see; 404 for any other."""
    rows = shown_to(caller(request)).filter(public_id=public_id)
    conversation = rows.order_by("pk").first()
    if conversation is None:
        raise NotFoundProblem
    return conversation


def _again(conversation: Conversation) -> Conversation:
    """Read the row once more. The caller may see it even if it was moved out of their scope."""
    return _with_company(Conversation.objects.all()).get(pk=conversation.pk)


def _with_company(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    texts = Prefetch("automatic_texts", AutomaticText.objects.select_related("message"))
    company = rows.select_related("channel", "contact", "team", "assignee")
    return company.prefetch_related("surveys", texts)


def _refuse_foreign(conversation: Conversation, *, user: User) -> None:
    """Agents end what is theirs or nobody's; supervisors, what they may see."""
    is_own = conversation.assignee_id in (None, user.pk)
    if user.role < Role.SUPERVISOR and not is_own:
        detail = _("This conversation belongs to somebody else.")
        raise ForbiddenProblem("auth.role_insufficient", detail)


def _narrow(
    rows: QuerySet[Conversation], filters: dict[str, Any], *, user: User
) -> QuerySet[Conversation]:
    found = Q()
    for name, value in filters.items():
        found &= _FILTERS[name](value, user)
    return rows.filter(found)


def _of_team(reference: str, _user: User) -> Q:
    key = "public_id" if UUID_FORM.match(reference) else "code"
    return Q(**{f"team__{key}": reference})


def _of_assignee(word: str, user: User) -> Q:
    if word == "none":
        return Q(assignee=None)
    return Q(assignee=user) if word == "me" else Q(assignee__public_id=word)


_FILTERS: dict[str, Callable[[Any, User], Q]] = {
    "status": lambda value, _user: Q(status__in=value),
    "team": _of_team,
    "assignee": _of_assignee,
    "channel": lambda value, _user: Q(channel__public_id=value),
    "contact": lambda value, _user: Q(contact__public_id=value),
}
