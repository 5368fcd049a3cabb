"""Flows in the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.flows.editing import FlowEditor
from routing.admin.flows.files import FlowFiles
from routing.admin.flows.publishing import FlowPublishing
from routing.admin.flows.trying import FlowTrying
from routing.models import Flow
from routing.services import flows


@admin.register(Flow)
class FlowAdmin(FlowEditor, FlowFiles, FlowPublishing, FlowTrying):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A flow that ran, or that a rule starts, is turned off instead."""
        may_delete = bool(request.user.has_perm("routing.delete_flow"))
        return may_delete and (obj is None or not flows.is_in_use(obj))

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        flows.delete(obj, now=timezone.now())
