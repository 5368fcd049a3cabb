"""Recording that a contact wants no more messages, and lifting that."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Medium
from conversations.api.callers import actor_of
from conversations.api.contacts import pick_contact
from conversations.api.serializers import ContactOut
from conversations.models import Contact, Identity
from conversations.services import opt_outs
from conversations.services.contacts import ContactMergedError
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, Text
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import FieldProblem
from teams.permissions import Right
from teams.scopes import Scope

MOST_REASON = 300
#: A service that notes it for addresses, and says for how many it is new.
Record = Callable[..., int]
NO_SUCH_ADDRESS = ("unknown_address", _("The contact has no such address."))


class OptOutBody(Body):
    """`address` as the contact has it; without one, all of the contact's addresses."""

    address = Text(required=False, max_length=160)
    medium = Choice(choices=Medium.values, required=False)
    reason = Text(required=False, allow_blank=True, default="", max_length=MOST_REASON)


class OptInBody(OptOutBody):
    """The same; and why, because somebody said before that they wanted none."""

    reason = Text(max_length=MOST_REASON)


class OptingEndpoint(Endpoint):
    """What both have in common; each reads its own body."""

    scopes = {"POST": Scope.CONTACTS}
    rights = {"POST": Right.EDIT_CONTACTS}

    def change(
        self, request: Request, contact: Contact, *, body: dict[str, Any], record: Record
    ) -> Response:
        """Change what the body names, and answer with the contact as it is then."""
        record(
            _addresses(contact, body),
            actor=actor_of(request),
            now=timezone.now(),
            why=body["reason"],
        )
        return Response(ContactOut(pick_contact(request, contact.public_id)).data)


class ContactOptOutEndpoint(OptingEndpoint):
    """No more messages to a contact, because a person or another system says so."""

    @describe(
        "optOutContact",
        "Send nothing more to a contact",
        body=OptOutBody,
        answer=ContactOut,
        refusals=(409,),
        examples={
            "all": {"reason": "Asked for it on the telephone."},
            "one": {"address": "+819012345678", "medium": "whatsapp"},
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Record it for the addresses that are not opted out already. Again is no change."""
        contact = pick_contact(request, public_id)
        body = self.read_body(OptOutBody)
        return self.change(request, contact, body=body, record=opt_outs.record_by_hand)


class ContactOptInEndpoint(OptingEndpoint):
    """Messages to a contact again, with the reason for it."""

    @describe(
        "optInContact",
        "Lift the opt-out of a contact",
        body=OptInBody,
        answer=ContactOut,
        refusals=(409,),
        examples={"all": {"reason": "Signed up again in the shop."}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Lift it for the addresses that are opted out. Again is no change."""
        contact = pick_contact(request, public_id)
        body = self.read_body(OptInBody)
        return self.change(request, contact, body=body, record=opt_outs.lift_by_hand)


def _addresses(contact: Contact, body: dict[str, Any]) -> list[Identity]:
    """Return the addresses that are meant. Raises `FieldProblem` if the contact has none such."""
    if contact.merged_into_id is not None:
        raise ContactMergedError
    wanted = {name: body[name] for name in ("address", "medium") if name in body}
    found = list(contact.identities.filter(**wanted).order_by("pk"))
    if wanted and not found:
        raise FieldProblem({next(iter(wanted)): NO_SUCH_ADDRESS})
    return found
