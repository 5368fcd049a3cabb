"""Applying an import by which people may leave."""

from collections.abc import Sequence
from datetime import datetime

from rest_framework.request import Request

from conversations.api.callers import actor_of
from routing.flow_uses import find_needed
from routing.services import leaving
from teams.api.imports import ApplyImportEndpoint
from teams.services.import_writes import Leave


class RoutedApplyImportEndpoint(ApplyImportEndpoint):
    """Lets people leave with all that they have, as it is done one by one."""

    def leave_by(self, request: Request, *, now: datetime) -> Leave:
        actor = actor_of(request)
        return lambda user: leaving.leave(user, actor=actor, now=now)

    def needed(self, subject: str, keys: Sequence[str]) -> str:
        return find_needed(subject, keys)
