"""Rules over history: what they would have done with the facts that decisions stored.

A background job in slices. Each conversation is decided with what its first decision knew: the
message, the contact, who was there and how much they had. Nothing of what would have followed is
known: a circle that would stand elsewhere, a person who would have had more.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from routing import loaders
from routing.desk_book import ReadOnlyDesks
from routing.engine import serial
from routing.engine.decide import decide
from routing.engine.facts import Answer, Desk, RuleSpec, Target, Trigger
from routing.engine.rule_sets import rules_from_json, rules_to_json
from routing.engine.serial import StoredFacts
from routing.engine.tally import Tally, tally_from_json, tally_to_json
from routing.models import Decision, ReplayBasis, ReplayStatus, RuleReplay
from teams.models import Presence, User
from teams.services import sweeps

#: Decisions of one slice: short enough to hold up nobody, also where one writer holds the others.
SLICE = 50
MOST_CONVERSATIONS = 100_000
KEPT_FOR = timedelta(days=30)
_AFTER_ALL = 2**62


def first_decisions() -> QuerySet[Decision]:
    """Return the decisions that began a conversation because a customer wrote, latest first."""
    earlier = Decision.objects.filter(conversation=OuterRef("conversation"), pk__lt=OuterRef("pk"))
    inbound = Decision.objects.filter(trigger=Trigger.INBOUND)
    return inbound.filter(~Exists(earlier)).order_by("-pk")


def start(
    *,
    basis: str,
    wanted: int,
    started_by: User | None,
    now: datetime,
    since: datetime | None = None,
    version: uuid.UUID | None = None,
) -> RuleReplay:
    """Begin a replay of the last `wanted` conversations, those since `since` where that is given.

    `version` is that of the rules where the basis is an earlier one.
    """
    rules = rules_of(basis, version=version)
    decisions = first_decisions()
    if since is not None:
        decisions = decisions.filter(decided_at__gte=since)
    total = decisions[:wanted].count()
    return RuleReplay.objects.create(
        basis=basis,
        version=version if basis == ReplayBasis.VERSION else loaders.current_version(),
        rules=rules_to_json(rules),
        wanted=wanted,
        since=since,
        due_at=now,
        next_id=_AFTER_ALL,
        total=total,
        started_by=started_by,
        created_at=now,
    )


def rules_of(basis: str, *, version: uuid.UUID | None = None) -> tuple[RuleSpec, ...]:
    """Return the rules that are meant: the draft, the published ones, or those of a version."""
    if basis == ReplayBasis.DRAFT:
        return loaders.load_draft()
    if basis == ReplayBasis.PUBLISHED:
        return loaders.load_rules(loaders.current_version())
    return loaders.load_rules(version)


def work_next(*, now: datetime) -> bool:
    """Do the next slice of a replay that is running, or remove one that is long over."""
    return sweeps.do_next(
        RuleReplay.objects.filter(due_at__lte=now).order_by("due_at", "pk"),
        mark="due_at",
        work=lambda found: _work(found, now=now),
        now=now,
    )


@transaction.atomic
def cancel(replay: RuleReplay, *, now: datetime) -> RuleReplay:
    """Stop a replay; what it has counted stays. One that is over stays as it is."""
    locked = RuleReplay.objects.select_for_update().get(pk=replay.pk)
    if locked.status == ReplayStatus.RUNNING:
        _finish(locked, status=ReplayStatus.CANCELED, now=now)
        locked.save(update_fields=["status", "due_at", "finished_at"])
    return locked


def _work(replay: RuleReplay, *, now: datetime) -> None:
    if replay.status != ReplayStatus.RUNNING:
        RuleReplay.objects.filter(pk=replay.pk).delete()
        return
    slice_size = min(SLICE, replay.total - replay.done)
    decisions = first_decisions().filter(pk__lt=replay.next_id)
    if replay.since is not None:
        decisions = decisions.filter(decided_at__gte=replay.since)
    found = list(decisions.only(*_READ)[:slice_size])
    tally, rules = tally_from_json(replay.tally), rules_from_json(replay.rules)
    desks = ReadOnlyDesks(at=now)
    for decision in found:
        _count(replay, decision, rules=rules, desks=desks, tally=tally)
    replay.tally = tally_to_json(tally)
    replay.done += len(found)
    if len(found) < slice_size or replay.done >= replay.total:
        _finish(replay, status=ReplayStatus.DONE, now=now)
    else:
        replay.next_id, replay.due_at = found[-1].pk, now
    replay.save(update_fields=_WRITTEN)


_READ = ("facts", "answer", "conversation_id")
_WRITTEN = (
    "tally",
    "next_id",
    "due_at",
    "status",
    "finished_at",
    "done",
    "moved",
    "changed_hands",
    "guessed",
    "unknown",
)


def _finish(replay: RuleReplay, *, status: ReplayStatus, now: datetime) -> None:
    replay.status, replay.finished_at, replay.due_at = status, now, now + KEPT_FOR


def _count(
    replay: RuleReplay,
    decision: Decision,
    *,
    rules: Sequence[RuleSpec],
    desks: ReadOnlyDesks,
    tally: Tally,
) -> None:
    """Decide one conversation again, and add what came out."""
    facts = serial.facts_from_json(decision.facts)
    before = serial.answer_from_json(decision.answer, steps=())
    try:
        after, has_guessed = decide_again(facts, rules=rules, desks=desks)
    except (ValueError, ObjectDoesNotExist):  # a desk that is gone
        replay.unknown += 1
        return
    has_moved = tally.add(
        before,
        after,
        channel_id=facts.situation.channel_id,
        conversation_id=decision.conversation_id,
        guessed=int(has_guessed),
    )
    replay.moved += has_moved
    replay.guessed += has_guessed
    replay.changed_hands += not has_moved and before.user_id != after.user_id


def decide_again(
    facts: StoredFacts, *, rules: Sequence[RuleSpec], desks: ReadOnlyDesks
) -> tuple[Answer, bool]:
    """Return what rules say to stored facts, and whether a desk had to be guessed.

    Desks that the decision knew are as it knew them; others are as they are set up now, with
    everybody there. Raises `ValueError` or `ObjectDoesNotExist` for one that is gone.
    """
    guessed: list[Target] = []

    def open_desk(target: Target) -> Desk:
        if target in facts.desks:
            return facts.desks[target]
        guessed.append(target)
        return _with_everybody_there(desks.open(target))

    answer = decide(facts.situation, rules=rules, open_desk=open_desk)
    return answer, bool(guessed)


def _with_everybody_there(desk: Desk) -> Desk:
    """Return the desk with its people online and free: who was there then is not known."""
    people = (
        replace(each, presence=Presence.ONLINE.value, load=0, is_on_shift=True)
        for each in desk.candidates
    )
    return replace(desk, candidates=tuple(people))
