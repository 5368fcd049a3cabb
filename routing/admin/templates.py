"""Templates in the console, with what only routing knows: which flows send them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from channels.admin.templates import TemplateAdmin
from channels.models import Template
from routing.flow_uses import find_flows


@admin.register(Template)
class NeededTemplateAdmin(TemplateAdmin):
    """The provider keeps and takes away templates: what can be done is to say who needs them."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "flows_cell")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*TemplateAdmin.fields, "flows_cell")

    @admin.display(description=gettext_lazy("Sent by flows"))
    def flows_cell(self, template: Template) -> str:
        return ", ".join(find_flows(template)) or "–"
