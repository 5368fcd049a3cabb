"""What counts: rules are edited as a draft, and decide from when they are published.

Whoever edits or publishes holds the one row of `RuleDraft`: nobody's change is lost, two who
publish make one version, and a version holds what its publisher has seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.services import events
from routing import flow_facts, loaders
from routing.engine.rule_diff import Change, compare
from routing.engine.rule_sets import flows_to_json, rows_from_json, rows_to_json
from routing.models import AiAgentChannel, RuleDraft, RuleSet
from routing.services import saved_tests
from routing.services.rule_rows import write_all
from teams.services import sweeps


class PublishingError(Exception):
    """The rules are not published, or not discarded. `code` says why."""

    code = ""


class DraftChangedError(PublishingError):
    """The draft is not what its publisher has seen: somebody edited or published meanwhile."""

    code = "rules.draft_changed"


class NothingToPublishError(PublishingError):
    """The draft is what is published already."""

    code = "rules.nothing_to_publish"


class RedTestsError(PublishingError):
    """Saved tests fail on the draft, and nobody said why that is right. `names` are theirs."""

    code = "rules.tests_failed"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(self.code)


@dataclass(frozen=True, slots=True)
class Plan:
    """When a draft is to be published by itself, and the zone in which that was said."""

    at: datetime
    zone: str
    note: str = ""


@contextmanager
def editing(*, actor: Actor, now: datetime) -> Iterator[None]:
    """Change rules alone; afterwards the draft is another one, or published at once."""
    with transaction.atomic():
        draft = lock()
        yield
        _move_on(draft)
        _publish_at_once(draft, actor=actor, now=now)


def lock() -> RuleDraft:
    """Wait until nobody else edits or publishes. Inside a transaction only."""
    draft, _made = RuleDraft.objects.select_for_update().get_or_create(pk=1)
    return draft


def read() -> RuleDraft:
    """Return how far the editing has got, without waiting for anybody."""
    return RuleDraft.objects.select_related("publish_by", "restored_from").first() or RuleDraft()


def find_changes() -> tuple[Change, ...]:
    """Return what is different between the draft and what is published."""
    return compare(loaders.load_published_rows(), loaders.load_draft_rows())


@transaction.atomic
def publish(*, actor: Actor, now: datetime, note: str = "", revision: int | None = None) -> RuleSet:
    """Let the draft decide from the next message on.

    `revision` is what the publisher has seen; None: whatever the draft is. Raises
    `DraftChangedError`, `NothingToPublishError`, and `RedTestsError` without a note.
    """
    draft = _lock_seen(revision)
    if not find_changes():
        raise NothingToPublishError
    _require_reason(note, now=now)
    if draft.publish_due_at is not None:
        _record_plan("rules.publish_canceled", draft, actor=actor, now=now)
    return _publish(draft, actor=actor, note=note, now=now)


@transaction.atomic
def discard(*, actor: Actor, now: datetime, revision: int | None = None) -> list[str]:
    """Let the draft be what is published; return the names of rules that cannot be any more.

    Raises `DraftChangedError` and `NothingToPublishError`.
    """
    draft = _lock_seen(revision)
    if not find_changes():
        raise NothingToPublishError
    if draft.publish_due_at is not None:
        _record_plan("rules.publish_canceled", draft, actor=actor, now=now)
    left_out = write_all(loaders.load_published_rows())
    draft.restored_from = None
    _move_on(draft)
    _forget_plan(draft)
    events.record_of_house("rules.discarded", actor=actor, now=now)
    return left_out


@transaction.atomic
def restore(rule_set: RuleSet, *, actor: Actor, now: datetime) -> list[str]:
    """Let the draft be what was published once; return the names of rules that cannot be any more.

    What was in the draft is gone; what is published stays, unless drafts are published at once.
    """
    draft = lock()
    left_out = write_all(rows_from_json(rule_set.rules))
    draft.restored_from = rule_set
    _move_on(draft)
    data = {"version": str(rule_set.version), "number": rule_set.number}
    events.record_of_house("rules.restored", actor=actor, now=now, data=data)
    _publish_at_once(draft, actor=actor, now=now)
    return left_out


@transaction.atomic
def plan(wanted: Plan, *, actor: Actor, now: datetime, revision: int | None = None) -> RuleDraft:
    """Publish the draft as it is now, later and by itself, in place of what was planned before.

    Raises what `publish` raises, and `ValidationError` for a time gone by.
    """
    if wanted.at <= now:
        raise ValidationError({"at": _("Choose a time that is still to come.")})
    draft = _lock_seen(revision)
    if not find_changes():
        raise NothingToPublishError
    _require_reason(wanted.note, now=now)
    draft.publish_due_at, draft.publish_revision = wanted.at, draft.revision
    draft.publish_by_id = actor.user_id
    draft.publish_note, draft.publish_zone = wanted.note, wanted.zone
    draft.skipped_at, draft.skipped_because = None, ""
    draft.save()
    _record_plan("rules.publish_planned", draft, actor=actor, now=now)
    return draft


@transaction.atomic
def cancel_plan(*, actor: Actor, now: datetime) -> bool:
    """Let nothing be published by itself; say whether anything was to be."""
    draft = lock()
    was_planned = draft.publish_due_at is not None
    if was_planned:
        _record_plan("rules.publish_canceled", draft, actor=actor, now=now)
    _forget_plan(draft)
    return was_planned


def publish_next(*, now: datetime) -> bool:
    """Publish what was planned for now; say whether there was something."""
    due = RuleDraft.objects.filter(publish_due_at__lte=now)
    work = partial(_publish_planned, now=now)
    return sweeps.do_next(due, mark="publish_due_at", work=work, now=now)


def _publish_planned(draft: RuleDraft, *, now: datetime) -> None:
    """Publish what was confirmed, in the name of who planned it, if that person still may.

    A draft that was changed afterwards, or whose planner left, waits for a person.
    """
    problem, by = draft.plan_problem, draft.publish_by
    if not problem and by is not None:
        actor = Actor.person(by.pk, by.name)
        _publish(draft, actor=actor, note=draft.publish_note, now=now)
        return
    _record_plan("rules.publish_skipped", draft, actor=Actor.system(), now=now, because=problem)
    skipped_at = draft.publish_due_at
    _forget_plan(draft)
    RuleDraft.objects.filter(pk=draft.pk).update(skipped_at=skipped_at, skipped_because=problem)


@transaction.atomic
def follow_set_up(*, now: datetime) -> None:
    """Let what is set up beside the rules count from now on, with the rules that are published.

    Those are the AI agents of the channels, and the flows that are on.
    """
    lock()
    newest = RuleSet.objects.order_by("-pk").first()
    ai_agents, flows = _set_up()
    before = (newest.ai_agents, newest.flows) if newest else ({}, [])
    if (ai_agents, flows) != before:
        rules = newest.rules if newest else []
        RuleSet.objects.create(rules=rules, ai_agents=ai_agents, flows=flows, created_at=now)


def _require_reason(note: str, *, now: datetime) -> None:
    """Refuse a draft on which saved tests fail, unless its publisher says why."""
    if note.strip():
        return
    results = saved_tests.run_against(loaders.load_draft(), now=now)
    red = [result.test.name for result in results if not result.is_green]
    if red:
        raise RedTestsError(red)


def _lock_seen(revision: int | None) -> RuleDraft:
    draft = lock()
    if revision not in (None, draft.revision):
        raise DraftChangedError
    return draft


def _publish(draft: RuleDraft, *, actor: Actor, now: datetime, note: str = "") -> RuleSet:
    ai_agents, flows = _set_up()
    numbers = RuleSet.objects.exclude(number=None).order_by("-number")
    made = RuleSet.objects.create(
        number=(numbers.values_list("number", flat=True).first() or 0) + 1,
        rules=rows_to_json(loaders.load_draft_rows()),
        ai_agents=ai_agents,
        flows=flows,
        published_by_id=actor.user_id,
        note=note,
        change_count=len(find_changes()),
        restored_from=draft.restored_from,
        created_at=now,
    )
    draft.restored_from = None
    _move_on(draft)
    _forget_plan(draft)
    data = {"version": str(made.version), "number": made.number, "note": note}
    events.record_of_house("rules.published", actor=actor, now=now, data=data)
    return made


def _publish_at_once(draft: RuleDraft, *, actor: Actor, now: datetime) -> None:
    """Where the house wants no drafts, let the change decide from the next message on."""
    if settings.RULES_PUBLISH_AT_ONCE and find_changes():
        _publish(draft, actor=actor, now=now)


def _move_on(draft: RuleDraft) -> None:
    draft.revision += 1
    draft.save(update_fields=["revision", "restored_from"])


def _forget_plan(draft: RuleDraft) -> None:
    draft.publish_due_at = draft.publish_revision = draft.publish_by = draft.skipped_at = None
    draft.publish_note = draft.publish_zone = draft.skipped_because = ""
    draft.save()


def _record_plan(
    type_: EventType, draft: RuleDraft, *, actor: Actor, now: datetime, **facts: str
) -> None:
    data: dict[str, Any] = {"at": _iso(draft.publish_due_at), "note": draft.publish_note, **facts}
    events.record_of_house(type_, actor=actor, now=now, data=data)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _set_up() -> tuple[dict[str, list[int]], list[dict[str, Any]]]:
    """Return what counts beside the rules, as it is set up now: AI agents, and flows."""
    return _ai_agents_by_channel(), flows_to_json(flow_facts.draft_flow_starts())


def _ai_agents_by_channel() -> dict[str, list[int]]:
    """Return the AI agents of each channel in their order, those that are stopped among them."""
    links = AiAgentChannel.objects.order_by("position", "pk")
    by_channel: dict[str, list[int]] = {}
    for channel_id, ai_agent_id in links.values_list("channel_id", "ai_agent_id"):
        by_channel.setdefault(str(channel_id), []).append(ai_agent_id)
    return by_channel
