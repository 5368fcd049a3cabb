"""Channels: the number, the credentials, the addresses to paste, and who answers."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.addresses import inbound_url, status_url
from channels.models import Channel, ChannelMember, Distribution, Envelope, Provider
from channels.secrets import is_readable, is_set
from channels.services import channels
from teams.admin.console import EmptyState, GuardedAdmin, pick_fields, pill
from teams.admin.members import MemberInline, save_member_forms
from teams.models import Presence
from teams.time_zones import time_zones

MINUTE_S = 60
HOUR_S = 3600
#: Columns that the form writes as they are.
PLAIN_FIELDS = (
    "name",
    "medium",
    "is_active",
    "account_sid",
    "auth_token",
    "phone_number",
    "messaging_service_sid",
    "time_zone",
    "distribution",
    "capacity",
    "has_survey",
    "survey_question",
    "survey_thanks",
    "stop_words",
    "start_words",
)
DISTRIBUTION_SENTENCES = {
    Distribution.CONCURRENT_LOAD: gettext_lazy(
        "By load: whoever has the fewest conversations, up to their capacity."
    ),
    Distribution.SEQUENTIAL: gettext_lazy("In turn: one after the other, whatever their load."),
}


#: For a token whose key is lost; written where the token would be.
UNREADABLE = gettext_lazy(
    "The stored token cannot be read: its key is not among FIELD_ENCRYPTION_KEYS. Enter the token "
    "anew. Until then nothing is sent, and what arrives is kept in the inbound log."
)


class SecretInput(forms.PasswordInput):
    """A field that can be written and never read: what is stored shows as dots alone."""

    def __init__(self, *, is_set: bool, is_readable: bool) -> None:
        super().__init__(attrs={"autocomplete": "new-password"}, render_value=False)
        self.is_set = is_set
        self.is_readable = is_readable

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, None, attrs, renderer)
        if not self.is_readable:
            return format_html('<div class="lost-secret"><p>{}</p>{}</div>', UNREADABLE, box)
        if not self.is_set:
            return box
        return format_html(
            '<details class="secret"><summary><span aria-hidden="true">••••••••</span> {}</summary>'
            "{}</details>",
            _("Set. Replace…"),
            box,
        )


class NumberField(forms.CharField):
    """A telephone number, as consoles and letterheads write it: `+44 (20) 7946-0123`."""

    def to_python(self, value: Any) -> Any:
        return re.sub(r"[\s().-]", "", super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attributes = dict(super().widget_attrs(widget))
        attributes.pop("maxlength", None)
        return attributes


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    """Hours and minutes instead of seconds, and a token that is never shown."""

    auth_token = forms.CharField(label=gettext_lazy("Auth token"), required=False, strip=True)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), initial="UTC")
    distribution = forms.ChoiceField(
        label=gettext_lazy("How its agents are chosen"),
        choices=list(DISTRIBUTION_SENTENCES.items()),
        widget=forms.RadioSelect,
        initial=Distribution.CONCURRENT_LOAD,
    )
    survey_wait_hours = forms.IntegerField(
        label=gettext_lazy("Wait for the rating (hours)"), min_value=1, max_value=720, initial=24
    )
    reopen_hours = forms.IntegerField(
        label=gettext_lazy("Reopen within (hours)"),
        min_value=0,
        max_value=720,
        initial=24,
        help_text=gettext_lazy("A customer who writes later starts a new conversation."),
    )

    class Meta:
        model = Channel
        fields = ("provider", *PLAIN_FIELDS)
        field_classes: ClassVar[dict[str, Any]] = {"phone_number": NumberField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Asked before the form writes what was posted into the row.
        self.has_token = is_set(self.instance, "auth_token")
        if "name" not in self.fields:
            return
        self.fields["auth_token"].widget = SecretInput(
            is_set=self.has_token, is_readable=is_readable(self.instance, "auth_token")
        )
        self.fields["time_zone"].choices = [(z, z) for z in sorted(time_zones())]  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["survey_wait_hours"] = round(self.instance.survey_wait_s / HOUR_S)
            self.initial["reopen_hours"] = round(self.instance.reopen_window_s / HOUR_S)
        elif "provider" in self.fields:
            for name in ("account_sid", "auth_token", "phone_number", "messaging_service_sid"):
                attributes = {"data-decides": "provider", "data-only-for": Provider.TWILIO}
                self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        provider = cleaned.get("provider") or self.instance.provider
        if provider == Provider.TWILIO:
            self._check_twilio(cleaned)
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the columns that this form changes."""
        changed = pick_fields(self, names=PLAIN_FIELDS)
        for name, column in (
            ("survey_wait_hours", "survey_wait_s"),
            ("reopen_hours", "reopen_window_s"),
        ):
            if name in self.changed_data:
                changed[column] = self.cleaned_data[name] * HOUR_S
        return changed

    def _check_twilio(self, cleaned: dict[str, Any]) -> None:
        has_value = {
            "account_sid": bool(cleaned.get("account_sid")),
            "auth_token": bool(cleaned.get("auth_token")) or self.has_token,
        }
        for name, is_there in has_value.items():
            if name not in self.errors and not is_there:
                self.add_error(
                    name, _("Twilio needs this; it is on the first page of its console.")
                )
        number, service = cleaned.get("phone_number"), cleaned.get("messaging_service_sid")
        if number and service:
            text = _("Either a number or a messaging service, not both.")
            self.add_error("messaging_service_sid", text)
        elif not number and not service and not self.errors:
            self.add_error("phone_number", _("Enter the number, or a messaging service below."))


