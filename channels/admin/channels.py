"""Channels: the number, the credentials, the addresses to paste, and who answers."""

from itertools import chain
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.addresses import inbound_url, status_url
from channels.admin.buttons import ChannelButtons
from channels.admin.cells import short, state_of, with_traffic
from channels.admin.forms import (
    DURATIONS,
    HOUR_S,
    MINUTE_S,
    PLAIN_FIELDS,
    SECRET_FIELDS,
    WITH_MEDIUM,
    ChannelForm,
)
from channels.admin.sections import build_sections
from channels.admin.survey_templates import SurveyTemplateInline, save_survey_template_forms
from channels.admin.texts import (
    SURVEY_INLINES,
    TEXT_INLINES,
    GreetingInline,
    UnavailableInline,
    save_text_forms,
)
from channels.loaders import load_channel_hours
from channels.models import PROVIDER_FIELDS, Channel, ChannelMember, Medium, Provider
from channels.secrets import is_readable, is_set
from channels.services import channels
from teams.admin.console import EmptyState
from teams.admin.members import MemberInline, save_member_forms
from teams.admin.openings import opening_cell
from teams.models import Presence
from teams.texts import Text

#: Secrets are no column of a form that is only read.
READ_ONLY_FIELDS = tuple(name for name in PLAIN_FIELDS if name not in SECRET_FIELDS)


class ChannelMemberInline(MemberInline):
    model = ChannelMember
    verbose_name_plural = gettext_lazy("Human agents, asked when no rule matches")


#: Headings of the form, and what stands below the fields of which.
WHO_ANSWERS = gettext_lazy("Who answers")
GREETING = gettext_lazy("Greeting")
BUSINESS_HOURS = gettext_lazy("Business hours")
SATISFACTION = gettext_lazy("Satisfaction")
PLACES: dict[type, Text] = {
    ChannelMemberInline: WHO_ANSWERS,
    GreetingInline: GREETING,
    UnavailableInline: BUSINESS_HOURS,
    **dict.fromkeys((*SURVEY_INLINES, SurveyTemplateInline), SATISFACTION),
}


