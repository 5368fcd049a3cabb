"""Changing flows: the draft, its publishing, the switch, the order, and going back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from channels.models import Channel
from conversations.services import house_files
from routing import flow_files
from routing.engine.facts import Target, TargetKind
from routing.engine.flow import documents, problems, specs
from routing.engine.flow.problems import Problem
from routing.flow_house import load_house
from routing.models import Flow, FlowRun, FlowVersion
from routing.services import rule_publishing, rule_uses
from teams.models import User

MOST_WORDS, LONGEST_WORD = 50, 100
#: A file is uploaded first and named by a draft afterwards.
KEPT_UNNAMED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the steps. `words` are for triggers that ask for some."""

    name: str
    trigger: str
    description: str = ""
    words: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()


class FlowConflictError(Exception):
    """Somebody else changed the draft since the caller saw it."""

    code = "flow.conflict"


class FlowProblemsError(Exception):
    """The draft cannot be published; `problems` are all that keep it from that."""

    code = "flow.problems"

    def __init__(self, found: Sequence[Problem]) -> None:
        self.problems = tuple(found)
        super().__init__(", ".join(f"{each.place}: {each.code}" for each in found))


class FlowInUseError(Exception):
    """The flow has run, or a rule starts it: it can be switched off, not deleted."""

    code = "flow.in_use"


class NeverPublishedError(Exception):
    """There is nothing yet that could be switched on."""

    code = "flow.never_published"


@transaction.atomic
def create(head: Head, *, author: User | None, now: datetime, document: Any = None) -> Flow:
    """Make a flow whose draft nobody published; it is the last in the order.

    Raises what `save_draft` raises.
    """
    last = Flow.objects.aggregate(last=Max("position"))["last"]
    flow = Flow(position=0 if last is None else last + 1, draft_number=0)
    steps = {} if document is None else document
    return _write(flow, head=head, document=steps, author=author, now=now)


@transaction.atomic
def save_draft(
    flow: Flow,
    *,
    author: User | None,
    now: datetime,
    head: Head | None = None,
    document: Any = None,
    seen: int | None = None,
) -> Flow:
    """Keep the head, the steps, or both; None leaves them as they are. No customer notices.

    `seen` is the `draft_number` that the caller saw. Raises `FlowDocumentError` for steps that
    cannot be kept, `ValidationError` naming the fields of the head, and `FlowConflictError`.
    """
    flow = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
    if seen not in (None, flow.draft_number):
        raise FlowConflictError
    return _write(flow, head=head, document=document, author=author, now=now)


def _write(
    flow: Flow, *, head: Head | None, document: Any, author: User | None, now: datetime
) -> Flow:
    if document is not None:
        flow.draft = documents.dump(documents.parse(document))
    if head is not None:
        flow.name, flow.description = head.name.strip(), head.description
        flow.trigger, flow.words = head.trigger, _checked_words(head)
    flow.draft_number += 1
    flow.draft_changed_at, flow.draft_changed_by = now, author
    flow.full_clean(exclude=["draft"])
    flow.save()
    if head is not None:
        flow.channels.set(head.channels)
    return flow


def _checked_words(head: Head) -> list[str]:
    """Return the words that start it, each once; none where the trigger asks for none."""
    if head.trigger not in specs.WITH_WORDS:
        return []
    words = list(dict.fromkeys(word.strip() for word in head.words if word.strip()))
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        problem = _("At most 50 words of 100 characters.")
        raise ValidationError({"words": problem})
    return words


@transaction.atomic
def publish(flow: Flow, *, author: User | None, now: datetime, note: str = "") -> FlowVersion:
    """Let the draft be what customers meet from now on, and switch it on.

    Whoever is in the flow finishes on the version that they began with. Raises `FlowProblemsError`.
    """
    flow = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
    if found := find_problems(flow):
        raise FlowProblemsError(found)
    last = flow.versions.aggregate(last=Max("number"))["last"] or 0
    version = FlowVersion.objects.create(
        flow=flow,
        number=last + 1,
        document=flow.draft,
        trigger=flow.trigger,
        words=flow.words,
        channel_ids=sorted(flow.channels.values_list("pk", flat=True)),
        published_at=now,
        published_by=author,
        note=note[:200],
    )
    Flow.objects.filter(pk=flow.pk).update(published=version, is_active=True)
    _tidy_files(now=now)
    rule_publishing.follow_set_up(now=now)
    return version


