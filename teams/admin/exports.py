"""Lists that can be downloaded in the form in which they can be uploaded again."""

from abc import abstractmethod
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.admin.console import GuardedAdmin
from teams.downloads import csv_download
from teams.permissions import Right, is_allowed
from teams.viewers import viewer


class ExportingAdmin(GuardedAdmin):
    """A list of which all rows, or the chosen ones, can be had as a file."""

    export_filename: ClassVar[str] = ""

    @abstractmethod
    def export(self, rows: QuerySet[Any]) -> str:
        """Return the rows as a CSV text."""

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Say whether the viewer may carry many people or teams in and out by files."""
        return is_allowed(viewer(request), Right.IMPORT)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        own = [path("export/", self.admin_site.admin_view(self.export_view), name=name)]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = self._links() if self.has_import_permission(request) else []
        return super().changelist_view(request, {"title_links": links, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        return self._download(self.model._default_manager.all())

    @admin.action(description=gettext_lazy("Export as CSV"), permissions=["import"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._download(self.model._default_manager.filter(pk__in=queryset.values("pk")))

    def _download(self, rows: QuerySet[Any]) -> HttpResponse:
        return csv_download(self.export(rows), filename=self.export_filename)

    def _links(self) -> list[tuple[str, str]]:
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return [
            (_("Import…"), reverse("admin:teams_import_add")),
            (_("Export all"), reverse(f"{base}_export")),
        ]
