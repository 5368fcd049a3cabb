"""Importing people and teams: a file, its plan, and a button that does what the plan says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from teams import csv_encodings
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.csv_plan import LAYOUTS, Subject
from teams.csv_sheet import MAX_BYTES
from teams.downloads import csv_download
from teams.import_files import errors_of, template_of
from teams.import_sentences import column_guide, encoding_label, place_of, sentence_of
from teams.models import Import, ImportRow, ImportStatus, ImportSubject, RowKind
from teams.services import directory, imports
from teams.services.import_writes import Leave
from teams.services.imports import ImportRefusedError, PlanChangedError
from teams.texts import Text
from teams.viewers import posted, viewer

ROWS_SHOWN = 50
STATUS_TONES = {
    ImportStatus.PLANNED: "info",
    ImportStatus.APPLIED: "good",
    ImportStatus.REFUSED: "bad",
}
KIND_TONES = {
    RowKind.NEW: "good",
    RowKind.CHANGED: "info",
    RowKind.SAME: "quiet",
    RowKind.ERROR: "bad",
}


class UploadForm(forms.Form):
    """A file, what is in it, and in which encoding."""

    subject = forms.ChoiceField(
        label=gettext_lazy("What is in the file"),
        choices=[
            (ImportSubject.USERS, gettext_lazy("People")),
            (ImportSubject.TEAMS, gettext_lazy("Teams")),
        ],
        initial=ImportSubject.USERS,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=[
            ("", gettext_lazy("Recognise it")),
            (csv_encodings.UTF_8, "UTF-8"),
            (csv_encodings.SHIFT_JIS, "Shift-JIS"),
            (csv_encodings.GB18030, "GB18030"),
        ],
        help_text=gettext_lazy("The plan says which one was taken."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            text = _("The file has more than %(limit)s MiB.")
            raise forms.ValidationError(text % {"limit": MAX_BYTES // 1024 // 1024})
        return file


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the plan, ready to be read."""

    row: ImportRow
    pill: SafeString
    problems: list[tuple[str, str]]


