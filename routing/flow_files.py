"""The files that steps of flows name: whether each is there, and which channels take it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from channels.models import Channel
from conversations.models import HouseFile
from conversations.services import house_files
from routing.engine.flow import graph
from routing.flow_house import is_id
from routing.models import Flow, FlowVersion


def named_by(*documents: Any) -> set[str]:
    """Return the public ids of the files that the steps of these documents name."""
    named = {
        graph.text_at(step, "file")
        for document in documents
        for step in graph.steps_of(document)
        if graph.kind_of(step) == "message"
    }
    return {each for each in named if is_id(each)}


def load(*documents: Any) -> dict[str, HouseFile]:
    """Return the files that these documents name, by public id."""
    wanted = named_by(*documents)
    rows = HouseFile.objects.filter(public_id__in=wanted) if wanted else ()
    return {str(row.public_id): row for row in rows}


def sendable(named: Iterable[UUID | str], *, channel: Channel) -> frozenset[str]:
    """Return which of these files a channel takes."""
    wanted = list(named)
    rows = HouseFile.objects.filter(public_id__in=wanted) if wanted else ()
    taken = (row for row in rows if house_files.is_sendable(row, channel=channel))
    return frozenset(str(row.public_id) for row in taken)


def refusing(flow: Flow, document: Any) -> dict[str, Sequence[str]]:
    """Return the names of the flow's channels that cannot send each file of a document."""
    files = load(document)
    if not files:
        return {}
    chosen = flow.channels.filter(is_active=True)
    channels = list(chosen) or list(Channel.objects.filter(is_active=True))
    return {
        public_id: [
            each.name for each in channels if not house_files.is_sendable(file, channel=each)
        ]
        for public_id, file in files.items()
    }


def unneeded() -> list[HouseFile]:
    """Return the files that no draft and no version of any flow names."""
    drafts = Flow.objects.values_list("draft", flat=True)
    versions = FlowVersion.objects.values_list("document", flat=True)
    needed = named_by(*drafts, *versions)
    return [row for row in HouseFile.objects.all() if str(row.public_id) not in needed]
