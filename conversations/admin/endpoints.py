"""Webhooks in the console: the addresses that are told of events, and how they do."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.egress import BlockedAddressError, check_url
from channels.event_filters import EVERYTHING
from channels.models import Endpoint
from channels.services import endpoints
from channels.services.endpoints import TooManyEndpointsError
from conversations.admin.endpoint_buttons import LIST, EndpointButtons, show_secret
from conversations.admin.endpoint_cells import count_deliveries, explain, shorten, state_of
from conversations.admin.endpoint_forms import PLAIN_FIELDS, EndpointForm
from conversations.models import EndpointDelivery, ForwardStatus
from teams.admin.console import EmptyState, pick_fields, pill

DELIVERIES = "admin:conversations_endpointdelivery_changelist"
DAY = timedelta(days=1)
#: Where a page leaves what it was told about an address before the transaction began.
REFUSAL = "relaydesk.url_refusal"


@admin.register(Endpoint)
class EndpointAdmin(EndpointButtons):
    form = EndpointForm
    change_form_template = "admin/channels/endpoint/change_form.html"
    list_title = gettext_lazy("Webhooks")
    add_label = gettext_lazy("Add an endpoint")
    list_lead = gettext_lazy(
        "Addresses of other systems that are told what happens: signed, in order, at least once."
    )
    list_display = (
        "name_cell",
        "events_cell",
        "state_cell",
        "day_cell",
        "last_cell",
        "waiting_cell",
    )
    list_filter = ("is_active", "channel")
    list_select_related = ("channel",)
    search_fields = ("name", "url")
    actions = None
    fields = PLAIN_FIELDS

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No endpoint yet."),
            _("No other system is told what happens here; they would have to ask the API."),
            reverse("admin:channels_endpoint_add"),
            _("Add an endpoint"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        rows: QuerySet[Endpoint] = super().get_queryset(request)
        since = timezone.now() - DAY
        return rows.annotate(
            pending_count=count_deliveries(Q(status=ForwardStatus.PENDING)),
            dead_count=count_deliveries(Q(status=ForwardStatus.DEAD)),
            day_count=count_deliveries(Q(created_at__gte=since)),
            day_delivered=count_deliveries(
                Q(created_at__gte=since, status=ForwardStatus.DELIVERED)
            ),
        )

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": request.META.get(REFUSAL, "")})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Look the address up before the transaction of the page begins."""
        if request.method == "POST" and "url" in request.POST:
            request.META[REFUSAL] = _refusal(request.POST["url"].strip())
        shown = self._facts(object_id) if object_id else {}
        try:
            return super().changeform_view(
                request, object_id, form_url, {**shown, **(extra_context or {})}
            )
        except TooManyEndpointsError:
            messages.error(request, _("There are ten endpoints already, which is the most."))
            return HttpResponseRedirect(reverse(LIST))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001
        return form.instance

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:  # noqa: FBT001
        now = timezone.now()
        if change:
            changes = pick_fields(form, names=PLAIN_FIELDS)
            if changes:
                endpoints.update(Endpoint.objects.get(pk=obj.pk), now=now, **changes)
            return
        given = {name: form.cleaned_data[name] for name in PLAIN_FIELDS}
        obj.pk = endpoints.create(now=now, **given).pk
        obj._state.adding = False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """There is nothing else: the service has saved it."""

    def response_post_save_add(self, request: HttpRequest, obj: Endpoint) -> HttpResponseRedirect:
        """Go to the page with the secret: the other side needs it next."""
        return show_secret(request, obj)

    def _facts(self, object_id: str) -> dict[str, Any]:
        """Return what the page says above its form."""
        key = unquote(object_id)
        if not key.isascii() or not key.isdigit() or len(key) > len(str(2**62)):
            return {}
        deliveries = EndpointDelivery.objects.filter(endpoint_id=int(key))
        latest = deliveries.exclude(last_tried_at=None).order_by("-last_tried_at", "-pk")
        troubles = latest.exclude(error="").select_related("event")[:3]
        endpoint = Endpoint.objects.filter(pk=key).order_by("pk").first()
        return {
            "state": state_of(endpoint) if endpoint else "",
            "dead_count": deliveries.dead().count(),
            "pending_count": deliveries.pending().count(),
            "troubles": [(each, explain(each)) for each in troubles],
            "deliveries_url": f"{reverse(DELIVERIES)}?endpoint__id__exact={key}",
        }

    # --- Columns

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_cell(self, endpoint: Endpoint) -> SafeString:
        return format_html(
            '{}<span class="sub mono">{}</span>', endpoint.name, shorten(endpoint.url)
        )

    @admin.display(description=gettext_lazy("Events"))
    def events_cell(self, endpoint: Endpoint) -> SafeString:
        wanted = [one for one in endpoint.event_types if one != EVERYTHING]
        tags = format_html_join(" ", '<span class="tag">{}</span>', ((one,) for one in wanted))
        where = endpoint.channel.name if endpoint.channel else _("All channels")
        return format_html('{}<span class="sub">{}</span>', tags or _("all"), where)

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, endpoint: Endpoint) -> SafeString:
        return state_of(endpoint)

    @admin.display(description=gettext_lazy("Last 24 hours"))
    def day_cell(self, endpoint: Any) -> str:
        if not endpoint.day_count:
            return "–"
        share = 100 * endpoint.day_delivered // endpoint.day_count
        text = ngettext(
            "%(n)d event, %(share)d %% arrived",
            "%(n)d events, %(share)d %% arrived",
            endpoint.day_count,
        )
        return text % {"share": share, "n": endpoint.day_count}

    @admin.display(description=gettext_lazy("Last delivered"), ordering="last_success_at")
    def last_cell(self, endpoint: Endpoint) -> Any:
        return endpoint.last_success_at or _("never")

    @admin.display(description=gettext_lazy("Not delivered"))
    def waiting_cell(self, endpoint: Any) -> SafeString | str:
        parts = []
        if endpoint.pending_count:
            parts.append(_("%(n)d waiting") % {"n": endpoint.pending_count})
        if endpoint.dead_count:
            parts.append(pill("bad", _("%(n)d given up") % {"n": endpoint.dead_count}))
        return format_html_join(" ", "{}", ((part,) for part in parts)) or "–"


def _refusal(url: str) -> str:
    try:
        check_url(url)
    except BlockedAddressError as error:
        return error.reason
    return ""
