"""The runs of flows: where each stands, what it did, and a button that stops it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import scope
from conversations.admin.verbs import actor_of
from conversations.models import Conversation
from routing.admin.flows.run_words import explain_step
from routing.models import FlowRun
from routing.models.flow import RunStatus
from routing.services import flow_runs
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.durations import in_words
from teams.viewers import viewer

_TONES = {
    RunStatus.RUNNING: "info",
    RunStatus.WAITING: "info",
    RunStatus.COMPLETED: "good",
    RunStatus.EXPIRED: "warn",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELED: "quiet",
}


#: As many runs stand on the page of a conversation.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run as another page mentions it."""

    title: str
    url: str
    state: SafeString
    started_at: datetime


def latest_runs(conversation: Conversation) -> list[ShownRun]:
    """Return the runs of flows in a conversation, the latest first."""
    rows = conversation.flow_runs.select_related("flow", "version").order_by("-pk")[:_SHOWN]
    return [
        ShownRun(
            f"{run.flow} v{run.version.number}",
            reverse("admin:routing_flowrun_change", args=[run.pk]),
            _state_of(run),
            run.started_at,
        )
        for run in rows
    ]


def _state_of(run: FlowRun) -> SafeString:
    state = pill(_TONES[RunStatus(run.status)], run.get_status_display())
    if not run.problem:
        return state
    return format_html('{} <span class="sub why">{}</span>', state, run.get_problem_display())


class LiveFilter(admin.SimpleListFilter):
    title = gettext_lazy("now")
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Only those that are going on"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FlowRun]) -> QuerySet[FlowRun]:
        return queryset.filter(ended_at=None) if self.value() == "1" else queryset


@admin.register(FlowRun)
class FlowRunAdmin(GuardedAdmin):
    list_title = gettext_lazy("Runs of flows")
    list_lead = gettext_lazy("Each time that a flow was in a conversation, the latest first.")
    list_display = (
        "started_cell",
        "contact_cell",
        "flow_cell",
        "status_cell",
        "step_cell",
        "took_cell",
    )
    list_display_links = ("started_cell",)
    list_filter = (LiveFilter, "status", "flow")
    allowed_lookups = ("conversation__id__exact", "conversation__contact__id__exact")
    actions = None

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Flows run where they are published and a message starts them.")
        return EmptyState(_("No run."), text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlowRun]:
        rows: QuerySet[FlowRun] = super().get_queryset(request)
        seen = scope.conversations_of(viewer(request))
        return rows.filter(conversation__in=seen).select_related(
            "flow", "version", "conversation__contact"
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None or not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, unquote(object_id))
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("“%(flow)s” with %(contact)s")
            % {"flow": run.flow, "contact": run.conversation.contact},
            "run": run,
            "status": self.status_cell(run),
            "problem": run.get_problem_display(),
            "took": self.took_cell(run),
            "log": [
                (each, explain_step(each.kind, each.outcome, {"step": each.step, **each.facts}))
                for each in run.log.order_by("position")
            ],
            "may_stop": run.is_live and request.user.has_perm("routing.stop_flowrun"),
        }
        return TemplateResponse(request, "admin/routing/flowrun/run.html", context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.stop_view)
        return [path("<path:pk>/stop/", view, name="routing_flowrun_stop"), *super().get_urls()]

    def stop_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Stop a run: people go on with the conversation."""
        if not request.user.has_perm("routing.stop_flowrun"):
            raise PermissionDenied
        run = self.get_object(request, unquote(pk))
        if run is None:
            raise Http404
        if request.method == "POST":
            user = viewer(request)
            if flow_runs.stop(run, actor=actor_of(user), now=timezone.now()):
                messages.success(request, _("The run is stopped: people go on from here."))
            else:
                messages.warning(request, _("Nothing was changed: the run was over already."))
        return HttpResponseRedirect(reverse("admin:routing_flowrun_change", args=[run.pk]))

    # --- Columns

    @admin.display(description=gettext_lazy("Started"), ordering="-started_at")
    def started_cell(self, run: FlowRun) -> datetime:
        return run.started_at

    @admin.display(description=gettext_lazy("Customer"))
    def contact_cell(self, run: FlowRun) -> SafeString:
        url = reverse("admin:conversations_conversation_change", args=[run.conversation_id])
        contact = run.conversation.contact
        return format_html(
            '<a href="{}">{}</a><span class="sub">#{}</span>', url, contact, run.conversation_id
        )

    @admin.display(description=gettext_lazy("Flow"))
    def flow_cell(self, run: FlowRun) -> SafeString:
        return format_html('{} <span class="quiet">v{}</span>', run.flow, run.version.number)

    @admin.display(description=gettext_lazy("State"))
    def status_cell(self, run: FlowRun) -> SafeString:
        return _state_of(run)

    @admin.display(description=gettext_lazy("Step"))
    def step_cell(self, run: FlowRun) -> str:
        return run.step or "–"

    @admin.display(description=gettext_lazy("Took"))
    def took_cell(self, run: FlowRun) -> str:
        return in_words((run.ended_at or timezone.now()) - run.started_at)
