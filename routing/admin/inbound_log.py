"""Everything that reached us, as it came: the first place to look when "nothing arrives"."""

import logging
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.models import Envelope, EnvelopeOutcome
from conversations.actors import Actor
from conversations.services.inbox import InboxContentionError
from routing.services import late_arrivals
from routing.services.arrivals import ReceiptKind
from routing.services.quarantine import NotInQuarantineError
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill
from teams.texts import Text
from teams.viewers import viewer

logger = logging.getLogger(__name__)

TONES = {
    EnvelopeOutcome.ACCEPTED: "good",
    EnvelopeOutcome.QUARANTINED: "warn",
    EnvelopeOutcome.REPLAYED: "info",
    EnvelopeOutcome.DUPLICATE: "quiet",
    EnvelopeOutcome.FETCHED: "info",
    EnvelopeOutcome.NOTED: "quiet",
}
#: Why a request lies in quarantine. A reason that is not here is shown by its code.
REASONS = {
    "unparseable": gettext_lazy("No fields could be found in it."),
    "message_sid_missing": gettext_lazy("It names no message."),
    "message_sid_too_long": gettext_lazy("The id of its message is too long."),
    "unknown_sender": gettext_lazy("It is for another number or service than this channel's."),
    "number_missing": gettext_lazy("It does not say which number it is for."),
    "aside_without_message": gettext_lazy("It is about a message or a customer not known here."),
    "bad_number": gettext_lazy("The customer's new number cannot be read."),
    "bad_sender": gettext_lazy("The customer's address cannot be read."),
    "key_missing": gettext_lazy(
        "The channel's auth token cannot be read. Enter it anew, then process this again."
    ),
    "signature_invalid": gettext_lazy("Its signature does not fit the channel's auth token."),
    "account_mismatch": gettext_lazy("It comes from another account than the channel's."),
    "channel_not_configured": gettext_lazy("The channel has no auth token."),
    "unexpected_fields": gettext_lazy("Its fields were moved: this is no genuine request."),
}
#: One press processes so many; whoever has more presses again.
MOST_AT_ONCE = 200
MOST_SHOWN = 64 * 1024
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"


@admin.register(Envelope)
class EnvelopeAdmin(GuardedAdmin):
    list_title = gettext_lazy("Inbound log")
    list_lead = gettext_lazy(
        "Signed requests of providers. Requests with a wrong signature are refused and not kept."
    )
    list_display = ("received_at", "channel", "outcome_cell", "dedupe_key", "reason_cell")
    list_filter = ("outcome", "channel")
    list_select_related = ("channel",)
    search_fields = ("dedupe_key",)
    ordering = ("-pk",)
    actions = ("process_again",)
    change_form_template = "admin/channels/envelope/change_form.html"
    fields: ClassVar[Any] = (
        "received_at",
        "channel",
        "outcome_cell",
        "reason_cell",
        "dedupe_key",
        "content_type",
        "fields_cell",
        "raw_cell",
    )
    readonly_fields: ClassVar[Any] = ("outcome_cell", "reason_cell", "fields_cell", "raw_cell")

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

    # --- Processing again

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        own = path("<path:pk>/replay/", view, name="channels_envelope_replay")
        return [own, *super().get_urls()]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("channels.replay_envelope"))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        envelope = kwargs.get("obj")
        is_kept = envelope is not None and envelope.outcome == EnvelopeOutcome.QUARANTINED
        context["may_replay"] = is_kept and self.has_replay_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def replay_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks, POST does."""
        if not self.has_replay_permission(request):
            raise PermissionDenied
        envelope: Envelope | None = self.get_object(request, unquote(pk))
        if envelope is None:
            raise Http404
        page = reverse("admin:channels_envelope_change", args=[envelope.pk])
        if request.method != "POST":
            confirmation = Confirmation(
                _("Process again?"),
                _("The request is read once more; if it can be used now, the message is stored."),
                _("Process again"),
                page,
            )
            return self.confirm(request, confirmation=confirmation)
        level, text = self._replay(request, envelope)
        self.message_user(request, text, level)
        return HttpResponseRedirect(page)

    @admin.action(description=gettext_lazy("Process again"), permissions=["replay"])
    def process_again(self, request: HttpRequest, rows: QuerySet[Envelope]) -> None:
        """Process what was chosen and lies in quarantine, in the order in which it came."""
        kept = rows.filter(outcome=EnvelopeOutcome.QUARANTINED).order_by("pk")[:MOST_AT_ONCE]
        levels = [self._replay(request, envelope)[0] for envelope in kept]
        stored = levels.count(messages.SUCCESS)
        text = ngettext(
            "%(stored)d of %(n)d request was stored; the reason stands beside what was not.",
            "%(stored)d of %(n)d requests were stored; the reason stands beside what was not.",
            len(levels),
        )
        if not levels:
            text = _("Nothing was changed: none of the chosen requests is in quarantine.")
        level = messages.SUCCESS if levels and stored == len(levels) else messages.WARNING
        self.message_user(request, text % {"stored": stored, "n": len(levels)}, level)

    def _replay(self, request: HttpRequest, envelope: Envelope) -> tuple[int, Text]:
        """Process one request again, and write down who did it; say how it went."""
        user = viewer(request)
        actor = Actor.person(user.pk, user.name)
        try:
            receipt = late_arrivals.replay(envelope, actor=actor, now=timezone.now())
        except NotInQuarantineError:
            return messages.WARNING, _("Nothing was changed: somebody processed it just now.")
        except (DatabaseError, InboxContentionError):
            logger.exception("Request %s in quarantine could not be processed.", envelope.pk)
            return messages.ERROR, _("Nothing was changed: the database was busy. Try again.")
        self.log_change(request, envelope, f"Processed again: {receipt.kind} {receipt.reason}")
        if receipt.kind == ReceiptKind.QUARANTINED:
            why = REASONS.get(receipt.reason, receipt.reason)
            return messages.WARNING, _("It stays in quarantine: %(why)s") % {"why": why}
        if receipt.kind == ReceiptKind.DUPLICATE:
            return messages.INFO, _("The message came another time meanwhile. It is stored once.")
        if receipt.kind == ReceiptKind.NOTED:
            return messages.SUCCESS, _("It held no new message; the reports in it are recorded.")
        page = reverse("admin:conversations_conversation_change", args=[receipt.conversation_id])
        link = format_html(
            '{} <a href="{}">{}</a>', _("The message is stored."), page, _("Show it")
        )
        return messages.SUCCESS, link

    # --- Columns

    @admin.display(description=gettext_lazy("Reason"), ordering="reason")
    def reason_cell(self, envelope: Envelope) -> SafeString | str:
        if not envelope.reason:
            return "–"
        return format_html(
            '{} <span class="sub mono">{}</span>',
            REASONS.get(envelope.reason, ""),
            envelope.reason,
        )

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
