"""Flows in the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from routing.admin.flows.editing import FlowEditor
from routing.admin.flows.publishing import FlowPublishing
from routing.models import Flow


@admin.register(Flow)
class FlowAdmin(FlowEditor, FlowPublishing):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("routing.delete_flow"))
