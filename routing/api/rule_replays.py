"""Replays of history over the API: begun, followed, stopped, and what they found."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import scope
from routing.engine.facts import TargetKind
from routing.engine.tally import Place, Tally, tally_from_json
from routing.models import ReplayBasis, ReplayStatus, Rule, RuleReplay, RuleSet
from routing.places import Named, look_up
from routing.services import rule_replays
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, Instant, PublicId, Text, Whole
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.permissions import Right
from teams.scopes import Scope

NO_SUCH_VERSION = ("not_found", _("There is no such version of the rules."))
ONLY_OF_A_VERSION = ("not_wanted", _("Only with “rules”: “version”."))
_USUAL = 1000


class RuleReplayBody(Body):
    """The last `conversations`, of those that began at `since` or later."""

    rules = Choice(choices=ReplayBasis.values, default=ReplayBasis.DRAFT)
    version = PublicId(required=False)
    conversations = Whole(
        required=False, min_value=1, max_value=rule_replays.MOST_CONVERSATIONS, default=_USUAL
    )
    since = Instant(required=False)


class PlaceOut(serializers.Serializer[Any]):
    """`kind`: team, person, ai, flow, or channel (its own agents). Without an id: it is gone."""

    kind = Text()
    id = PublicId(allow_null=True)
    name = Text()


class MoveOut(serializers.Serializer[Any]):
    """`as_of_now`: how many of them asked a desk that nobody had looked at, as it is set up now,
    with everybody there."""

    origin = PlaceOut()
    goal = PlaceOut()
    count = Whole()
    as_of_now = Whole()
    conversation_ids = serializers.ListField(child=PublicId())


class PairOut(serializers.Serializer[Any]):
    """Without an id: it is gone, or it is not known who would have got them."""

    id = PublicId(allow_null=True)
    name = Text()
    before = Whole()
    after = Whole()


class WaitingOut(serializers.Serializer[Any]):
    before = Whole()
    after = Whole()


class RuleReplayOut(serializers.Serializer[Any]):
    """How far it has got, and what it has counted so far."""

    id = PublicId(source="public_id")
    rules = Text(source="basis")
    version = PublicId(allow_null=True)
    since = Instant(allow_null=True)
    status = Choice(choices=ReplayStatus.values)
    total = Whole()
    done = Whole()
    moved = Whole()
    changed_hands = Whole()
    as_of_now = Whole(source="guessed")
    unknown = Whole()
    created_at = Instant()
    finished_at = Instant(allow_null=True)


class RuleReplayDetailOut(RuleReplayOut):
    moves = MoveOut(many=True)
    people = PairOut(many=True)
    decided_by = PairOut(many=True)
    waiting = WaitingOut()


class ReplaysEndpoint(Endpoint):
    """Latest first; each is kept for 30 days."""

    orderings = {"-id": ("-pk",)}
    scopes = {"POST": Scope.CHANNELS}
    rights = {"GET": Right.TEST_RULES, "POST": Right.TEST_RULES}

    @describe("listRuleReplays", "List the replays of history", page_of=RuleReplayOut)
    def get(self, request: Request) -> Response:
        return self.page(RuleReplay.objects.all(), serializer=RuleReplayOut)

    @describe(
        "startRuleReplay",
        "Replay rules over history",
        body=RuleReplayBody,
        is_body_optional=False,
        answer=RuleReplayDetailOut,
        status=status.HTTP_201_CREATED,
        examples={"draft": {"rules": "draft", "conversations": 1000}},
    )
    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(RuleReplayBody)
        replay = rule_replays.start(
            basis=body["rules"],
            version=_version(body),
            wanted=body["conversations"],
            since=body.get("since"),
            started_by=caller(request),
            now=timezone.now(),
        )
        return Response(_show(request, replay), status=status.HTTP_201_CREATED)


class ReplayEndpoint(Endpoint):
    rights = {"GET": Right.TEST_RULES}

    @describe("getRuleReplay", "Read a replay of history", answer=RuleReplayDetailOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(_show(request, _pick(public_id)))


class CancelReplayEndpoint(Endpoint):
    """What it has counted stays. One that is over stays as it is."""

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.TEST_RULES}

    @describe("cancelRuleReplay", "Stop a replay of history", answer=RuleReplayDetailOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        replay = rule_replays.cancel(_pick(public_id), now=timezone.now())
        return Response(_show(request, replay))


def _version(body: dict[str, Any]) -> UUID | None:
    version: UUID | None = body.get("version")
    if body["rules"] != ReplayBasis.VERSION:
        if version is not None:
            raise FieldProblem({"version": ONLY_OF_A_VERSION})
        return None
    if version is None or not RuleSet.objects.filter(version=version).exists():
        raise FieldProblem({"version": NO_SUCH_VERSION})
    return version


def _pick(public_id: UUID) -> RuleReplay:
    replay = RuleReplay.objects.filter(public_id=public_id).order_by("pk").first()
    if replay is None:
        raise NotFoundProblem
    return replay


def _show(request: Request, replay: RuleReplay) -> dict[str, Any]:
    tally = tally_from_json(replay.tally)
    before, after = tally.waiting
    found: dict[str, Any] = {
        "moves": _moves(request, tally),
        "people": _people(tally),
        "decided_by": _rules(tally),
        "waiting": {"before": before, "after": after},
    }
    for name, value in found.items():
        setattr(replay, name, value)
    shown: dict[str, Any] = RuleReplayDetailOut(replay).data
    return shown


def _moves(request: Request, tally: Tally) -> list[dict[str, Any]]:
    places = look_up(place for way in tally.moves for place in way)
    ids = [id for move in tally.moves.values() for id in move.examples]
    visible = scope.conversations_of(caller(request)).filter(pk__in=ids)
    public = dict(visible.values_list("pk", "public_id"))
    ordered = sorted(tally.moves.items(), key=lambda item: -item[1].count)
    return [
        {
            "origin": _place(origin, places.get(origin)),
            "goal": _place(goal, places.get(goal)),
            "count": move.count,
            "as_of_now": move.guessed,
            "conversation_ids": [public[id] for id in move.examples if id in public],
        }
        for (origin, goal), move in ordered
    ]


def _place(place: Place, found: Named | None) -> dict[str, Any]:
    known = found or Named(None, "")
    return {"kind": place.kind, "id": known.public_id, "name": known.name}


def _people(tally: Tally) -> list[dict[str, Any]]:
    people = look_up(Place(TargetKind.PERSON, id) for id in tally.people)
    named = {place.id: row for place, row in people.items()}
    return [_pair(named.get(id), pair) for id, pair in tally.people.items()]


def _rules(tally: Tally) -> list[dict[str, Any]]:
    rows = Rule.objects.filter(pk__in=tally.rules).values_list("pk", "public_id", "name")
    named = {id: Named(public_id, name) for id, public_id, name in rows}
    return [_pair(named.get(id), pair) for id, pair in tally.rules.items()]


def _pair(found: Named | None, pair: list[int]) -> dict[str, Any]:
    before, after = pair
    return {
        "id": found.public_id if found else None,
        "name": found.name if found else "",
        "before": before,
        "after": after,
    }
