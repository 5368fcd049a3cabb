"""The list of flows, in the order in which they are tried."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.templatetags.relaydesk import icon
from routing import flow_figures
from routing.admin.flows.states import state_pill
from routing.engine.flow.specs import WITH_WORDS
from routing.flow_troubles import explain, find_troubles
from routing.models import Flow
from routing.services import flows
from teams.admin.console import EmptyState, GuardedAdmin

_WORDS_SHOWN = 4


class FlowList(GuardedAdmin):
    list_title = gettext_lazy("Flows")
    add_label = gettext_lazy("Add a flow")
    list_lead = gettext_lazy(
        "A flow answers by itself, asks, and gives the conversation to a team. It starts where no "
        "rule decides: exact words first, then words within a message, then the others in this "
        "order."
    )
    list_display = (
        "order_cell",
        "name_cell",
        "trigger_cell",
        "state_cell",
        "channels_cell",
        "runs_cell",
        "finished_cell",
        "stuck_cell",
        "switch_cell",
    )
    list_display_links = ("name_cell",)
    list_per_page = 500
    actions = None

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Messages that no rule takes go to AI agents and people at once.")
        if not self.has_add_permission(request):
            return EmptyState(_("No flow yet."), text)
        return EmptyState(
            _("No flow yet."), text, reverse("admin:routing_flow_add"), _("Add a flow")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flow]:
        rows: QuerySet[Flow] = super().get_queryset(request)
        return rows.select_related("published").prefetch_related("channels")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FlowChangeList

    # --- Moving and switching: buttons of the list, POST only

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/move/up/", view(self.move_view), {"by": -1}, name="routing_flow_up"),
            path("<path:pk>/move/down/", view(self.move_view), {"by": 1}, name="routing_flow_down"),
            path("<path:pk>/switch/", view(self.switch_view), name="routing_flow_switch"),
        ]
        return own + super().get_urls()

    def move_view(self, request: HttpRequest, pk: str, by: int) -> HttpResponse:
        """Move a flow one place up or down, and go back to its button."""
        flow = self.changeable(request, pk)
        address = reverse("admin:routing_flow_changelist")
        if request.method != "POST":
            return HttpResponseRedirect(address)
        order = list(Flow.objects.all())
        place = order.index(flow)
        order.insert(max(0, place + by), order.pop(place))
        flows.reorder(order, now=timezone.now())
        number = order.index(flow) + 1
        self.log_change(request, flow, f"order: {number}")
        names = {"flow": flow.name, "number": number}
        messages.success(request, _("“%(flow)s” is number %(number)d now.") % names)
        direction = "up" if by < 0 else "down"
        return HttpResponseRedirect(f"{address}#move-{direction}-{flow.pk}")

    def switch_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Let a published flow start, or nothing start it any more."""
        flow = self.changeable(request, pk, permission="routing.publish_flow")
        if request.method == "POST" and flow.published is not None:
            now = timezone.now()
            if flow.is_active:
                flows.switch_off(flow, now=now)
                text = _("“%(flow)s” is off: nothing starts it. Whoever is in it finishes.")
            else:
                flows.switch_on(flow, now=now)
                text = _("“%(flow)s” is on: it starts from the next message.")
            self.log_change(request, flow, "is_active")
            messages.success(request, text % {"flow": flow.name})
        return HttpResponseRedirect(_back(request, flow))

    def changeable(
        self, request: HttpRequest, pk: str, *, permission: str = "routing.change_flow"
    ) -> Flow:
        """Return the flow of an address. Raises `PermissionDenied` first, and `Http404`."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        flow: Flow | None = self.get_object(request, unquote(pk))
        if flow is None:
            raise Http404
        return flow

    def pick(self, request: HttpRequest, object_id: str) -> Flow:
        """Return the flow of an address. Raises `PermissionDenied` first, and `Http404`."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        flow: Flow | None = self.get_object(request, unquote(object_id))
        if flow is None:
            raise Http404
        return flow

    # --- Columns

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if self.has_change_permission(request):
            return tuple(self.list_display)
        return tuple(self.list_display[1:-1])

    @admin.display(description=gettext_lazy("Order"))
    def order_cell(self, flow: Any) -> SafeString:
        return format_html(
            '<span class="order-cell"><b>{}</b>{}{}</span>',
            flow.place,
            _move_button(flow, "up", _("Move “%(flow)s” up"), is_at_end=flow.place == 1),
            _move_button(flow, "down", _("Move “%(flow)s” down"), is_at_end=flow.is_last),
        )

    @admin.display(description=gettext_lazy("Name"))
    def name_cell(self, flow: Flow) -> str:
        return flow.name

    @admin.display(description=gettext_lazy("Starts with"))
    def trigger_cell(self, flow: Flow) -> SafeString | str:
        """Return what starts it: as it is published, where it is."""
        shown = flow.published or flow
        label = shown.get_trigger_display()
        if shown.trigger not in WITH_WORDS:
            return label
        words = ", ".join(shown.words[:_WORDS_SHOWN])
        more = "…" if shown.words[_WORDS_SHOWN:] else ""
        return format_html('{}<span class="sub why">{}{}</span>', label, words, more)

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, flow: Any) -> SafeString:
        state, troubles = state_pill(flow), flow.troubles
        if not troubles:
            return state
        return format_html('{}<span class="sub why">{}</span>', state, explain(troubles[0]))

    @admin.display(description=gettext_lazy("Channels"))
    def channels_cell(self, flow: Flow) -> str:
        return ", ".join(channel.name for channel in flow.channels.all()) or _("all")

    @admin.display(description=gettext_lazy("Runs, 7 days"))
    def runs_cell(self, flow: Any) -> SafeString:
        url = f"{reverse('admin:routing_flowrun_changelist')}?flow__id__exact={flow.pk}"
        return format_html(
            '<a class="number" href="{}">{}<span class="visually-hidden"> “{}”</span></a>',
            url,
            flow.figures.started,
            flow.name,
        )

    @admin.display(description=gettext_lazy("Finished"))
    def finished_cell(self, flow: Any) -> str:
        figures = flow.figures
        if not figures.ended:
            return "–"
        return _("%(percent)d %%") % {"percent": round(100 * figures.completed / figures.ended)}

    @admin.display(description=gettext_lazy("Stands at"))
    def stuck_cell(self, flow: Any) -> SafeString | str:
        """Return the step at which most of those who are in it are standing."""
        if flow.figures.stuck_at is None:
            return "–"
        step, count = flow.figures.stuck_at
        return format_html('{} <span class="quiet">({})</span>', step or _("its start"), count)

    @admin.display(description=gettext_lazy("On"))
    def switch_cell(self, flow: Flow) -> SafeString | str:
        if flow.published is None:
            return "–"
        return format_html(
            '<button type="submit" class="button small" formaction="{}?from_list=1">{}'
            '<span class="visually-hidden"> “{}”</span></button>',
            reverse("admin:routing_flow_switch", args=[flow.pk]),
            _("Turn off") if flow.is_active else _("Turn on"),
            flow.name,
        )


class FlowChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Load the page, and for all its rows together how they do."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        order = list(Flow.objects.values_list("pk", flat=True))
        troubles = find_troubles(self.result_list)
        figures = flow_figures.load_all([row.pk for row in self.result_list], now=timezone.now())
        for row in self.result_list:
            row.place = order.index(row.pk) + 1
            row.is_last = row.place == len(order)
            row.figures = figures[row.pk]
            row.troubles = troubles.get(row.pk, [])


def _back(request: HttpRequest, flow: Flow) -> str:
    """Return where the button stood: the list has it, too."""
    if "from_list" in request.GET:
        return reverse("admin:routing_flow_changelist")
    return reverse("admin:routing_flow_change", args=[flow.pk])


def _move_button(flow: Flow, direction: str, label: str, *, is_at_end: bool) -> SafeString:
    return format_html(
        '<button type="submit" formaction="{}" id="move-{}-{}" aria-label="{}"{}>{}</button>',
        reverse(f"admin:routing_flow_{direction}", args=[flow.pk]),
        direction,
        flow.pk,
        label % {"flow": flow.name},
        mark_safe(" disabled") if is_at_end else "",
        icon(direction),
    )