def find_problems(flow: Flow) -> list[Problem]:
    """Return everything that keeps the draft from being published."""
    return problems_of(flow, flow.draft)


def problems_of(flow: Flow, document: Any) -> list[Problem]:
    """Return everything that would keep a document from being published as this flow."""
    house = replace(load_house(document), files=flow_files.refusing(flow, document))
    return problems.find(document, house=house)


@transaction.atomic
def switch_on(flow: Flow, *, now: datetime) -> None:
    """Let messages and rules start it again. Raises `NeverPublishedError`."""
    if not Flow.objects.filter(pk=flow.pk, published__isnull=False).update(is_active=True):
        raise NeverPublishedError
    rule_publishing.follow_set_up(now=now)


@transaction.atomic
def switch_off(flow: Flow, *, now: datetime) -> None:
    """Let nothing start it any more. Whoever is in it finishes."""
    Flow.objects.filter(pk=flow.pk).update(is_active=False)
    rule_publishing.follow_set_up(now=now)


@transaction.atomic
def restore(flow: Flow, *, version: FlowVersion, author: User | None, now: datetime) -> Flow:
    """Make a published version the draft again. Nothing is published by that."""
    flow = Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)
    flow.draft, flow.trigger, flow.words = version.document, version.trigger, version.words
    flow.draft_number += 1
    flow.draft_changed_at, flow.draft_changed_by = now, author
    flow.save()
    flow.channels.set(Channel.objects.filter(pk__in=version.channel_ids))
    return flow


@transaction.atomic
def reorder(flows: Sequence[Flow], *, now: datetime) -> None:
    """Store this order as the order in which flows are tried."""
    for position, flow in enumerate(flows):
        flow.position = position
    Flow.objects.bulk_update(flows, ["position"])
    rule_publishing.follow_set_up(now=now)


@transaction.atomic
def delete(flow: Flow, *, now: datetime) -> None:
    """Remove a flow that never ran and that no rule starts. Raises `FlowInUseError`."""
    if is_in_use(flow):
        raise FlowInUseError
    Flow.objects.filter(pk=flow.pk).update(published=None, is_active=False)
    Flow.objects.filter(pk=flow.pk).delete()
    _tidy_files(now=now)
    rule_publishing.follow_set_up(now=now)


def _tidy_files(*, now: datetime) -> None:
    """Remove files that no flow names any more, but for those that somebody just uploaded."""
    before = now - KEPT_UNNAMED
    house_files.remove([file for file in flow_files.unneeded() if file.created_at < before])


def is_in_use(flow: Flow) -> bool:
    """Say whether the flow has run, or a rule starts it: published, or as it is edited."""
    rules = rule_uses.rules_that_name(Target(TargetKind.FLOW, flow.pk))
    return bool(rules) or FlowRun.objects.filter(flow=flow).exists()


def is_published_as_drawn(flow: Flow) -> bool:
    """Say whether the draft is what customers meet. `published` and `channels` are loaded."""
    version = flow.published
    if version is None:
        return False
    channel_ids = sorted(channel.pk for channel in flow.channels.all())
    return (flow.draft, flow.trigger, flow.words, channel_ids) == (
        version.document,
        version.trigger,
        version.words,
        version.channel_ids,
    )


def number_running(flow: Flow) -> dict[int, int]:
    """Return how many runs are going on, by the number of their version."""
    live = FlowRun.objects.filter(flow=flow, ended_at=None).order_by("version__number")
    rows = live.values_list("version__number").annotate(runs=Count("pk"))
    return dict(rows)
