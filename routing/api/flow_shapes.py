"""Flows and their runs, as the API takes and shows them."""

from collections.abc import Iterable

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.api.serializers import ChannelBrief
from routing.engine.flow.problem_words import sentence_of
from routing.engine.flow.problems import Problem
from routing.models import Flow, FlowRun, FlowRunStep, FlowTrigger, FlowVersion, RunStatus
from routing.rendering import write_phrase
from routing.services import flows
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, TextList, Whole
from teams.api.serializers import Out, PersonBrief


class FlowOut(Out):
    """A flow. `document` is the draft; `is_changed` says whether customers meet something else."""

    id = PublicId(source="public_id")
    channels = ChannelBrief(many=True)
    words = serializers.ListField(child=Text())
    document = serializers.JSONField(source="draft")
    version = Whole(source="published.number", allow_null=True, default=None)
    published_at = Instant(source="published.published_at", allow_null=True, default=None)
    is_changed = serializers.SerializerMethodField()

    class Meta:
        model = Flow
        fields = (
            "id",
            "name",
            "description",
            "trigger",
            "words",
            "channels",
            "position",
            "is_active",
            "version",
            "published_at",
            "is_changed",
            "draft_number",
            "draft_changed_at",
            "document",
        )

    @extend_schema_field(Flag())
    def get_is_changed(self, flow: Flow) -> bool:
        return not flows.is_published_as_drawn(flow)


class FlowVersionOut(Out):
    published_by = PersonBrief(allow_null=True)
    document = serializers.JSONField()
    words = serializers.ListField(child=Text())

    class Meta:
        model = FlowVersion
        fields = (
            "number",
            "published_at",
            "published_by",
            "note",
            "trigger",
            "words",
            "document",
        )


class FlowRunOut(Out):
    """A run of a flow. `step` is where it stands, or where it ended."""

    id = PublicId(source="public_id")
    flow_id = PublicId(source="flow.public_id")
    version = Whole(source="version.number")
    conversation_id = PublicId(source="conversation.public_id")
    contact_id = PublicId(source="conversation.contact.public_id")
    answers = serializers.DictField(child=Text())

    class Meta:
        model = FlowRun
        fields = (
            "id",
            "flow_id",
            "version",
            "conversation_id",
            "contact_id",
            "status",
            "problem",
            "step",
            "attempts",
            "answers",
            "due_at",
            "actor_kind",
            "actor_label",
            "started_at",
            "ended_at",
        )


class FlowRunStepOut(Out):
    facts = serializers.DictField()

    class Meta:
        model = FlowRunStep
        fields = ("position", "step", "kind", "outcome", "facts", "at")


class FlowRunWithLogOut(FlowRunOut):
    log = FlowRunStepOut(many=True)

    class Meta:
        model = FlowRun
        fields = (*FlowRunOut.Meta.fields, "log")


class FlowBody(Body):
    """A new flow. Without a trigger any message starts it, once it is published."""

    name = Text(max_length=120)
    description = Text(required=False, allow_blank=True, max_length=2000)
    trigger = Choice(choices=FlowTrigger.values, required=False)
    words = TextList(required=False)
    channel_ids = serializers.ListField(child=PublicId(), required=False, max_length=100)
    document = serializers.JSONField(required=False)


class DraftBody(FlowBody):
    """The draft: what stands above the steps, and the steps. What is left out stays as it is.

    `seen` is the `draft_number` that the caller read: 409 if somebody changed it since.
    """

    name = Text(required=False, max_length=120)
    seen = Whole(required=False)


class RestoreBody(Body):
    number = Whole(min_value=1)


class PublishBody(Body):
    note = Text(required=False, allow_blank=True, default="", max_length=200)


class ContactOnChannel(Body):
    id = PublicId()
    channel_id = PublicId()


class RunBody(Body):
    """Where the flow is to start: in a conversation, or with a contact on a channel."""

    conversation_id = PublicId(required=False)
    contact = ContactOnChannel(required=False)
    has_priority = Flag(required=False, default=False)


class RunParameters(Parameters):
    flow = PublicId(required=False)
    conversation = PublicId(required=False)
    status = Choice(choices=RunStatus.values, required=False)


def fields_of(found: Iterable[Problem]) -> dict[str, tuple[str, str]]:
    """Return problems as fields: `document.steps.2.text.ja`, each with its code and sentence."""
    return {
        _path_of(problem): (
            problem.code,
            write_phrase(sentence_of(problem, language_name=lambda code: code)),
        )
        for problem in found
    }


def _path_of(problem: Problem) -> str:
    place = "" if problem.place is None else f"steps.{problem.place}"
    return ".".join(part for part in ("document", place, problem.key) if part)
