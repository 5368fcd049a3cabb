"""What would happen to a message: the same engine as for a real one, and nothing is kept."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Channel
from conversations.api.contacts import pick_contact
from routing.api.serializers import DecisionOut, show_answer
from routing.engine.facts import Answer, Trigger
from routing.engine.written import TYPES
from routing.models import AiAgent, ReplayBasis, Rule
from routing.services import rule_replays, rule_tester
from routing.services.rule_tester import Case
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, TextList
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import FieldProblem
from teams.api.references import PersonReference, find_person
from teams.api.serializers import PersonBrief, TeamBrief, show_person, show_team
from teams.models import Team, User
from teams.permissions import Right
from teams.scopes import Scope

#: The rules that can be asked.
ASKED = [ReplayBasis.PUBLISHED.value, ReplayBasis.DRAFT.value]
NO_SUCH_CHANNEL = ("not_found", _("There is no such channel."))
ONE_CONTACT = ("one_contact", _("Give a known contact, or what is known of a new one."))


class NewContactBody(Body):
    """Somebody as far as rules can ask about them; new, unless they are said to have written."""

    wrote_before = Flag(required=False)

    phone = Text(required=False, allow_blank=True, max_length=16)
    language = Text(required=False, allow_blank=True, max_length=12)
    tags = TextList(required=False)
    attributes = serializers.DictField(required=False)


class CaseBody(Body):
    """A message. `online`: exactly these people are online; left out, everybody as they are."""

    channel_id = PublicId()
    text = Text(required=False, allow_blank=True, max_length=4096)
    type = Choice(choices=TYPES, default="text")
    at = Instant(required=False)
    contact_id = PublicId(required=False)
    new_contact = NewContactBody(required=False)
    online = PersonReference(many=True, required=False)


class RuleTestBody(CaseBody):
    """A message, and which rules are asked: the published ones or the draft."""

    rules = Choice(choices=ASKED, default=ReplayBasis.PUBLISHED)


class RuleTestAnswer(serializers.Serializer[Any]):
    """Who would get it, and why. `conversation_id`: the contact's conversation that is going on;
    a real message would be added there, and no rule would be asked."""

    outcome = Text()
    team = TeamBrief(allow_null=True)
    member = PersonBrief(allow_null=True)
    ai_agent_id = PublicId(allow_null=True)
    rule_id = PublicId(allow_null=True)
    conversation_id = PublicId(allow_null=True)
    decision = DecisionOut()


class RuleTestEndpoint(Endpoint):
    """It takes no lock, moves no circle, starts no timer and asks no AI provider."""

    scopes = {"POST": Scope.READ}
    rights = {"POST": Right.TEST_RULES}

    @describe(
        "testRules",
        "What would happen to a message",
        body=RuleTestBody,
        answer=RuleTestAnswer,
        refusals=(404,),
        examples={
            "refund": {
                "channel_id": "01990000-0000-7000-8000-000000000001",
                "text": "返金できますか?",
                "new_contact": {"phone": "+819012345678", "tags": ["vip"]},
            }
        },
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(RuleTestBody)
        case = read_case(request, body)
        rules = rule_replays.rules_of(body["rules"])
        verdict = rule_tester.ask(case, rules=rules)
        answer, going_on = verdict.answer, verdict.appended_to
        return Response(
            {
                "outcome": answer.outcome,
                "team": show_team(Team.objects.filter(pk=answer.team_id or 0).first()),
                "member": show_person(User.objects.filter(pk=answer.user_id or 0).first()),
                **_ids(answer),
                "conversation_id": str(going_on.public_id) if going_on else None,
                "decision": show_answer(answer, trigger=Trigger.INBOUND, now=case.at),
            }
        )


def read_case(request: Request, body: dict[str, Any]) -> Case:
    """Return the case that a `CaseBody` describes."""
    channel = Channel.objects.filter(public_id=body["channel_id"], is_active=True).first()
    if channel is None:
        raise FieldProblem({"channel_id": NO_SUCH_CHANNEL})
    if "contact_id" in body and "new_contact" in body:
        raise FieldProblem({"new_contact": ONE_CONTACT})
    contact = pick_contact(request, body["contact_id"]) if "contact_id" in body else None
    new = body.get("new_contact", {})
    online = body.get("online")
    return Case(
        channel=channel,
        at=body.get("at") or timezone.now(),
        text=body.get("text", ""),
        types=(body["type"],),
        contact=contact,
        phone=new.get("phone", ""),
        language=new.get("language", ""),
        tags=tuple(new.get("tags", ())),
        attributes=new.get("attributes", {}),
        wrote_before=new.get("wrote_before", False),
        online_ids=None
        if online is None
        else frozenset(find_person(each, field="online").pk for each in online),
    )


def _ids(answer: Answer) -> dict[str, str | None]:
    tables: dict[str, Any] = {"ai_agent_id": AiAgent, "rule_id": Rule}
    found = {
        name: table.objects.filter(pk=getattr(answer, name)).values_list("public_id", flat=True)
        for name, table in tables.items()
    }
    return {name: str(ids[0]) if ids else None for name, ids in found.items()}
