"""Templates in the console: what the provider approved, as of when, and fetching them anew."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.admin.cells import short
from channels.models import Channel, Medium, Template, TemplateStatus, TemplateSync
from channels.providers.base import SendError
from channels.secrets import SecretUnreadableError
from channels.services import templates
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill

_TONES = {
    TemplateStatus.APPROVED: "good",
    TemplateStatus.UNSUBMITTED: "quiet",
    TemplateStatus.PENDING: "warn",
    TemplateStatus.REJECTED: "bad",
    TemplateStatus.PAUSED: "warn",
    TemplateStatus.DISABLED: "bad",
}


class TemplateAdmin(GuardedAdmin):
    list_title = gettext_lazy("Templates")
    list_lead = gettext_lazy(
        "Texts that WhatsApp approved. Once 24 hours passed since the customer wrote, only they "
        "go out. They are fetched from the providers every half hour."
    )
    list_display = ("name_cell", "channel", "category", "state_cell", "text_cell", "synced_at")
    list_filter = ("channel", "status")
    search_fields = ("name",)
    list_select_related = ("channel",)
    readonly_fields = (
        "name",
        "channel",
        "language",
        "category",
        "state_cell",
        "body",
        "variables",
        "provider_template_id",
        "synced_at",
    )
    fields = readonly_fields

    def get_urls(self) -> list[URLPattern]:
        sync = self.admin_site.admin_view(self.sync_view)
        return [path("sync/", sync, name="channels_template_sync"), *super().get_urls()]

    def empty_state(self, request: HttpRequest) -> EmptyState:
        if not request.user.has_perm("channels.change_channel"):
            return EmptyState(_("No template yet."))
        return EmptyState(
            _("No template yet."),
            _("They are written and approved at the provider, and fetched from there."),
            reverse("admin:channels_template_sync"),
            _("Sync now"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        rows: QuerySet[Template] = super().get_queryset(request)
        return rows.filter(removed_at=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = []
        if request.user.has_perm("channels.change_channel"):
            links.append((_("Sync now"), reverse("admin:channels_template_sync")))
        context = {"title_links": links, "fetchings": _fetchings(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # --- Sync now: GET asks, POST does

    def sync_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("channels.change_channel"):
            raise PermissionDenied
        page = reverse("admin:channels_template_changelist")
        if request.method != "POST":
            confirmation = Confirmation(
                _("Fetch the templates?"),
                _("The provider of each active WhatsApp channel is asked for its templates."),
                _("Sync now"),
                page,
            )
            return self.confirm(request, confirmation=confirmation)
        for channel in _fetched_channels():
            _sync(request, channel)
        return HttpResponseRedirect(page)

    # --- Cells

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_cell(self, template: Template) -> SafeString:
        return format_html('{}<span class="sub">{}</span>', template.name, template.language)

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state_cell(self, template: Template) -> SafeString:
        return state_of(template)

    @admin.display(description=gettext_lazy("Text"))
    def text_cell(self, template: Template) -> str:
        return template.body if len(template.body) <= 120 else f"{template.body[:119]}…"  # noqa: PLR2004


def state_of(template: Template) -> SafeString:
    """Return what WhatsApp says of a template, with its reason."""
    mark = pill(_TONES[TemplateStatus(template.status)], template.get_status_display())
    if not template.reason:
        return mark
    return format_html('{}<span class="sub">{}</span>', mark, template.reason)


def _fetched_channels() -> QuerySet[Channel]:
    return Channel.objects.filter(
        is_active=True, medium=Medium.WHATSAPP, provider__in=templates.SYNCING
    )


def _fetchings(request: HttpRequest) -> list[dict[str, str]]:
    """Say of each channel as of when its templates are, and why a later try failed."""
    may_see = request.user.has_perm("channels.view_channel")
    lines = []
    for channel in _fetched_channels().select_related("template_sync"):
        sync = getattr(channel, "template_sync", None)
        line = {"channel": channel.name, "as_of": _("not fetched yet"), "trouble": "", "next": ""}
        line["url"] = reverse("admin:channels_channel_change", args=[channel.pk]) if may_see else ""
        if sync is not None and sync.synced_at is not None:
            line["as_of"] = _("as of %(at)s") % {"at": short(sync.synced_at)}
        if sync is not None and sync.failed_at is not None:
            line["trouble"], line["next"] = _trouble(sync)
        lines.append(line)
    return lines


def _trouble(sync: TemplateSync) -> tuple[str, str]:
    facts = {"at": short(sync.failed_at or timezone.now()), "why": _(sync.error_detail)}
    trouble = _("Since %(at)s its templates cannot be fetched. %(why)s") % facts
    if sync.sync_due_at is None:
        return trouble, ""
    return trouble, _("Next try: %(at)s") % {"at": short(sync.sync_due_at)}


def _sync(request: HttpRequest, channel: Channel) -> None:
    """Fetch one channel's templates, and say what came of it."""
    facts: dict[str, Any] = {"channel": channel.name}
    try:
        synced = templates.sync(channel, now=timezone.now())
    except SecretUnreadableError:
        text = _("%(channel)s: a stored secret cannot be read. Enter it anew on its page.")
        messages.error(request, text % facts)
    except SendError as error:
        messages.error(request, _("%(channel)s: %(why)s") % {**facts, "why": _(error.detail)})
    else:
        facts |= {"found": synced.found, "removed": synced.removed}
        text = _("%(channel)s: %(found)d templates, %(removed)d no longer there.")
        messages.success(request, text % facts)