class ChannelAdmin(ChannelButtons):
    form = ChannelForm
    inlines = (*TEXT_INLINES, SurveyTemplateInline, ChannelMemberInline)
    list_title = gettext_lazy("Channels")
    add_label = gettext_lazy("Add a channel")
    list_lead = gettext_lazy("A channel is one number or service through which customers write.")
    list_display: tuple[str, ...] = (
        "name",
        "kind_cell",
        "number_cell",
        "state_cell",
        "last_cell",
        "agents_cell",
        "test_cell",
    )
    list_filter = ("provider", "medium", "is_active")
    search_fields = ("name", "phone_number")

    def empty_state(self, request: HttpRequest) -> EmptyState:
        if not self.has_add_permission(request):
            return EmptyState(_("No channel yet."), _("No message can arrive."))
        return EmptyState(
            _("No channel yet."),
            _("No message can arrive. A simulator channel needs no account."),
            reverse("admin:channels_channel_add"),
            _("Set up a channel"),
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        may_test = request.user.has_perm("channels.change_channel")
        shown = super().get_list_display(request)
        return shown if may_test else [name for name in shown if name != "test_cell"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        online = Q(members__presence=Presence.ONLINE, members__is_active=True)
        rows: QuerySet[Channel] = super().get_queryset(request)
        return with_traffic(rows).annotate(
            agent_count=Count("members", distinct=True),
            online_count=Count("members", filter=online, distinct=True),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_edit = self._may_edit(request, obj)
        connection = [
            "name",
            "provider",
            *self._connection_fields(obj, may_edit=may_edit),
            "time_zone",
            "is_active",
        ]
        groups = [
            (_("Connection"), {"fields": connection}),
            (WHO_ANSWERS, {"fields": ("distribution", "capacity")}),
            (
                GREETING,
                {
                    "fields": ("has_greeting", "language"),
                    "description": _(
                        "Sent once, when a conversation starts. Not after a reopening."
                    ),
                },
            ),
            (
                BUSINESS_HOURS,
                {
                    "fields": ("hours", "now_cell", "has_unavailable_message"),
                    "description": _(
                        "Who writes outside business hours is told so, once until it opens again."
                        " Routing goes on as ever."
                    ),
                },
            ),
            (
                SATISFACTION,
                {
                    "fields": (
                        "has_survey",
                        "survey_delay_minutes",
                        "survey_wait_hours",
                        "survey_pause_days",
                    )
                },
            ),
            (
                _("Ending and coming back"),
                {"fields": ("auto_resolve_hours", "is_resolving_unanswered", "reopen_hours")},
            ),
            (_("Sending"), {"fields": ("rate_per_s",)}),
            (_("No more messages"), {"fields": ("stop_words", "start_words")}),
        ]
        if obj is not None and self._may_edit(request, obj):
            groups.insert(1, (_("Addresses"), _addresses_of(obj)))
        elif obj is not None:  # an address is as good as a key: it stays with those who need it
            groups.insert(1, (_("State"), {"fields": ("state_cell",)}))
        return groups

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Leave out templates where there can be none: only WhatsApp has them."""
        has_templates = obj is not None and obj.medium == Medium.WHATSAPP
        without = () if has_templates else (SurveyTemplateInline,)
        return [each for each in self.inlines if each not in without]

    def _connection_fields(self, obj: Any, *, may_edit: bool) -> list[str]:
        """Return what is asked of a channel's provider; of one that is not chosen yet, of all."""
        if obj is None:
            return ["medium", *dict.fromkeys(chain.from_iterable(PROVIDER_FIELDS.values()))]
        if obj.provider not in WITH_MEDIUM:
            names = PROVIDER_FIELDS[obj.provider]
            return [name for name in names if may_edit or name not in SECRET_FIELDS]
        has_token = is_set(obj, "auth_token")
        return [
            "medium",
            "account_sid",
            "auth_token" if may_edit else "token_cell",
            *(["keeps_old_token"] if may_edit and has_token else []),
            *(["second_token_cell"] if obj.second_token_drop_due_at else []),
            "phone_number",
            "messaging_service_sid",
            "api_key_sid",
            *(["api_key_secret"] if may_edit else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = (
            "inbound_address",
            "status_address",
            "verify_token_cell",
            "state_cell",
            "second_token_cell",
            "now_cell",
        )
        if not self._may_edit(request, obj):
            cells = ("state_cell", "token_cell", "second_token_cell", "now_cell", "provider")
            return (*cells, *READ_ONLY_FIELDS, *DURATIONS)
        return (*shown, "provider") if obj is not None else shown

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["sections"] = build_sections(context, places=PLACES)
        return super().render_change_form(request, context, *args, **kwargs)

    def _may_edit(self, request: HttpRequest, obj: Any) -> bool:
        name = "channels.add_channel" if obj is None else "channels.change_channel"
        return bool(request.user.has_perm(name))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001
        return form.instance

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:  # noqa: FBT001
        now = timezone.now()
        changes = form.changes()
        if change:
            channel = Channel.objects.get(pk=obj.pk)
            token = changes.pop("auth_token", "")
            if token:
                overlap = form.token_overlap()
                channel = channels.replace_token(channel, token=token, now=now, overlap=overlap)
            if changes:
                channels.update(channel, now=now, **changes)
            return
        changes.setdefault("distribution", form.cleaned_data["distribution"])
        changes.setdefault("time_zone", form.cleaned_data["time_zone"])
        changes.setdefault("language", form.cleaned_data["language"])
        name = changes.pop("name")
        provider = form.cleaned_data["provider"]
        channel = channels.create(provider=provider, name=name, now=now, **changes)
        obj.pk = channel.pk
        obj._state.adding = False

    def response_post_save_add(self, request: HttpRequest, obj: Channel) -> HttpResponseRedirect:
        """Go to the new channel's page: its addresses are what one needs next."""
        return HttpResponseRedirect(reverse("admin:channels_channel_change", args=(obj.pk,)))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        others = save_text_forms(form.instance, formsets=formsets)
        members = save_survey_template_forms(form.instance, formsets=others)
        save_member_forms(form.instance, formsets=members, services=channels, now=timezone.now())

    # --- Columns and read-only fields

    @admin.display(description=gettext_lazy("Kind"), ordering="provider")
    def kind_cell(self, channel: Channel) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>',
            channel.get_medium_display(),
            channel.get_provider_display(),
        )

    @admin.display(description=gettext_lazy("Number"), ordering="phone_number")
    def number_cell(self, channel: Channel) -> str:
        return (
            channel.phone_number or channel.messaging_service_sid or channel.phone_number_id or "–"
        )

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, channel: Any) -> SafeString:
        return state_of(channel)

    @admin.display(description=gettext_lazy("Last message"))
    def last_cell(self, channel: Any) -> Any:
        return short(channel.last_received_at) if channel.last_received_at else "–"

    @admin.display(description=gettext_lazy("Human agents"))
    def agents_cell(self, channel: Any) -> str:
        text = ngettext("%(n)d agent", "%(n)d agents", channel.agent_count)
        online = _("%(n)d online") % {"n": channel.online_count}
        return f"{text % {'n': channel.agent_count}}, {online}"

    @admin.display(description=gettext_lazy("Test"))
    def test_cell(self, channel: Channel) -> SafeString:
        return format_html(
            '<button type="submit" class="button small" formaction="{}" aria-label="{}">{}'
            "</button>",
            reverse("admin:channels_channel_test", args=[channel.pk]),
            _("Test “%(name)s”") % {"name": channel.name},
            _("Test"),
        )

    @admin.display(description=gettext_lazy("Auth token"))
    def token_cell(self, channel: Channel) -> str:
        if not is_readable(channel, "auth_token"):
            return _("cannot be read; an administrator has to enter it anew")
        return "••••••••" if is_set(channel, "auth_token") else _("not set")

    @admin.display(description=gettext_lazy("Old auth token"))
    def second_token_cell(self, channel: Channel) -> SafeString | str:
        if channel.second_token_drop_due_at is None:
            return "–"
        at = date_format(localtime(channel.second_token_drop_due_at), "DATETIME_FORMAT")
        return format_html(
            '{} <span class="sub">{}</span>',
            "••••••••",
            _("What it signs is accepted until %(at)s.") % {"at": at},
        )

    @admin.display(description=gettext_lazy("Now"))
    def now_cell(self, channel: Channel) -> SafeString | str:
        """Say whether the channel is open, and until when."""
        value = load_channel_hours(channel)
        if value is None or channel.hours is None:
            return _("Always open.")
        return opening_cell(value, now=timezone.now())

    @admin.display(description=gettext_lazy("Inbound messages"))
    def inbound_address(self, channel: Channel) -> SafeString:
        return _copyable(inbound_url(channel))

    @admin.display(description=gettext_lazy("Delivery status"))
    def status_address(self, channel: Channel) -> SafeString:
        return _copyable(status_url(channel))

    @admin.display(description=gettext_lazy("Verify token"))
    def verify_token_cell(self, channel: Channel) -> SafeString:
        return _copyable(channel.verify_token)

    @admin.display(description=gettext_lazy("Wait for the rating (hours)"))
    def survey_wait_hours(self, channel: Channel) -> int:
        return round(channel.survey_wait_s / HOUR_S)

    @admin.display(description=gettext_lazy("Reopen within (hours)"))
    def reopen_hours(self, channel: Channel) -> int:
        return round(channel.reopen_window_s / HOUR_S)

    @admin.display(description=gettext_lazy("Ask for the rating after (minutes)"))
    def survey_delay_minutes(self, channel: Channel) -> int:
        return round(channel.survey_delay_s / MINUTE_S)

    @admin.display(description=gettext_lazy("Resolve after nobody wrote for (hours)"))
    def auto_resolve_hours(self, channel: Channel) -> Any:
        seconds = channel.auto_resolve_after_s
        return _("never") if seconds is None else round(seconds / HOUR_S)


def _addresses_of(channel: Channel) -> dict[str, Any]:
    """Return the part of the page that says what to enter at the provider, and where."""
    if channel.provider == Provider.WHATSAPP_CLOUD:
        text = _(
            "Enter the address and the verify token in the app at developers.facebook.com, under"
            " WhatsApp, Configuration. Then subscribe to the field “messages”."
        )
        names = ("inbound_address", "verify_token_cell", "state_cell")
        return {"fields": names, "description": text}
    if channel.provider == Provider.ENGAGELAB:
        text = _(
            "Enter this as the callback address in EngageLab's console. EngageLab signs nothing:"
            " whoever knows the address can write in a customer's name. Keep it secret."
        )
        return {"fields": ("inbound_address", "state_cell"), "description": text}
    return {
        "fields": ("inbound_address", "status_address", "state_cell"),
        "description": _("Paste these at your provider, with the method POST."),
    }


def _copyable(address: str) -> SafeString:
    """Return an address to paste somewhere, with a button that copies it."""
    return format_html(
        '<span class="copy"><code>{}</code> <button type="button" class="button small" hidden'
        ' data-copy-text="{}" data-done="{}">{}</button></span>',
        address,
        address,
        _("Copied"),
        _("Copy"),
    )
