"""Saved tests over the API: what rules must get right, and whether they do."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from routing.api.rule_tests import CaseBody, read_case
from routing.models import AiAgent, Flow, ReplayBasis, Rule, SavedTest
from routing.services import rule_replays, saved_tests
from routing.services.saved_tests import Result
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import Flag, Instant, PublicId, Text, TextList
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.models import Team, User
from teams.permissions import Right
from teams.scopes import Scope

NAME_TAKEN = ("name_taken", _("There is a test of this name."))
NO_SUCH = ("not_found", _("There is nothing with this id."))
NOTHING_EXPECTED = ("required", _("Say where it must go."))

_EXPECTED: dict[str, Any] = {
    "rule_id": ("expected_rule", Rule),
    "team_id": ("expected_team", Team),
    "person_id": ("expected_person", User),
    "ai_agent_id": ("expected_ai_agent", AiAgent),
    "flow_id": ("expected_flow", Flow),
}


class ExpectedBody(Body):
    """Where it must go: at least one; all that are named must hold."""

    rule_id = PublicId(required=False, allow_null=True)
    team_id = PublicId(required=False, allow_null=True)
    person_id = PublicId(required=False, allow_null=True)
    ai_agent_id = PublicId(required=False, allow_null=True)
    flow_id = PublicId(required=False, allow_null=True)
    nobody = Flag(required=False)


class SavedTestBody(Body):
    """Of a known contact what rules can ask about is copied."""

    name = Text(max_length=120)
    case = CaseBody()
    expected = ExpectedBody()


class SavedTestPatch(Body):
    """What is there replaces what was."""

    name = Text(max_length=120, required=False)
    case = CaseBody(required=False)
    expected = ExpectedBody(required=False)


class SavedContactOut(serializers.Serializer[Any]):
    wrote_before = Flag()
    phone = Text()
    language = Text()
    tags = TextList()
    attributes = serializers.DictField()


class SavedCaseOut(serializers.Serializer[Any]):
    channel_id = PublicId()
    text = Text(max_length=4096)
    type = Text()
    at = Instant(allow_null=True)
    new_contact = SavedContactOut()
    online = serializers.ListField(child=PublicId(), allow_null=True)


class ExpectedOut(serializers.Serializer[Any]):
    rule_id = PublicId(allow_null=True)
    team_id = PublicId(allow_null=True)
    person_id = PublicId(allow_null=True)
    ai_agent_id = PublicId(allow_null=True)
    flow_id = PublicId(allow_null=True)
    nobody = Flag()


class TestResultOut(serializers.Serializer[Any]):
    """`failed` names what is not as expected: rule, team, person, ai_agent, flow, nobody."""

    passed = Flag()
    failed = TextList()


class TestResultsOut(serializers.Serializer[Any]):
    published = TestResultOut()
    draft = TestResultOut()


class SavedTestOut(serializers.Serializer[Any]):
    """A test, and how it comes out at this moment."""

    id = PublicId()
    name = Text()
    case = SavedCaseOut()
    expected = ExpectedOut()
    results = TestResultsOut()
    created_at = Instant()


class SavedTestsEndpoint(Endpoint):
    """Each is run against the published rules and against the draft, without any effect."""

    orderings = {"name": ("name", "pk")}
    scopes = {"POST": Scope.CHANNELS}
    rights = {"GET": Right.TEST_RULES, "POST": Right.TEST_RULES}

    @describe("listSavedTests", "List the saved tests, run", page_of=SavedTestOut)
    def get(self, request: Request) -> Response:
        found = self.paginate_queryset(_rows()) or []
        return self.get_paginated_response(_show(found))

    @describe(
        "createSavedTest",
        "Save a test of the rules",
        body=SavedTestBody,
        answer=SavedTestOut,
        status=status.HTTP_201_CREATED,
        refusals=(404,),
        examples={
            "refund": {
                "name": "Refunds go to Support",
                "case": {
                    "channel_id": "01990000-0000-7000-8000-000000000001",
                    "text": "返金できますか?",
                },
                "expected": {"team_id": "01990000-0000-7000-8000-000000000002"},
            }
        },
    )
    @once
    def post(self, request: Request) -> Response:
        test = _save(SavedTest(), request, self.read_body(SavedTestBody))
        return Response(_show([test])[0], status=status.HTTP_201_CREATED)


class SavedTestEndpoint(Endpoint):
    scopes = {"PATCH": Scope.CHANNELS, "DELETE": Scope.CHANNELS}
    rights = dict.fromkeys(("GET", "PATCH", "DELETE"), Right.TEST_RULES)

    @describe("getSavedTest", "Read one saved test, run", answer=SavedTestOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(_show([_pick(public_id)])[0])

    @describe(
        "updateSavedTest",
        "Change a saved test",
        body=SavedTestPatch,
        answer=SavedTestOut,
        examples={"name": {"name": "Refunds of VIPs go to Support"}},
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        test = _save(_pick(public_id), request, self.read_body(SavedTestPatch))
        return Response(_show([test])[0])

    @describe("deleteSavedTest", "Delete a saved test", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request, public_id: UUID) -> Response:
        saved_tests.delete(_pick(public_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _rows() -> QuerySet[SavedTest]:
    return SavedTest.objects.select_related(
        "channel", "expected_team", "expected_person", "expected_ai_agent", "expected_flow"
    )


def _pick(public_id: UUID) -> SavedTest:
    test = _rows().filter(public_id=public_id).order_by("pk").first()
    if test is None:
        raise NotFoundProblem
    return test


def _save(test: SavedTest, request: Request, body: dict[str, Any]) -> SavedTest:
    test.name = body.get("name", test.name)
    if "case" in body:
        saved_tests.set_case(
            test, case=read_case(request, body["case"]), is_timed="at" in body["case"]
        )
    if "expected" in body:
        _expect(test, body["expected"])
    if SavedTest.objects.filter(name=test.name).exclude(pk=test.pk).exists():
        raise FieldProblem({"name": NAME_TAKEN})
    try:
        return saved_tests.save(test, editor=caller(request), now=timezone.now())
    except ValidationError as error:
        raise FieldProblem({"expected": NOTHING_EXPECTED}) from error


def _expect(test: SavedTest, expected: dict[str, Any]) -> None:
    for name, (column, table) in _EXPECTED.items():
        public_id = expected.get(name)
        row = table.objects.filter(public_id=public_id).first() if public_id else None
        if public_id and row is None:
            raise FieldProblem({f"expected.{name}": NO_SUCH})
        setattr(test, column, row)
    test.expects_nobody = expected.get("nobody", False)


def _show(tests: list[SavedTest]) -> list[dict[str, Any]]:
    now = timezone.now()
    results: dict[str, list[Result]] = {
        basis: saved_tests.run_against(rule_replays.rules_of(basis), tests=tests, now=now)
        for basis in (ReplayBasis.PUBLISHED, ReplayBasis.DRAFT)
    }
    rules = dict(_public_ids(Rule, [test.expected_rule_id for test in tests]))
    people = dict(_public_ids(User, [id for test in tests for id in test.online_ids or ()]))
    return [
        SavedTestOut(
            {
                "id": test.public_id,
                "name": test.name,
                "case": _show_case(test, people),
                "expected": _show_expected(test, rules),
                "results": {basis: _show_result(each[place]) for basis, each in results.items()},
                "created_at": test.created_at,
            }
        ).data
        for place, test in enumerate(tests)
    ]


def _public_ids(table: Any, ids: Iterable[int | None]) -> Iterable[tuple[int, UUID]]:
    rows: Iterable[tuple[int, UUID]] = table.objects.filter(
        pk__in=[id for id in ids if id is not None]
    ).values_list("pk", "public_id")
    return rows


def _show_case(test: SavedTest, people: dict[int, UUID]) -> dict[str, Any]:
    return {
        "channel_id": test.channel.public_id,
        "text": test.text,
        "type": test.type,
        "at": test.at,
        "new_contact": {
            "wrote_before": not test.is_new_contact,
            "phone": test.phone,
            "language": test.language,
            "tags": test.tags,
            "attributes": test.attributes,
        },
        "online": None
        if test.online_ids is None
        else [people[id] for id in test.online_ids if id in people],
    }


def _show_expected(test: SavedTest, rules: dict[int, UUID]) -> dict[str, Any]:
    named = ("team", "person", "ai_agent", "flow")
    rows = {name: getattr(test, f"expected_{name}") for name in named}
    return {
        "rule_id": rules.get(test.expected_rule_id or 0),
        **{f"{name}_id": row.public_id if row else None for name, row in rows.items()},
        "nobody": test.expects_nobody,
    }


def _show_result(result: Result) -> dict[str, Any]:
    return {"passed": result.is_green, "failed": list(result.failed)}
