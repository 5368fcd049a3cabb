"""The Assignment API: another system says who gets a conversation."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Channel
from conversations import scope
from conversations.api.callers import actor_of
from conversations.models import Contact, Conversation, Identity
from conversations.states import LIVE, OPEN
from routing.api.reach import refuse_target
from routing.api.serializers import (
    UNASSIGN,
    AssignmentAnswer,
    IndividualBody,
    ManualBody,
    show_decision,
)
from routing.models import Decision
from routing.services import assignment
from routing.services.assignment import AssignmentRefusedError
from teams.api.endpoints import Endpoint
from teams.api.fields import Instant
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller, require
from teams.api.problems import FieldProblem, NotFoundProblem, Problem
from teams.api.references import find_person, find_team
from teams.api.serializers import PersonBrief, TeamBrief
from teams.models import Team, User
from teams.permissions import Right
from teams.scopes import Scope

SOME_ID = "0199c0de-0000-7000-8000-000000000241"
NOT_HERE = ("not_here", _("Leave this out when you unassign."))
ONE_CHAT = ("one_of", _("Give either conversation_id or contact."))


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be assigned: a contact, with the conversation that is running or was last."""

    contact: Contact
    conversation: Conversation | None


class IndividualEndpoint(Endpoint):
    """Pin a contact to a person, and give that person the conversation that is open."""

    scopes = {"POST": Scope.ASSIGN}
    rights = {"POST": Right.EDIT_CONTACTS}

    @describe(
        "assignIndividual",
        "Give a contact to a person for good",
        body=IndividualBody,
        answer=AssignmentAnswer,
        refusals=(404,),
        examples={
            "by conversation": {
                "conversation_id": SOME_ID,
                "member": {"email": "alice@example.com"},
                "reason": "VIP",
            }
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(IndividualBody)
        place = _find(body, user=caller(request))
        person = find_person(body["member"])
        refuse_target(caller(request), place.conversation, team=None, person=person)
        before = _owner(place)
        decision = assignment.pin(
            place.contact,
            person=person,
            conversation=place.conversation,
            actor=actor_of(request),
            now=timezone.now(),
            reason=body.get("reason", ""),
        )
        return _answer(place, type_="individual", before=before, decision=decision)


class ManualEndpoint(Endpoint):
    """Assign a conversation to a team, a person or both, or take it back."""

    scopes = {"POST": Scope.ASSIGN}

    @describe(
        "assignConversation",
        "Give a conversation to a team or a person, or take it back",
        body=ManualBody,
        answer=AssignmentAnswer,
        refusals=(404, 412),
        examples={
            "to a team": {"conversation_id": SOME_ID, "team_code": "cs"},
            "take it back": {"conversation_id": SOME_ID, "action": "unassign"},
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(ManualBody)
        place = _find(body, user=caller(request))
        if place.conversation is None:
            raise NotFoundProblem("conversation.not_found")
        conversation = _lock(place.conversation, expected_version=body.get("expected_version"))
        place = Place(conversation.contact, conversation)
        is_owned = conversation.assignee_id is not None or conversation.team_id is not None
        if body["only_if_unassigned"] and is_owned:
            return _answer(place, type_="manual", before=_owner(place), reason="already_assigned")
        work = _take_back if body["action"] == UNASSIGN else _give
        return work(request, place, body)


def _give(request: Request, place: Place, body: dict[str, Any]) -> Response:
    assert place.conversation is not None  # noqa: S101 - the caller has looked
    team, person = _targets(body)
    refuse_target(caller(request), place.conversation, team=team, person=person)
    before = _owner(place)
    decision = assignment.assign_to(
        place.conversation,
        team=team,
        person=person,
        actor=actor_of(request),
        now=timezone.now(),
        reason=body.get("reason", ""),
    )
    if body["clear_individual"]:
        _unpin(request, place)
    return _answer(place, type_="manual", before=before, decision=decision)


def _take_back(request: Request, place: Place, body: dict[str, Any]) -> Response:
    assert place.conversation is not None  # noqa: S101 - the caller has looked
    named: list[str] = [name for name in ("team_code", "member") if name in body]
    if named:
        raise FieldProblem(dict.fromkeys(named, NOT_HERE))
    if place.conversation.status not in OPEN:
        raise AssignmentRefusedError("conversation.resolved")
    refuse_target(caller(request), place.conversation, team=None, person=None)
    before = _owner(place)
    assignment.unassign(
        place.conversation,
        actor=actor_of(request),
        now=timezone.now(),
        reason=body.get("reason", ""),
    )
    if body["clear_individual"]:
        _unpin(request, place)
    return _answer(place, type_="manual", before=before)


def _unpin(request: Request, place: Place) -> None:
    require(request, Right.EDIT_CONTACTS)
    assignment.unpin(place.contact)


def _targets(body: dict[str, Any]) -> tuple[Team | None, User | None]:
    team = find_team(body["team_code"]) if "team_code" in body else None
    person = find_person(body["member"]) if "member" in body else None
    if team is None and person is None:
        raise AssignmentRefusedError("assignment.target_required")
    return team, person


def _find(body: dict[str, Any], *, user: User) -> Place:
    """Return what the body names, if the caller may see it."""
    if ("conversation_id" in body) == ("contact" in body):
        raise FieldProblem({"conversation_id": ONE_CHAT})
    if "contact" in body:
        return _find_by_address(body["contact"], user=user)
    rows = scope.conversations_of(user).select_related("contact")
    conversation = rows.filter(public_id=body["conversation_id"]).order_by("pk").first()
    if conversation is None:
        raise NotFoundProblem("conversation.not_found")
    return Place(conversation.contact, conversation)


def _find_by_address(address: dict[str, Any], *, user: User) -> Place:
    channel = Channel.objects.filter(public_id=address["channel_id"]).order_by("pk").first()
    if channel is None:
        raise NotFoundProblem("channel.not_found")
    identity = Identity.objects.filter(medium=channel.medium, address=address["external_id"])
    contact = scope.contacts_of(user).filter(identities__in=identity).order_by("pk").first()
    if contact is None:
        raise NotFoundProblem("contact.not_found")
    on_channel = scope.conversations_of(user).filter(contact=contact, channel=channel)
    latest = on_channel.filter(status__in=sorted(LIVE)).order_by("-pk").first()
    return Place(contact, latest or on_channel.order_by("-pk").first())


def _lock(conversation: Conversation, *, expected_version: int | None) -> Conversation:
    """Hold the conversation until the answer is written, so that what was checked stays true."""
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("contact")
        .get(pk=conversation.pk)
    )
    if expected_version is not None and locked.version != expected_version:
        detail = _("The conversation changed since you read it. Read it again.")
        raise Problem(status.HTTP_412_PRECONDITION_FAILED, "version_conflict", detail)
    return locked


def _owner(place: Place) -> tuple[Any, ...]:
    """Return what an assignment may change, to see afterwards whether it did."""
    pinned = Contact.objects.values_list("permanent_agent", flat=True).get(pk=place.contact.pk)
    chat = place.conversation
    return (pinned, chat.assignee_id, chat.team_id) if chat else (pinned,)


def _answer(
    place: Place,
    *,
    type_: str,
    before: tuple[Any, ...],
    decision: Decision | None = None,
    reason: str | None = None,
) -> Response:
    """Answer with the owner as it is now, and the decision that led there."""
    chat = place.conversation and _read_again(place.conversation)
    active = chat and chat.assignments.filter(ended_at=None).order_by("pk").first()
    contact = Contact.objects.select_related("permanent_agent").get(pk=place.contact.pk)
    pinned = contact.permanent_agent
    return Response(
        {
            "conversation_id": str(chat.public_id) if chat else None,
            "contact_id": str(contact.public_id),
            "type": type_,
            "status": chat.status if chat else None,
            "version": chat.version if chat else None,
            "team": TeamBrief(chat.team).data if chat and chat.team else None,
            "member": PersonBrief(chat.assignee).data if chat and chat.assignee else None,
            "permanent_agent": PersonBrief(pinned).data if pinned else None,
            "changed": _owner(Place(contact, chat)) != before,
            "reason": reason,
            "assigned_at": Instant().to_representation(active.started_at) if active else None,
            "decision": show_decision(decision),
        }
    )


def _read_again(conversation: Conversation) -> Conversation:
    rows = Conversation.objects.select_related("team", "assignee")
    fresh: Conversation = rows.get(pk=conversation.pk)
    return fresh
