"""Which flows need a team, a person or an AI agent: those that are on, and those that run."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import ngettext

from routing.flow_house import named_by
from routing.models import Flow, FlowRun, FlowVersion
from teams.csv_plan import Subject
from teams.models import Team, User

_NAMED = 5


class NeededByFlowError(Exception):
    """Flows send conversations there. `flows` are their names."""

    code = "flow.needs_it"

    def __init__(self, flows: list[str]) -> None:
        self.flows = flows
        super().__init__(", ".join(flows))

    @property
    def sentence(self) -> str:
        return needed_by(self.flows)


def find_flows(target: Team | User) -> list[str]:
    """Return the names of the flows that send conversations there: what is published and on, and
    what somebody is still in."""
    key = "team" if isinstance(target, Team) else "person"
    live = FlowRun.objects.filter(version=OuterRef("pk"), ended_at=None)
    met = Flow.objects.filter(is_active=True).values("published")
    versions = FlowVersion.objects.filter(Exists(live) | Q(pk__in=met)).select_related("flow")
    public_id = str(target.public_id)
    names = {each.flow.name for each in versions if public_id in named_by(each.document)[key]}
    return sorted(names)


def refuse_if_needed(target: Team | User) -> None:
    """Raise `NeededByFlowError` if a flow sends conversations there."""
    if names := find_flows(target):
        raise NeededByFlowError(names)


def needed_by(names: list[str]) -> str:
    """Say which flows need something, and what to do about it."""
    shown = ", ".join(names[:_NAMED]) + ("…" if names[_NAMED:] else "")
    template = ngettext(
        "A flow sends conversations there: %(flows)s. Change that flow first, and publish it.",
        "Flows send conversations there: %(flows)s. Change these flows first, and publish them.",
        len(names),
    )
    return template % {"flows": shown}


def find_needed(subject: str, keys: Sequence[str]) -> str:
    """Say which flows need somebody of those whom a file lets go; blank if none does."""
    if subject == Subject.TEAMS:
        targets: list[Team | User] = list(Team.objects.filter(code__in=keys))
    else:
        targets = list(User.objects.filter(email__in=keys))
    names = {name for target in targets for name in find_flows(target)}
    return needed_by(sorted(names)) if names else ""
