"""Channels in the list, with what only messages tell: the last one that could not be delivered."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.admin.cells import short
from channels.admin.forms import ChannelForm
from channels.models import Channel
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message
from routing.admin.channel_setup import ChannelSetupAdmin
from routing.flow_uses import find_flows_of, serving
from routing.services import gap_fill
from teams.admin.console import EmptyState


class NeededChannelForm(ChannelForm):
    """A channel for which a flow was published is not switched off."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        is_going = "is_active" in self.changed_data and not cleaned.get("is_active")
        if is_going and self.instance.pk and (names := find_flows_of(self.instance)):
            self.add_error("is_active", serving(names))
        return cleaned


@admin.register(Channel)
class RoutedChannelAdmin(ChannelSetupAdmin):
    form = NeededChannelForm
    list_display = (
        "name",
        "kind_cell",
        "number_cell",
        "state_cell",
        "last_cell",
        "error_cell",
        "agents_cell",
        "test_cell",
    )

    actions = ("fetch_missed",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.fetch_view)
        own = [path("<path:pk>/fetch/", view, name="channels_channel_fetch")]
        return own + super().get_urls()

    def fetch_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Have what never reached us fetched, and go back."""
        channel = self.changeable(request, pk)
        if request.method == "POST":
            self._fetch(request, [channel])
        return HttpResponseRedirect(self.page_of(channel))

    @admin.action(description=gettext_lazy("Fetch missed messages"), permissions=["change"])
    def fetch_missed(self, request: HttpRequest, rows: QuerySet[Channel]) -> None:
        self._fetch(request, list(rows))

    def _fetch(self, request: HttpRequest, rows: list[Channel]) -> None:
        now = timezone.now()
        count = sum(gap_fill.request_fetch(channel, now=now) for channel in rows)
        if not count:
            text = _("Nothing was changed: only active channels of Twilio can be compared.")
            messages.warning(request, text)
            return
        text = ngettext(
            "%(n)d channel is compared with Twilio's list. What is missing appears in a moment.",
            "%(n)d channels are compared with Twilio's list. What is missing appears in a moment.",
            count,
        )
        messages.success(request, text % {"n": count})

    def empty_state(self, request: HttpRequest) -> EmptyState:
        empty = super().empty_state(request)
        if not empty.url:
            return empty
        setup = reverse("admin:channels_channel_setup")
        return EmptyState(empty.title, empty.consequence, setup, empty.button)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        setup = (_("Set up step by step"), reverse("admin:channels_channel_setup"))
        links = {"title_links": [setup] if self.has_add_permission(request) else []}
        return super().changelist_view(request, {**links, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows = super().get_queryset(request)
        failed = Message.objects.filter(
            channel=OuterRef("pk"), delivery_status=DeliveryStatus.FAILED
        ).order_by("-pk")
        return rows.annotate(
            failed_at=Subquery(failed.values("created_at")[:1]),
            failed_code=Subquery(failed.values("error_code")[:1]),
            failed_detail=Subquery(failed.values("error_detail")[:1]),
        )

    @admin.display(description=gettext_lazy("Last delivery error"))
    def error_cell(self, channel: Any) -> SafeString | str:
        if channel.failed_at is None:
            return "–"
        detail = _(channel.failed_detail) if channel.failed_detail else ""
        return format_html(
            '<span title="{}"><code>{}</code> {}</span><span class="sub why">{}</span>',
            detail,
            channel.failed_code,
            short(channel.failed_at),
            detail,
        )
