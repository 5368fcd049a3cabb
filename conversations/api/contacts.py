"""The people outside."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import scope
from conversations.api.callers import actor_of
from conversations.api.serializers import ContactChanges, ContactOut, ContactParameters
from conversations.models import Contact
from conversations.services import contacts
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import NotFoundProblem
from teams.models import User
from teams.permissions import Right
from teams.scopes import Scope


class ContactsEndpoint(Endpoint):
    parameters = ContactParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listContacts", "List contacts", page_of=ContactOut)
    def get(self, request: Request) -> Response:
        rows = _shown_to(caller(request)).filter(**self.filters)
        return self.page(rows, serializer=ContactOut)


class ContactEndpoint(Endpoint):
    scopes = {"PATCH": Scope.CONTACTS}
    rights = {"PATCH": Right.EDIT_CONTACTS}

    @describe("getContact", "Read one contact", answer=ContactOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(ContactOut(pick_contact(request, public_id)).data)

    @describe(
        "updateContact",
        "Change a contact",
        body=ContactChanges,
        answer=ContactOut,
        examples={"tags": {"tags": ["vip"]}},
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        contact = pick_contact(request, public_id)
        changes = self.read_body(ContactChanges)
        contacts.update(contact, actor=actor_of(request), now=timezone.now(), **changes)
        return Response(ContactOut(pick_contact(request, public_id)).data)


def pick_contact(request: Request, public_id: UUID) -> Contact:
    """Return a contact with whom the caller may see a conversation; 404 for any other."""
    rows = _shown_to(caller(request)).filter(public_id=public_id)
    contact = rows.order_by("pk").first()
    if contact is None:
        raise NotFoundProblem
    return contact


def _shown_to(user: User) -> QuerySet[Contact]:
    return scope.contacts_of(user).select_related("permanent_agent").prefetch_related("identities")