class ImportAdmin(GuardedAdmin):
    """The pages, but for what people leave behind who leave: `routing.admin.imports` knows."""

    list_title = gettext_lazy("Imports")
    add_label = gettext_lazy("Upload a file")
    list_lead = gettext_lazy("Files of people and teams, and what became of them.")
    list_display = (
        "name_cell",
        "subject",
        "counts_cell",
        "status_cell",
        "uploaded_by",
        "created_at",
    )
    list_filter = ("subject", "status")
    list_select_related = ("uploaded_by",)
    actions = None

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No file yet."),
            _("People and teams can be brought in many at a time, from another system's list."),
            reverse("admin:teams_import_add"),
            _("Upload a file"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        rows: QuerySet[Import] = super().get_queryset(request)
        return rows.defer("content")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "template/<str:subject>/",
                view(self.template_view),
                name="teams_import_template",
            ),
            path("<path:pk>/errors/", view(self.errors_view), name="teams_import_errors"),
            path("<path:pk>/plan/", view(self.plan_view), name="teams_import_plan"),
            path("<path:pk>/apply/", view(self.apply_view), name="teams_import_apply"),
        ]
        return own + super().get_urls()

    def leave_by(self, request: HttpRequest, *, now: datetime) -> Leave:
        """Return what lets one person leave."""
        return lambda user: directory.deactivate(user, now=now)

    # --- Uploading

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = posted(request)
        form = UploadForm(sent, request.FILES if sent is not None else None)
        if sent is not None and form.is_valid():
            return self._upload(request, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Upload a file"),
            "form": form,
            "guides": [
                (ImportSubject(subject).label, subject, column_guide(subject))
                for subject in (Subject.USERS, Subject.TEAMS)
            ],
        }
        return TemplateResponse(request, "admin/teams/import/upload.html", context)

    def _upload(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        upload = imports.plan(
            file.read(),
            subject=Subject(form.cleaned_data["subject"]),
            filename=file.name or "",
            encoding=form.cleaned_data["encoding"],
            uploaded_by=viewer(request),
            now=timezone.now(),
        )
        self.log_addition(request, upload, [{"added": {}}])
        return HttpResponseRedirect(_page(upload))

    def template_view(self, request: HttpRequest, subject: str) -> HttpResponse:
        """Send a file to fill in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if subject not in LAYOUTS:
            raise Http404
        return csv_download(template_of(Subject(subject)), filename=f"{subject}.csv")

    # --- The plan

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        upload = self.find(request, object_id)
        if upload is None:
            return self.gone(request, object_id)
        kind = request.GET.get("kind", "")
        rows = upload.rows.filter(kind=kind) if kind in RowKind.values else upload.rows.all()
        page = Paginator(rows, ROWS_SHOWN).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(upload),
            "upload": upload,
            "status_pill": self.status_cell(upload),
            "encoding": encoding_label(upload.encoding),
            "kind": kind if kind in RowKind.values else "",
            "tabs": _tabs(upload, kind=kind),
            "page": page,
            "rows": _shown(page),
            "faults": [(place_of(fault), sentence_of(fault)) for fault in upload.faults],
            "effect": effect_of(upload),
            "button": button_of(upload),
        }
        return TemplateResponse(request, "admin/teams/import/plan.html", context)

    def errors_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        upload = self.find(request, pk)
        if upload is None:
            return self.gone(request, pk)
        return csv_download(errors_of(upload), filename="errors.csv")

    def plan_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Compare the file with the people and teams as they are now."""
        upload = self.find(request, pk)
        if upload is None:
            return self.gone(request, pk)
        if request.method == "POST":
            try:
                imports.plan_again(upload, editor=viewer(request), now=timezone.now())
            except ImportRefusedError as error:
                messages.error(request, REFUSALS[error.code])
        return HttpResponseRedirect(_page(upload))

    def apply_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Do what the plan says; show the new one if it is not the one that was read."""
        upload = self.find(request, pk)
        if upload is None:
            return self.gone(request, pk)
        if request.method == "POST":
            self._apply(request, upload)
        return HttpResponseRedirect(_page(upload))

    def _apply(self, request: HttpRequest, upload: Import) -> None:
        editor, now = viewer(request), timezone.now()
        try:
            imports.apply(
                upload,
                editor=editor,
                leave=self.leave_by(request, now=now),
                now=now,
                needed=self.needed,
                expected_digest=request.POST.get("digest", ""),
            )
        except PlanChangedError as error:
            imports.plan_again(upload, editor=editor, now=now)
            messages.warning(request, REFUSALS[error.code])
        except ImportRefusedError as error:
            messages.error(request, error.sentence or REFUSALS[error.code])
        else:
            self.log_change(request, upload, "applied")
            messages.success(request, done_by(upload))

    def needed(self, subject: str, keys: Sequence[str]) -> str:
        """Say who of those whom the file lets go is needed. Here nothing is known that would."""
        return ""

    # --- Columns

    @admin.display(description=gettext_lazy("File"), ordering="filename")
    def name_cell(self, upload: Import) -> str:
        return upload.filename or "–"

    @admin.display(description=gettext_lazy("Rows"))
    def counts_cell(self, upload: Import) -> str:
        return effect_of(upload)

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def status_cell(self, upload: Import) -> SafeString:
        status = ImportStatus(upload.status)
        return pill(STATUS_TONES[status], status.label)


REFUSALS: dict[str, Text] = {
    "import.plan_changed": gettext_lazy(
        "Nothing was changed: people or teams were changed since you looked. "
        "This is what the file would do now."
    ),
    "import.has_errors": gettext_lazy("Nothing was changed: the file has errors."),
    "import.already_applied": gettext_lazy("This import was applied before."),
}


def effect_of(upload: Import) -> str:
    """Return in one line what the rows are."""
    parts = (
        (upload.new_count, ngettext("%(n)d new", "%(n)d new", upload.new_count)),
        (upload.changed_count, ngettext("%(n)d changed", "%(n)d changed", upload.changed_count)),
        (upload.same_count, ngettext("%(n)d the same", "%(n)d the same", upload.same_count)),
        (
            upload.error_count,
            ngettext("%(n)d with an error", "%(n)d with errors", upload.error_count),
        ),
    )
    return ", ".join(text % {"n": number} for number, text in parts if number) or "–"


def button_of(upload: Import) -> str:
    """Return what the button says that applies the plan; blank if it would do nothing."""
    if upload.status != ImportStatus.PLANNED:
        return ""
    numbers = {"new": upload.new_count, "changed": upload.changed_count}
    if upload.new_count and upload.changed_count:
        return _("Create %(new)d, change %(changed)d") % numbers
    if upload.new_count:
        return _("Create %(new)d") % numbers
    return _("Change %(changed)d") % numbers if upload.changed_count else ""


def done_by(upload: Import) -> str:
    numbers = {"new": upload.new_count, "changed": upload.changed_count}
    return _("Done: %(new)d created, %(changed)d changed.") % numbers


def _tabs(upload: Import, *, kind: str) -> list[dict[str, Any]]:
    """Return the views of the rows, those without any left out."""
    counts = {
        RowKind.ERROR: upload.error_count,
        RowKind.NEW: upload.new_count,
        RowKind.CHANGED: upload.changed_count,
        RowKind.SAME: upload.same_count,
    }
    tabs = [{"label": _("All"), "url": "?", "count": upload.row_count, "is_current": not kind}]
    return tabs + [
        {"label": one.label, "url": f"?kind={one}", "count": count, "is_current": kind == one}
        for one, count in counts.items()
        if count
    ]


def _shown(page: Page[ImportRow]) -> list[ShownRow]:
    return [
        ShownRow(
            row,
            pill(KIND_TONES[RowKind(row.kind)], RowKind(row.kind).label),
            [(fault["column"], sentence_of(fault)) for fault in row.faults],
        )
        for row in page
    ]


def _page(upload: Import) -> str:
    return reverse("admin:teams_import_change", args=[upload.pk])
