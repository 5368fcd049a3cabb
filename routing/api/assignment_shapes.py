"""What the Assignment API takes and gives."""

from typing import Any

from rest_framework import serializers

from routing.api.serializers import DecisionOut
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, Whole
from teams.api.items import ItemResult, RawItems
from teams.api.references import PersonReference, TeamReference
from teams.api.serializers import PersonBrief, TeamBrief

ASSIGN, UNASSIGN = "assign", "unassign"
INDIVIDUAL, MANUAL = "individual", "manual"


class AssignmentSwitches(Parameters):
    """`dry_run`: explain what would happen, and change nothing."""

    dry_run = serializers.BooleanField(required=False)


class ContactReference(Body):
    """A contact by our id, or as the provider names them: by an address on one of our channels."""

    described_also = {
        "oneOf": [{"required": ["id"]}, {"required": ["channel_id", "external_id"]}],
    }
    id = PublicId(required=False)
    channel_id = PublicId(required=False)
    external_id = Text(required=False, max_length=160)


class AssignmentBody(Body):
    """What every assignment may say. Exactly one of the first two names what is assigned."""

    described_also = {
        "oneOf": [{"required": ["conversation_id"]}, {"required": ["contact"]}],
    }
    conversation_id = PublicId(required=False)
    contact = ContactReference(required=False)
    action = Choice(choices=[ASSIGN, UNASSIGN], default=ASSIGN)
    member = PersonReference(required=False)
    reason = Text(required=False, allow_blank=True, max_length=300)
    expected_version = Whole(required=False, min_value=1)
    dry_run = Flag(default=False)


class IndividualBody(AssignmentBody):
    """Whom to pin to whom: the contact, or the contact of a conversation.

    `unassign` lifts the permanent agent; the conversation stays where it is.
    """


class ManualBody(AssignmentBody):
    """What to assign to whom, or to take back. A team that is named alone picks by its strategy."""

    team_code = Text(required=False, max_length=64)
    team = TeamReference(required=False)
    only_if_unassigned = Flag(default=False)
    clear_individual = Flag(default=False)


class BulkItem(ManualBody):
    """One assignment: the body of the single call, and which of the two calls it is."""

    type = Choice(choices=[MANUAL, INDIVIDUAL], default=MANUAL)


class BulkBody(Body):
    """Up to 100 assignments, done one after the other in the order given."""

    items = RawItems(child=BulkItem())
    dry_run = Flag(default=False)


class AssignmentAnswer(serializers.Serializer[Any]):
    """Who has it now, whether anything changed, and why.

    Of a dry run it says who would have it; `version` is then the version as it is, and the decision
    has no id.
    """

    conversation_id = PublicId(allow_null=True)
    contact_id = PublicId()
    type = Text()
    status = Text(allow_null=True)
    version = Whole(allow_null=True)
    team = TeamBrief(allow_null=True)
    member = PersonBrief(allow_null=True)
    permanent_agent = PersonBrief(allow_null=True)
    changed = Flag()
    reason = Text(allow_null=True)
    assigned_at = Instant(allow_null=True)
    dry_run = Flag()
    decision = DecisionOut(allow_null=True)


class BulkResult(ItemResult):
    """What became of one item: the answer or the problem that the single call would have had."""

    answer = AssignmentAnswer(allow_null=True)


class BulkAnswer(serializers.Serializer[Any]):
    """One result for each item, in their order."""

    succeeded = Whole()
    failed = Whole()
    dry_run = Flag()
    results = BulkResult(many=True)
