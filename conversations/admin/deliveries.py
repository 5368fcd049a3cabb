"""What each endpoint was sent, what it answered, and sending it again."""

import json
import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.endpoint_cells import explain
from conversations.models import EndpointDelivery, ForwardStatus
from conversations.services import forward_replays, forwards
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.api.fields import UUID_FORM

MESSAGE_ID = "msg_"
TONES = {
    ForwardStatus.PENDING: "info",
    ForwardStatus.DELIVERED: "good",
    ForwardStatus.DEAD: "bad",
}


@admin.register(EndpointDelivery)
class DeliveryAdmin(GuardedAdmin):
    change_form_template = "admin/conversations/endpointdelivery/change_form.html"
    list_title = gettext_lazy("Deliveries")
    list_lead = gettext_lazy(
        "Each event on its way to each endpoint: tried ten times over three days, then given up."
    )
    search_hint = gettext_lazy("Id of a message, event or conversation")
    list_display = (
        "created_at",
        "event_cell",
        "endpoint",
        "state_cell",
        "answer_cell",
        "duration_cell",
    )
    list_filter = ("status", "endpoint", "event_type")
    list_select_related = ("endpoint", "event")
    search_fields = ("event_type",)
    ordering = ("-pk",)
    actions = None
    fields: ClassVar[Any] = (
        "state_cell",
        "answer_cell",
        "next_cell",
        "endpoint",
        "type_cell",
        "conversation_cell",
        "tries",
        "duration_cell",
        "created_at",
        "tried_cell",
        "ended_cell",
        "response_cell",
        "body_cell",
    )
    readonly_fields: ClassVar[Any] = fields

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("Nothing was sent yet."),
            _("There is no endpoint, or nothing has happened that one wants to hear of."),
            reverse("admin:channels_endpoint_changelist"),
            _("To the endpoints"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[EndpointDelivery]:
        rows: QuerySet[EndpointDelivery] = super().get_queryset(request)
        return rows.select_related("endpoint", "event__conversation")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an id: of the message as the receiver knows it, the event, the conversation."""
        text = search_term.strip().lower()
        if not text:
            return queryset, False
        try:
            wanted = uuid.UUID(text.removeprefix(MESSAGE_ID))
        except ValueError:
            return queryset.none(), False
        found = Q(event__public_id=wanted) | Q(public_id=wanted)
        if UUID_FORM.match(text):
            found |= Q(event__conversation__public_id=wanted)
        return queryset.filter(found), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"search_hint": self.search_hint, **(extra_context or {})}
        return super().changelist_view(request, shown)

    def get_urls(self) -> list[URLPattern]:
        again = path(
            "<path:pk>/again/",
            self.admin_site.admin_view(self.again_view),
            name="conversations_endpointdelivery_again",
        )
        return [again, *super().get_urls()]

    def again_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Send one again, or try it now, and say what came of it."""
        if not request.user.has_perm("channels.change_endpoint"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = self.get_object(request, unquote(pk))
        if found is None:
            raise PermissionDenied
        now = timezone.now()
        delivery = forward_replays.send_again(found, now=now)
        forwards.deliver_at_once(delivery, now=now)
        delivery.refresh_from_db()
        if delivery.status == ForwardStatus.DELIVERED:
            messages.success(request, _("It arrived. %(how)s") % {"how": explain(delivery)})
        elif delivery.tries:
            messages.error(request, _("It did not arrive. %(how)s") % {"how": explain(delivery)})
        else:
            messages.info(request, _("It is on its way. Look again in a moment."))
        page = reverse("admin:conversations_endpointdelivery_change", args=[delivery.pk])
        return HttpResponseRedirect(page)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        delivery: EndpointDelivery = kwargs["obj"]
        context["may_send"] = request.user.has_perm("channels.change_endpoint")
        context["is_finished"] = delivery.status != ForwardStatus.PENDING
        context["can_be_tried"] = delivery.due_at is not None and not delivery.is_under_way
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Columns and read-only fields

    @admin.display(description=gettext_lazy("Event"), ordering="event_type")
    def event_cell(self, delivery: EndpointDelivery) -> SafeString:
        return format_html(
            '<span class="mono">{}</span><span class="sub mono">{}</span>',
            delivery.event_type,
            delivery.message_id,
        )

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state_cell(self, delivery: EndpointDelivery) -> SafeString:
        status = ForwardStatus(delivery.status)
        if status == ForwardStatus.PENDING and delivery.due_at is None:
            return pill("quiet", _("Waits its turn"))
        if status == ForwardStatus.PENDING and delivery.tries and not delivery.is_under_way:
            return pill("warn", _("Tried %(n)d of 10 times") % {"n": delivery.tries})
        return pill(TONES[status], delivery.get_status_display())

    @admin.display(description=gettext_lazy("Last answer"))
    def answer_cell(self, delivery: EndpointDelivery) -> str:
        return str(explain(delivery))

    @admin.display(description=gettext_lazy("Duration"), ordering="duration_ms")
    def duration_cell(self, delivery: EndpointDelivery) -> str:
        if delivery.duration_ms is None:
            return "–"
        return _("%(n)d ms") % {"n": delivery.duration_ms}

    @admin.display(description=gettext_lazy("Next try"))
    def next_cell(self, delivery: EndpointDelivery) -> str:
        if delivery.status != ForwardStatus.PENDING:
            return _("none")
        if delivery.is_under_way:
            return _("under way")
        if delivery.due_at is None:
            return _("after the earlier event of its conversation")
        return _at(delivery.due_at)

    @admin.display(description=gettext_lazy("Event"))
    def type_cell(self, delivery: EndpointDelivery) -> SafeString:
        return format_html('<span class="mono">{}</span>', delivery.event_type)

    @admin.display(description=gettext_lazy("Last try"))
    def tried_cell(self, delivery: EndpointDelivery) -> str:
        return _at(delivery.last_tried_at)

    @admin.display(description=gettext_lazy("Ended"))
    def ended_cell(self, delivery: EndpointDelivery) -> str:
        return _at(delivery.finished_at)

    @admin.display(description=gettext_lazy("Conversation"))
    def conversation_cell(self, delivery: EndpointDelivery) -> SafeString | str:
        conversation = delivery.event.conversation if delivery.event else None
        if conversation is None:
            return "–"
        page = reverse("admin:conversations_conversation_change", args=[conversation.pk])
        return format_html('<a href="{}">#{}</a>', page, conversation.pk)

    @admin.display(description=gettext_lazy("What it answered"))
    def response_cell(self, delivery: EndpointDelivery) -> SafeString | str:
        if not delivery.response_body:
            return "–"
        return format_html('<pre class="raw">{}</pre>', delivery.response_body)

    @admin.display(description=gettext_lazy("What it is sent"))
    def body_cell(self, delivery: EndpointDelivery) -> SafeString:
        """The body as it would be sent now: of the conversation it says how things are."""
        payload = forwards.build_payload(delivery)
        text = json.dumps(payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="raw">{}</pre>', text)


def _at(instant: datetime | None) -> str:
    return "–" if instant is None else date_format(localtime(instant), "DATETIME_FORMAT")
