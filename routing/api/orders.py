"""One assignment that was asked for, from the body of its request to the answer."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request

from conversations.models import Conversation
from conversations.states import ASSIGNABLE
from routing.api.assignment_shapes import INDIVIDUAL, UNASSIGN
from routing.api.hands import Hand, Order, Shown
from routing.api.places import Place
from routing.api.reach import refuse_target
from routing.services.assignment import AssignmentRefusedError
from teams.api.fields import Instant
from teams.api.permissions import caller, require
from teams.api.problems import FieldProblem, NotFoundProblem, Problem
from teams.api.references import find_named_team, find_person
from teams.api.serializers import show_person, show_team
from teams.models import Team, User
from teams.permissions import Right

NOT_HERE = ("not_here", _("Leave this out when you unassign."))
ONE_TEAM = ("one_of", _("Give either team or team_code."))


def carry_out(request: Request, order: Order, *, kind: str, hand: Hand) -> dict[str, Any]:
    """Do what the order says, as far as the caller may, and answer who has it now and why.

    `kind` is "individual" (the contact, for good) or "manual" (one conversation).
    """
    if kind == INDIVIDUAL:
        require(request, Right.EDIT_CONTACTS)
    if order["action"] == UNASSIGN:
        _refuse_targets(order)
    place = hand.find(order, user=caller(request))
    _refuse_another_version(place, order)
    before = place.owners
    work = _individual if kind == INDIVIDUAL else _manual
    decision, reason = work(request, order, place, hand)
    after = hand.look_again(place)
    return {
        "type": kind,
        "changed": after.owners != before,
        "reason": reason,
        "dry_run": hand.is_dry,
        "decision": decision,
        **_show(after),
    }


def _individual(
    request: Request, order: Order, place: Place, hand: Hand
) -> tuple[Shown, str | None]:
    if order["action"] == UNASSIGN:
        hand.unpin(place, reason=order.get("reason", ""))
        return None, None
    if "member" not in order:
        raise AssignmentRefusedError("assignment.target_required")
    person = find_person(order["member"])
    refuse_target(caller(request), place.conversation, team=None, person=person)
    return hand.pin(place, person=person, reason=order.get("reason", "")), None


def _manual(request: Request, order: Order, place: Place, hand: Hand) -> tuple[Shown, str | None]:
    chat, decision = place.conversation, None
    if chat is None:
        raise NotFoundProblem("conversation.not_found")
    if chat.status not in ASSIGNABLE:
        raise AssignmentRefusedError("conversation.resolved")
    if order["only_if_unassigned"] and (chat.assignee_id or chat.team_id):
        return None, "already_assigned"
    if order["clear_individual"]:
        require(request, Right.EDIT_CONTACTS)
    if order["action"] == UNASSIGN:
        refuse_target(caller(request), chat, team=None, person=None)
        hand.take_back(chat, reason=order.get("reason", ""))
    else:
        decision = _give(request, order, chat, hand)
    if order["clear_individual"]:
        hand.unpin(place, reason=order.get("reason", ""))
    return decision, None


def _give(request: Request, order: Order, chat: Conversation, hand: Hand) -> Shown:
    team, person = _targets(order)
    refuse_target(caller(request), chat, team=team, person=person)
    return hand.give(chat, team=team, person=person, reason=order.get("reason", ""))


def _targets(order: Order) -> tuple[Team | None, User | None]:
    if "team" in order and "team_code" in order:
        raise FieldProblem({"team_code": ONE_TEAM})
    reference = order.get("team")
    if "team_code" in order:
        reference = {"code": order["team_code"]}
    team = find_named_team(reference) if reference is not None else None
    person = find_person(order["member"]) if "member" in order else None
    if team is None and person is None:
        raise AssignmentRefusedError("assignment.target_required")
    return team, person


def _refuse_targets(order: Order) -> None:
    named: list[str] = [name for name in ("team", "team_code", "member") if name in order]
    if named:
        raise FieldProblem(dict.fromkeys(named, NOT_HERE))


def _refuse_another_version(place: Place, order: Order) -> None:
    expected, chat = order.get("expected_version"), place.conversation
    if expected is not None and chat is not None and chat.version != expected:
        detail = _("The conversation changed since you read it. Read it again.")
        raise Problem(status.HTTP_412_PRECONDITION_FAILED, "version_conflict", detail)


def _show(place: Place) -> dict[str, Any]:
    chat, pinned, since = place.conversation, place.contact.permanent_agent, place.assigned_at
    return {
        "conversation_id": str(chat.public_id) if chat else None,
        "contact_id": str(place.contact.public_id),
        "status": chat.status if chat else None,
        "version": chat.version if chat else None,
        "team": show_team(chat.team) if chat else None,
        "member": show_person(chat.assignee) if chat else None,
        "permanent_agent": show_person(pinned),
        "assigned_at": Instant().to_representation(since) if since else None,
    }
