"""Callbacks: what is promised, promising, putting right."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callbacks.api import times
from callbacks.api.bodies import CallbackChanges, CallbackParameters, NewCallback
from callbacks.api.serializers import CallbackOut
from callbacks.models import CallAttempt, Callback
from callbacks.rights import may_call, may_change
from callbacks.services import changing, scheduling
from callbacks.services.checks import Claim
from callbacks.services.scheduling import Wish
from callbacks.states import CallbackStatus
from channels.models import Channel
from conversations import scope
from conversations.api.callers import actor_of
from conversations.models import Conversation
from routing.api.reach import refuse_target
from teams.api.endpoints import Endpoint
from teams.api.fields import UUID_FORM
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller, require
from teams.api.problems import ForbiddenProblem, NotFoundProblem, Problem
from teams.models import Team, User
from teams.permissions import Right, is_allowed
from teams.scopes import Scope

SOME_ID = "0199c0de-0000-7000-8000-000000000241"
_TOLD = ("name", "note", "data", "caller_id", "caller_id_name", "country_code")


class CallbacksEndpoint(Endpoint):
    scopes = {"POST": Scope.CALLBACKS}
    rights = {"POST": Right.SCHEDULE_CALLBACKS}
    parameters = CallbackParameters
    orderings = {
        "due_at": ("due_at", "pk"),
        "-due_at": ("-due_at", "-pk"),
        "-id": ("-pk",),
        "id": ("pk",),
    }

    @describe("listCallbacks", "List callbacks", page_of=CallbackOut)
    def get(self, request: Request) -> Response:
        rows = shown_to(caller(request))
        if self.filters.pop("late", False):
            rows = rows.filter(pk__in=Callback.objects.late(timezone.now()).values("pk"))
        found = Q()
        for name, value in self.filters.items():
            found &= _FILTERS[name](value, caller(request))
        return self.page(rows.filter(found), serializer=CallbackOut)

    @describe(
        "scheduleCallback",
        "Promise a call",
        body=NewCallback,
        answer=CallbackOut,
        status=status.HTTP_201_CREATED,
        refusals=(404, 409),
        examples={
            "of a conversation": {
                "conversation": SOME_ID,
                "local_time": "2026-11-25T10:30",
                "timezone": "Europe/Paris",
                "note": "Wants to know about the larger frame.",
            },
            "without one": {
                "phone": "+81312345678",
                "team": {"code": "cs"},
                "due_at": "2026-11-25T01:30:00Z",
                "data": {"order": "4711"},
            },
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body, now = self.read_body(NewCallback), timezone.now()
        conversation = _conversation(request, body)
        claim, person = times.read_claim(body)
        times.refuse_other_person(request, person=person)
        team = times.read_team(body)
        if conversation is None and team is not None:
            _refuse_foreign(caller(request), team)
        number = body.get("phone", "")
        zone = scheduling.zone_of_wish(number, conversation=conversation, team=team)
        wish = Wish(
            number=number,
            team=team,
            slot=times.read_slot(body, zone=zone, now=now),
            claim=claim or Claim.ANY,
            agent=person,
            override_reason=body.get("override_reason", ""),
            zone=body.get("timezone", zone),
            is_checked=body["validate_phone"],
            **{name: body[name] for name in _TOLD if name in body},
        )
        callback = scheduling.schedule(
            conversation, wish=wish, channel=_channel(body), actor=actor_of(request), now=now
        )
        return Response(show(callback), status=status.HTTP_201_CREATED)


class CallbackEndpoint(Endpoint):
    scopes = {"PATCH": Scope.CALLBACKS}
    rights = {"PATCH": Right.SCHEDULE_CALLBACKS}

    @describe("getCallback", "Read one callback", answer=CallbackOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(CallbackOut(pick_callback(request, public_id)).data)

    @describe(
        "updateCallback",
        "Put off, hand over or correct a callback",
        body=CallbackChanges,
        answer=CallbackOut,
        refusals=(409, 412),
        examples={
            "put off": {"local_time": "2026-11-26T09:00", "reason": "Not at home before."},
            "hand over": {"team": {"code": "sales"}, "owner": None},
        },
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        callback = pick_changeable(request, public_id)
        body = self.read_body(CallbackChanges)
        expected = body.get("expected_version")
        if expected is not None and expected != callback.version:
            raise Problem(
                status.HTTP_412_PRECONDITION_FAILED,
                "callback.version_conflict",
                _("The callback changed since you read it."),
            )
        correct(request, callback, body)
        if times.is_timed(body) or "timezone" in body:
            reschedule(request, callback, body)
        if {"team", "owner", "preferred_agent"} & set(body):
            transfer(request, callback, body)
        return Response(show(callback))


def reschedule(request: Request, callback: Callback, told: times.Told) -> None:
    now = timezone.now()
    changing.reschedule(
        callback,
        slot=times.read_other_slot(callback, told, now=now),
        reason=told.get("reason", ""),
        override_reason=told.get("override_reason", ""),
        actor=actor_of(request),
        now=now,
    )


def transfer(request: Request, callback: Callback, told: times.Told) -> None:
    claim, person = times.read_claim(told)
    team = times.read_team(told)
    if callback.status != CallbackStatus.SCHEDULED:
        require(request, Right.MANAGE_CALLBACKS)
    if team is not None or (person is not None and person.pk != caller(request).pk):
        refuse_target(caller(request), callback.conversation, team=team, person=person)
    changing.transfer(
        callback,
        team=team,
        agent=person,
        claim=claim,
        reason=told.get("reason", ""),
        actor=actor_of(request),
        now=timezone.now(),
    )


def correct(request: Request, callback: Callback, told: times.Told) -> None:
    changes: Any = {name: told[name] for name in _TOLD if name in told}
    if "phone" in told:
        changes |= {"number": told["phone"], "is_checked": told["validate_phone"]}
    if changes:
        changing.edit(callback, actor=actor_of(request), now=timezone.now(), **changes)


def shown_to(user: User) -> QuerySet[Callback]:
    """Return what the caller may see, with what is shown of it."""
    return _with_company(Callback.objects.visible_to(user))


def pick_callback(request: Request, public_id: UUID) -> Callback:
    """Return a callback that the caller may see; 404 for any other."""
    rows = shown_to(caller(request)).filter(public_id=public_id)
    callback = rows.order_by("pk").first()
    if callback is None:
        raise NotFoundProblem
    return callback


def pick_changeable(request: Request, public_id: UUID) -> Callback:
    """Return a callback that the caller may change: supervisors any they see, agents their own."""
    return _pick(request, public_id, may=may_change)


def pick_to_call(request: Request, public_id: UUID) -> Callback:
    """Return a callback that the caller may make."""
    return _pick(request, public_id, may=may_call)


def _pick(request: Request, public_id: UUID, *, may: Callable[[User, Callback], bool]) -> Callback:
    callback = pick_callback(request, public_id)
    if not may(caller(request), callback):
        raise ForbiddenProblem("auth.role_insufficient", _("This callback is somebody else's."))
    return callback


def show(callback: Callback) -> Any:
    """Return the row as it is now. The caller may see it even if it went out of their scope."""
    return CallbackOut(_with_company(Callback.objects.all()).get(pk=callback.pk)).data


def _with_company(rows: Any) -> QuerySet[Callback]:
    attempts = Prefetch("attempts", CallAttempt.objects.select_related("agent"))
    people = ("owner", "preferred_agent", "offered_to", "created_by")
    company: QuerySet[Callback] = rows.select_related(
        "conversation", "identity__contact", "channel", "team", *people
    )
    return company.prefetch_related(attempts)


def _refuse_foreign(user: User, team: Team) -> None:
    """Refuse who promises, out of nothing, for a team that is not theirs."""
    if is_allowed(user, Right.ASSIGN_ANYWHERE) or user.teams.filter(pk=team.pk).exists():
        return
    detail = _("Your role may not assign to this team or person.")
    raise ForbiddenProblem("auth.role_insufficient", detail)


def _conversation(request: Request, body: dict[str, Any]) -> Conversation | None:
    if "conversation" not in body:
        return None
    rows = scope.conversations_of(caller(request)).filter(public_id=body["conversation"])
    related = ("channel", "contact", "identity__contact", "team")
    conversation = rows.select_related(*related).order_by("pk").first()
    if conversation is None:
        raise NotFoundProblem("conversation.not_found")
    return conversation


def _channel(body: dict[str, Any]) -> Channel | None:
    if "channel" not in body:
        return None
    channel = Channel.objects.filter(public_id=body["channel"]).order_by("pk").first()
    if channel is None:
        raise NotFoundProblem("channel.not_found")
    return channel


def _of_owner(word: str, user: User) -> Q:
    if word == "none":
        return Q(owner=None)
    return Q(owner=user) if word == "me" else Q(owner__public_id=word)


def _of_team(reference: str, _user: User) -> Q:
    key = "public_id" if UUID_FORM.match(reference) else "code"
    return Q(**{f"team__{key}": reference})


_FILTERS: dict[str, Callable[[Any, User], Q]] = {
    "state": lambda value, _user: Q(status__in=value),
    "phone": lambda value, _user: Q(number__contains=value.strip()),
    "due_since": lambda value, _user: Q(due_at__gte=value),
    "due_until": lambda value, _user: Q(due_at__lt=value),
    "owner": _of_owner,
    "owned": lambda value, _user: Q(owner__isnull=not value),
    "team": _of_team,
    "channel": lambda value, _user: Q(channel__public_id=value),
    "contact": lambda value, _user: Q(identity__contact__public_id=value),
    "conversation": lambda value, _user: Q(conversation__public_id=value),
}
