"""Everything that reached us, as it came: the first place to look when "nothing arrives"."""

from typing import Any, ClassVar
from urllib.parse import parse_qsl

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Envelope, EnvelopeOutcome
from teams.admin.console import EmptyState, GuardedAdmin, pill

TONES = {
    EnvelopeOutcome.ACCEPTED: "good",
    EnvelopeOutcome.QUARANTINED: "warn",
    EnvelopeOutcome.REPLAYED: "info",
}
MOST_SHOWN = 64 * 1024
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"


@admin.register(Envelope)
class EnvelopeAdmin(GuardedAdmin):
    list_title = gettext_lazy("Inbound log")
    list_lead = gettext_lazy(
        "Signed requests of providers. Requests with a wrong signature are refused and not kept."
    )
    list_display = ("received_at", "channel", "outcome_cell", "dedupe_key", "reason")
    list_filter = ("outcome", "channel")
    list_select_related = ("channel",)
    search_fields = ("dedupe_key",)
    ordering = ("-pk",)
    actions = None
    fields: ClassVar[Any] = (
        "received_at",
        "channel",
        "outcome_cell",
        "reason",
        "dedupe_key",
        "content_type",
        "fields_cell",
        "raw_cell",
    )
    readonly_fields: ClassVar[Any] = ("outcome_cell", "fields_cell", "raw_cell")

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("Nothing arrived yet."),
            _("If a provider says that it sent something: check the address and the token."),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Envelope]:
        """Leave the raw bytes out of lists."""
        rows: QuerySet[Envelope] = super().get_queryset(request)
        return rows.defer("raw_body") if request.path.endswith("/envelope/") else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Result"), ordering="outcome")
    def outcome_cell(self, envelope: Envelope) -> SafeString:
        return pill(TONES[EnvelopeOutcome(envelope.outcome)], envelope.get_outcome_display())

    @admin.display(description=gettext_lazy("Fields"))
    def fields_cell(self, envelope: Envelope) -> SafeString | str:
        if not envelope.content_type.startswith(FORM):
            return "–"
        text = bytes(envelope.raw_body)[:MOST_SHOWN].decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True)[:MOST_FIELDS]
        rows = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", pairs)
        return format_html('<table class="plain-table"><tbody>{}</tbody></table>', rows)

    @admin.display(description=gettext_lazy("As it came"))
    def raw_cell(self, envelope: Envelope) -> SafeString:
        text = bytes(envelope.raw_body)[:MOST_SHOWN].decode("utf-8", "replace")
        return format_html('<pre class="raw">{}</pre>', text.replace("\x00", "\ufffd"))
