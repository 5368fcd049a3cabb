"""Which flows need something of the house: those that are on, and those that run."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from channels.models import Channel, Template
from routing.flow_house import MODELS, named_by
from routing.models import AiAgent, Flow, FlowRun, FlowVersion
from teams.csv_plan import Subject
from teams.models import Team, User

_NAMED = 5
#: What steps name.
Named = Team | User | AiAgent | Template


class NeededByFlowError(Exception):
    """Flows need it. `flows` are their names."""

    code = "flow.needs_it"

    def __init__(self, flows: list[str]) -> None:
        self.flows = flows
        super().__init__(", ".join(flows))

    @property
    def sentence(self) -> str:
        return needed_by(self.flows)


def find_flows(target: Named) -> list[str]:
    """Return the names of the flows whose steps name it: what is published and on, and what
    somebody is still in."""
    key = next(key for key, model in MODELS.items() if isinstance(target, model))
    live = FlowRun.objects.filter(version=OuterRef("pk"), ended_at=None)
    versions = FlowVersion.objects.filter(Exists(live) | Q(pk__in=_met())).select_related("flow")
    public_id = str(target.public_id)
    names = {each.flow.name for each in versions if public_id in named_by(each.document)[key]}
    return sorted(names)


def find_flows_of(channel: Channel) -> list[str]:
    """Return the names of the flows that were published for this channel by name, and are on."""
    versions = FlowVersion.objects.filter(pk__in=_met()).select_related("flow")
    return sorted(each.flow.name for each in versions if channel.pk in each.channel_ids)


def _met() -> QuerySet[Any]:
    """Return the versions that customers meet."""
    return Flow.objects.filter(is_active=True).values("published")


def refuse_if_needed(target: Named) -> None:
    """Raise `NeededByFlowError` if a step of a flow names it."""
    if names := find_flows(target):
        raise NeededByFlowError(names)


def needed_by(names: list[str]) -> str:
    """Say which flows need something, and what to do about it."""
    template = ngettext(
        "A flow sends conversations there: %(flows)s. Change that flow first, and publish it.",
        "Flows send conversations there: %(flows)s. Change these flows first, and publish them.",
        len(names),
    )
    return template % {"flows": _shown(names)}


def serving(names: list[str]) -> str:
    """Say which flows are for a channel, and what to do about it."""
    template = ngettext(
        "A flow is for this channel: %(flows)s. Turn it off first, or publish it without the "
        "channel.",
        "Flows are for this channel: %(flows)s. Turn them off first, or publish them without the "
        "channel.",
        len(names),
    )
    return template % {"flows": _shown(names)}


def _shown(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + ("…" if names[_NAMED:] else "")


def find_needed(subject: str, keys: Sequence[str]) -> str:
    """Say which flows need somebody of those whom a file lets go; blank if none does."""
    if subject == Subject.TEAMS:
        targets: list[Team | User] = list(Team.objects.filter(code__in=keys))
    else:
        targets = list(User.objects.filter(email__in=keys))
    names = {name for target in targets for name in find_flows(target)}
    return needed_by(sorted(names)) if names else ""
