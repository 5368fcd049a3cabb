"""The people outside."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import properties, scope
from conversations.api.bodies import ContactChanges, ContactParameters, MergeBody, UnmergeBody
from conversations.api.callers import actor_of
from conversations.api.serializers import ContactOut, MergeOut
from conversations.duplicates import likely_same
from conversations.models import Contact
from conversations.services import contacts, merging
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.models import User
from teams.permissions import Right
from teams.scopes import Scope

NO_SUCH_CONTACT = ("unknown_contact", _("There is no contact with this id."))
TOO_MANY_PROPERTIES = ("too_many", _("A contact has at most 50 properties."))


class ContactsEndpoint(Endpoint):
    parameters = ContactParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listContacts", "List contacts", page_of=ContactOut)
    def get(self, request: Request) -> Response:
        rows = _shown_to(caller(request)).filter(merged_into=None, **self.filters)
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
        examples={
            "tags": {"tags": ["vip"]},
            "attributes": {"attributes": {"plan": "gold", "trial": None}},
        },
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        contact = pick_contact(request, public_id)
        changes = self.read_body(ContactChanges)
        after = properties.changed(contact.attributes, changes.get("attributes", {}))
        if len(after) > properties.MOST:
            raise FieldProblem({"attributes": TOO_MANY_PROPERTIES})
        contacts.update(contact, actor=actor_of(request), now=timezone.now(), **changes)
        return Response(ContactOut(pick_contact(request, public_id)).data)


class ContactDuplicatesEndpoint(Endpoint):
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listPossibleDuplicates", "List who may be the same person", page_of=ContactOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        """The same number on another service or in another spelling, or the provider says so.

        Nothing is merged by itself: merge the two, or leave them.
        """
        contact = pick_contact(request, public_id)
        rows = likely_same(contact, user=caller(request))
        shown = rows.select_related("permanent_agent", "merged_into")
        return self.page(shown.prefetch_related("identities"), serializer=ContactOut)


class ContactMergeEndpoint(Endpoint):
    """Two contacts that are one person."""

    scopes = {"POST": Scope.CONTACTS}
    rights = {"POST": Right.EDIT_CONTACTS}

    @describe(
        "mergeContact",
        "Merge a contact into another one",
        body=MergeBody,
        answer=MergeOut,
        refusals=(409,),
        examples={
            "preview": {"into": "01990000-0000-7000-8000-000000000002", "dry_run": True},
            "merge": {"into": "01990000-0000-7000-8000-000000000002"},
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        source = pick_contact(request, public_id)
        body = self.read_body(MergeBody)
        into = _shown_to(caller(request)).filter(public_id=body["into"]).first()
        if into is None:
            raise FieldProblem({"into": NO_SUCH_CONTACT})
        plan = merging.plan(source, into=into)
        if not body["dry_run"]:
            merging.merge(source, into=into, actor=actor_of(request), now=timezone.now())
        into = pick_contact(request, into.public_id)
        return Response(MergeOut({"plan": plan, "dry_run": body["dry_run"], "contact": into}).data)


class ContactUnmergeEndpoint(Endpoint):
    scopes = {"POST": Scope.CONTACTS}
    rights = {"POST": Right.EDIT_CONTACTS}

    @describe(
        "unmergeContact",
        "Part a merged contact again",
        body=UnmergeBody,
        answer=ContactOut,
        refusals=(409,),
        examples={"unmerge": {}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        source = pick_contact(request, public_id)
        self.read_body(UnmergeBody)
        merging.unmerge(source, actor=actor_of(request), now=timezone.now())
        return Response(ContactOut(_reread(source)).data)


def _reread(contact: Contact) -> Contact:
    """Read the row once more. The caller may see it even if no conversation is left with it."""
    rows = Contact.objects.select_related("permanent_agent", "merged_into")
    return rows.prefetch_related("identities").get(pk=contact.pk)


def pick_contact(request: Request, public_id: UUID) -> Contact:
    """Return a contact with whom the caller may see a conversation; 404 for any other."""
    rows = _shown_to(caller(request)).filter(public_id=public_id)
    contact = rows.order_by("pk").first()
    if contact is None:
        raise NotFoundProblem
    return contact


def _shown_to(user: User) -> QuerySet[Contact]:
    rows = scope.contacts_of(user).select_related("permanent_agent", "merged_into")
    return rows.prefetch_related("identities")
