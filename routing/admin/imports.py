"""Imports in the console, by which people may leave."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import admin
from django.http import HttpRequest

from conversations.actors import Actor
from routing.flow_uses import find_needed
from routing.services import leaving
from teams.admin.imports import ImportAdmin
from teams.models import Import
from teams.services.import_writes import Leave
from teams.viewers import viewer


@admin.register(Import)
class RoutedImportAdmin(ImportAdmin):
    def leave_by(self, request: HttpRequest, *, now: datetime) -> Leave:
        actor = Actor.person(viewer(request).pk, viewer(request).name)
        return lambda user: leaving.leave(user, actor=actor, now=now)

    def needed(self, subject: str, keys: Sequence[str]) -> str:
        return find_needed(subject, keys)
