"""Publishing rules, and what was published before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.callers import actor_of
from routing.engine.rule_diff import Change
from routing.models import RuleSet
from routing.models.rule import LONGEST_NOTE
from routing.rule_words import render_changes
from routing.services import rule_publishing, rule_versions
from routing.services.rule_publishing import (
    DraftChangedError,
    NothingToPublishError,
    Plan,
    PublishingError,
    RedTestsError,
)
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import Instant, PublicId, Text, TimeZone, Whole
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import ConflictProblem, FieldProblem, NotFoundProblem
from teams.api.serializers import PersonBrief
from teams.permissions import Right
from teams.scopes import Scope

_WHY: dict[type[PublishingError], Any] = {
    DraftChangedError: _("Somebody edited or published the rules since: read the draft again."),
    NothingToPublishError: _("The draft is what is published already."),
    RedTestsError: _("Saved tests fail on the draft: say in the note why that is right."),
}
_EXAMPLE = {"season": {"revision": 12, "note": "The sale is over."}}


class RulePartOut(serializers.Serializer[Any]):
    """One thing about a rule, in words.

    `code` is one of name, order, switch, conditions, actions, note.
    """

    code = Text()
    before = Text()
    after = Text()


class RuleChangeOut(serializers.Serializer[Any]):
    """`kind` is added, removed, changed or moved; of one that is new there is no `before`."""

    kind = Text()
    rule_id = Text()
    name = Text()
    text = Text()
    parts = RulePartOut(many=True)


class RuleDraftOut(serializers.Serializer[Any]):
    """What is edited and not published. `planned_at`: it is published then by itself, unless
    somebody edits it before, or whoever planned it may not publish any more; then
    `is_plan_confirmed` is false."""

    revision = Whole()
    changes = RuleChangeOut(many=True)
    planned_at = Instant(allow_null=True)
    is_plan_confirmed = serializers.BooleanField()


class RuleVersionOut(serializers.Serializer[Any]):
    """Rules as they decided from `published_at` on."""

    id = PublicId(source="version")
    number = Whole()
    published_at = Instant(source="created_at")
    published_by = PersonBrief(allow_null=True)
    note = Text()
    change_count = Whole(allow_null=True)
    restored_from = PublicId(source="restored_from.version", allow_null=True, default=None)


class RuleVersionWithChangesOut(RuleVersionOut):
    changes = RuleChangeOut(many=True)


class RuleRevisionBody(Body):
    """`revision`: the draft that the caller has read."""

    revision = Whole(min_value=0)


class RulePublishBody(RuleRevisionBody):
    note = Text(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class RulePlanBody(RulePublishBody):
    """`time_zone` is for people who read about it; `at` has its own offset."""

    at = Instant()
    time_zone = TimeZone(required=False)


class DraftEndpoint(Endpoint):
    @describe("getRuleDraft", "What of the rules is not published", answer=RuleDraftOut)
    def get(self, request: Request) -> Response:
        return Response(_draft())


class PublishEndpoint(Endpoint):
    """What is published decides from the next message on."""

    scopes = {"POST": Scope.RULES}
    rights = {"POST": Right.PUBLISH_RULES}

    @describe(
        "publishRules",
        "Publish the rules",
        body=RulePublishBody,
        answer=RuleVersionOut,
        refusals=(409,),
        examples=_EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        said = {"note": "", **self.read_body(RulePublishBody)}
        try:
            made = rule_publishing.publish(actor=actor_of(request), now=timezone.now(), **said)
        except PublishingError as error:
            raise _problem(error) from error
        return Response(RuleVersionOut(made).data)


class DiscardEndpoint(Endpoint):
    """The draft is what is published again, whoever edited it."""

    scopes = {"POST": Scope.RULES}
    rights = {"POST": Right.PUBLISH_RULES}

    @describe(
        "discardRules",
        "Discard what is not published",
        body=RuleRevisionBody,
        answer=RuleDraftOut,
        refusals=(409,),
        examples={"draft": {"revision": 12}},
    )
    @once
    def post(self, request: Request) -> Response:
        revision = self.read_body(RuleRevisionBody)["revision"]
        try:
            rule_publishing.discard(actor=actor_of(request), revision=revision, now=timezone.now())
        except PublishingError as error:
            raise _problem(error) from error
        return Response(_draft())


class PlanEndpoint(Endpoint):
    """The draft is published at a time to come, if nobody edits or publishes before."""

    scopes = {"POST": Scope.RULES, "DELETE": Scope.RULES}
    rights = {"POST": Right.PUBLISH_RULES, "DELETE": Right.PUBLISH_RULES}

    @describe(
        "planRules",
        "Publish the rules later",
        body=RulePlanBody,
        answer=RuleDraftOut,
        refusals=(409,),
        examples={"season": {"revision": 12, "at": "2027-01-01T00:00:00+09:00"}},
    )
    @once
    def post(self, request: Request) -> Response:
        said = self.read_body(RulePlanBody)
        zone = said.get("time_zone") or settings.TIME_ZONE
        plan = Plan(said["at"], zone, said.get("note", ""))
        self._plan(request, plan, revision=said["revision"], now=timezone.now())
        return Response(_draft())

    @describe("cancelPlannedRules", "Publish nothing later", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request) -> Response:
        rule_publishing.cancel_plan(actor=actor_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _plan(self, request: Request, plan: Plan, *, revision: int, now: datetime) -> None:
        try:
            rule_publishing.plan(plan, actor=actor_of(request), revision=revision, now=now)
        except ValidationError as error:
            raise FieldProblem({"at": ("past", error.messages[0])}) from error
        except PublishingError as error:
            raise _problem(error) from error


class VersionsEndpoint(Endpoint):
    """The newest decides."""

    orderings = {"-number": ("-number", "pk")}

    @describe("listRuleVersions", "List what was published", page_of=RuleVersionOut)
    def get(self, request: Request) -> Response:
        rows = rule_versions.list_versions().defer("rules", "ai_agents", "flows")
        return self.page(rows, serializer=RuleVersionOut)


class VersionEndpoint(Endpoint):
    @describe("getRuleVersion", "Read what a version changed", answer=RuleVersionWithChangesOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        version = _pick(public_id)
        changes = _show(rule_versions.compare_with_previous(version))
        return Response({**RuleVersionOut(version).data, "changes": changes})


class RestoreEndpoint(Endpoint):
    """The version is the draft again, and what was in the draft is gone."""

    scopes = {"POST": Scope.RULES}
    rights = {"POST": Right.EDIT_RULES}

    @describe("restoreRuleVersion", "Make a version the draft", answer=RuleDraftOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        rule_publishing.restore(_pick(public_id), actor=actor_of(request), now=timezone.now())
        return Response(_draft())


def _draft() -> dict[str, Any]:
    draft = rule_publishing.read()
    return {
        "revision": draft.revision,
        "changes": _show(rule_publishing.find_changes()),
        "planned_at": Instant().to_representation(draft.publish_due_at)
        if draft.publish_due_at
        else None,
        "is_plan_confirmed": draft.is_plan_confirmed,
    }


def _show(changes: tuple[Change, ...]) -> Any:
    return RuleChangeOut(render_changes(changes), many=True).data


def _problem(error: PublishingError) -> ConflictProblem:
    return ConflictProblem(error.code, _WHY[type(error)])


def _pick(public_id: UUID) -> RuleSet:
    version = rule_versions.list_versions().filter(version=public_id).first()
    if version is None:
        raise NotFoundProblem
    return version