class ChannelMemberInline(MemberInline):
    model = ChannelMember
    verbose_name_plural = gettext_lazy("Human agents, asked when no rule matches")


@admin.register(Channel)
class ChannelAdmin(GuardedAdmin):
    form = ChannelForm
    inlines = (ChannelMemberInline,)
    list_title = gettext_lazy("Channels")
    add_label = gettext_lazy("Add a channel")
    list_lead = gettext_lazy("A channel is one number or service through which customers write.")
    list_display = ("name", "kind_cell", "number_cell", "state_cell", "last_cell", "agents_cell")
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        latest = Envelope.objects.filter(channel=OuterRef("pk")).order_by("-pk")
        online = Q(members__presence=Presence.ONLINE, members__is_active=True)
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.annotate(
            last_received_at=Subquery(latest.values("received_at")[:1]),
            agent_count=Count("members", distinct=True),
            online_count=Count("members", filter=online, distinct=True),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        connection = [
            "name",
            "provider",
            "medium",
            "account_sid",
            "auth_token" if self._may_edit(request, obj) else "token_cell",
            "phone_number",
            "messaging_service_sid",
            "time_zone",
            "is_active",
        ]
        groups = [
            (_("Connection"), {"fields": connection}),
            (_("Who answers"), {"fields": ("distribution", "capacity")}),
            (
                _("Satisfaction"),
                {"fields": ("has_survey", "survey_question", "survey_thanks", "survey_wait_hours")},
            ),
            (_("Coming back"), {"fields": ("reopen_hours",)}),
            (_("No more messages"), {"fields": ("stop_words", "start_words")}),
        ]
        if obj is not None and self._may_edit(request, obj):
            addresses = {
                "fields": ("inbound_address", "status_address", "state_cell"),
                "description": _("Paste these at your provider, with the method POST."),
            }
            groups.insert(1, (_("Addresses"), addresses))
        elif obj is not None:  # an address is as good as a key: it stays with those who need it
            groups.insert(1, (_("State"), {"fields": ("state_cell",)}))
        return groups

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("inbound_address", "status_address", "state_cell")
        if not self._may_edit(request, obj):
            hours = ("survey_wait_hours", "reopen_hours")
            return (
                "state_cell",
                "token_cell",
                "provider",
                *PLAIN_FIELDS[:4],
                *PLAIN_FIELDS[5:],
                *hours,
            )
        return (*shown, "provider") if obj is not None else shown

    def _may_edit(self, request: HttpRequest, obj: Any) -> bool:
        name = "channels.add_channel" if obj is None else "channels.change_channel"
        return bool(request.user.has_perm(name))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001
        return form.instance

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:  # noqa: FBT001
        now = timezone.now()
        changes = form.changes()
        if change:
            if changes:
                channels.update(Channel.objects.get(pk=obj.pk), now=now, **changes)
            return
        changes.setdefault("distribution", form.cleaned_data["distribution"])
        changes.setdefault("time_zone", form.cleaned_data["time_zone"])
        name = changes.pop("name")
        provider = form.cleaned_data["provider"]
        channel = channels.create(provider=provider, name=name, now=now, **changes)
        obj.pk = channel.pk
        obj._state.adding = False

    def response_post_save_add(self, request: HttpRequest, obj: Channel) -> HttpResponseRedirect:
        """Go to the new channel's page: its addresses are what one needs next."""
        return HttpResponseRedirect(reverse("admin:channels_channel_change", args=(obj.pk,)))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        save_member_forms(form.instance, formsets=formsets, services=channels, now=timezone.now())

    # --- Columns and read-only fields

    @admin.display(description=gettext_lazy("Kind"), ordering="provider")
    def kind_cell(self, channel: Channel) -> str:
        return f"{channel.get_medium_display()} · {channel.get_provider_display()}"

    @admin.display(description=gettext_lazy("Number"), ordering="phone_number")
    def number_cell(self, channel: Channel) -> str:
        return channel.phone_number or channel.messaging_service_sid or "–"

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, channel: Any) -> SafeString:
        if not channel.is_active:
            return pill("quiet", _("Off"))
        if not is_readable(channel, "auth_token"):
            return format_html(
                '{} <span class="sub">{}</span>',
                pill("bad", _("Token unreadable")),
                _("Enter the auth token anew: nothing can be received or sent."),
            )
        if channel.broken_at is not None:
            return format_html(
                '{} <span class="sub">{}</span>',
                pill("bad", _("Cannot send")),
                channel.broken_reason,
            )
        if getattr(channel, "last_received_at", None) is None:
            return pill("warn", _("No message yet"))
        return pill("good", _("Receiving"))

    @admin.display(description=gettext_lazy("Last message"))
    def last_cell(self, channel: Any) -> Any:
        return channel.last_received_at or "–"

    @admin.display(description=gettext_lazy("Human agents"))
    def agents_cell(self, channel: Any) -> str:
        text = ngettext("%(n)d agent", "%(n)d agents", channel.agent_count)
        online = _("%(n)d online") % {"n": channel.online_count}
        return f"{text % {'n': channel.agent_count}}, {online}"

    @admin.display(description=gettext_lazy("Auth token"))
    def token_cell(self, channel: Channel) -> str:
        if not is_readable(channel, "auth_token"):
            return _("cannot be read; an administrator has to enter it anew")
        return "••••••••" if is_set(channel, "auth_token") else _("not set")

    @admin.display(description=gettext_lazy("Inbound messages"))
    def inbound_address(self, channel: Channel) -> SafeString:
        return _copyable(inbound_url(channel))

    @admin.display(description=gettext_lazy("Delivery status"))
    def status_address(self, channel: Channel) -> SafeString:
        return _copyable(status_url(channel))

    @admin.display(description=gettext_lazy("Wait for the rating (hours)"))
    def survey_wait_hours(self, channel: Channel) -> int:
        return round(channel.survey_wait_s / HOUR_S)

    @admin.display(description=gettext_lazy("Reopen within (hours)"))
    def reopen_hours(self, channel: Channel) -> int:
        return round(channel.reopen_window_s / HOUR_S)


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
