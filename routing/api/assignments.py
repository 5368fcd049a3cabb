"""The Assignment API: another system says who gets a conversation."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.callers import actor_of
from routing.api.assignment_shapes import (
    INDIVIDUAL,
    MANUAL,
    AssignmentAnswer,
    AssignmentBody,
    AssignmentSwitches,
    BulkAnswer,
    BulkBody,
    BulkItem,
    IndividualBody,
    ManualBody,
)
from routing.api.hands import DoingHand, Hand, RehearsingHand
from routing.api.orders import carry_out
from routing.services.rehearsal import Rehearsal
from teams.api.bodies import read_body
from teams.api.endpoints import Endpoint
from teams.api.items import ItemsEndpoint, count_results
from teams.api.once import once, once_by_item
from teams.api.operations import describe
from teams.permissions import Right
from teams.scopes import Scope

SOME_ID = "0199c0de-0000-7000-8000-000000000241"
BODIES: dict[str, type[AssignmentBody]] = {INDIVIDUAL: IndividualBody, MANUAL: ManualBody}


class AssigningEndpoint(Endpoint):
    scopes = {"POST": Scope.ASSIGN}
    switches = AssignmentSwitches

    def hand(self, body: Mapping[str, Any]) -> Hand:
        """Return who does it; `dry_run`, in the address or in the body, is who only says it."""
        actor, now = actor_of(self.request), timezone.now()
        if body["dry_run"] or self.filters.get("dry_run"):
            return RehearsingHand(actor, now, Rehearsal(now))
        return DoingHand(actor, now)


class IndividualEndpoint(AssigningEndpoint):
    """Pin a contact to a person, and give that person the conversation that is open.

    With `"action": "unassign"` nobody is the contact's permanent agent any more.
    """

    rights = {"POST": Right.EDIT_CONTACTS}

    @describe(
        "assignIndividual",
        "Give a contact to a person for good",
        body=IndividualBody,
        answer=AssignmentAnswer,
        refusals=(404, 412),
        examples={
            "by conversation": {
                "conversation_id": SOME_ID,
                "member": {"email": "alice@example.com"},
                "reason": "VIP",
            },
            "lift it": {"contact": {"id": SOME_ID}, "action": "unassign"},
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(IndividualBody)
        return Response(carry_out(request, body, kind=INDIVIDUAL, hand=self.hand(body)))


class ManualEndpoint(AssigningEndpoint):
    """Assign a conversation to a team, a person or both, or take it back."""

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
        return Response(carry_out(request, body, kind=MANUAL, hand=self.hand(body)))


class BulkEndpoint(AssigningEndpoint, ItemsEndpoint):
    """Up to 100 assignments, one after the other; each has a status and an answer of its own.

    One that is refused leaves the others. Sent again with its key, each is done once.
    """

    @describe(
        "assignBulk",
        "Make up to 100 assignments",
        body=BulkBody,
        answer=BulkAnswer,
        status=status.HTTP_207_MULTI_STATUS,
        examples={
            "two": {
                "items": [
                    {"conversation_id": SOME_ID, "team_code": "cs"},
                    {
                        "type": "individual",
                        "contact": {"id": SOME_ID},
                        "member": {"code": "E-1042"},
                    },
                ]
            }
        },
    )
    @once_by_item
    def post(self, request: Request) -> Response:
        body = self.read_body(BulkBody)
        default = self.hand(body)

        def effect(item: Any) -> Any:
            kind, order = _read_item(item)
            hand = self.hand(order) if order["dry_run"] and not default.is_dry else default
            return carry_out(request, order, kind=kind, hand=hand)

        results = self.do_each(body["items"], effect=effect)
        answer = {**count_results(results), "dry_run": default.is_dry, "results": results}
        return Response(answer, status=status.HTTP_207_MULTI_STATUS)


def _read_item(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return which of the two calls an item is, and its body."""
    rest = {name: value for name, value in item.items() if name != "type"}
    kind: str = BulkItem().fields["type"].run_validation(item.get("type", MANUAL))
    return kind, read_body(BODIES[kind], rest)
