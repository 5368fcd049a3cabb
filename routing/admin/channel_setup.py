"""Setting up a channel in steps, each a page with its own address.

Beside every step stands what is known so far: a reload brings it up to date, and so does a script.
"""

from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.addresses import inbound_url, status_url
from channels.admin.buttons import refused_of
from channels.admin.channels import ChannelAdmin
from channels.admin.setup_form import SetupForm
from channels.admin.setup_keys import CloudSetupForm, EngageLabSetupForm, KeysForm
from channels.checks import render_one
from channels.models import Channel, Medium, Provider
from channels.services import channels, checks
from conversations.admin.transcript import TICKS
from conversations.admin.verbs import actor_of
from conversations.admin.writing import REFUSALS, WritingForm
from conversations.models import Message
from conversations.models.message import Direction
from conversations.services import replies
from conversations.services.replies import ReplyRefusedError
from routing.models import Rule
from teams.identifiers import new_public_id
from teams.texts import Text
from teams.viewers import viewer

STEPS: dict[str, Text] = {
    "account": gettext_lazy("Account"),
    "address": gettext_lazy("Paste the address"),
    "hello": gettext_lazy("Say hello"),
    "answer": gettext_lazy("Answer"),
    "done": gettext_lazy("Done"),
}
#: What the customer's phone has ready to send when the code is scanned.
HELLO = "hello"
CHOICES: tuple[tuple[str, Text, Text], ...] = (
    (
        "twilio",
        gettext_lazy("WhatsApp or SMS through Twilio"),
        gettext_lazy("Five short steps, from the account to the first answer."),
    ),
    (
        "whatsapp_cloud",
        gettext_lazy("WhatsApp Cloud"),
        gettext_lazy("Directly from Meta, with an app and a token of your own. The same steps."),
    ),
    ("engagelab", "EngageLab", gettext_lazy("WhatsApp through EngageLab. The same steps.")),
    (
        "simulator",
        gettext_lazy("Simulator"),
        gettext_lazy("A telephone on the screen, to try things out. It needs no account."),
    ),
)


#: What the first step asks for. Whoever is not here has one form and no steps.
FORMS: dict[str, type[SetupForm | KeysForm]] = {
    Provider.TWILIO: SetupForm,
    Provider.WHATSAPP_CLOUD: CloudSetupForm,
    Provider.ENGAGELAB: EngageLabSetupForm,
}


class ChannelSetupAdmin(ChannelAdmin):
    setup_template: ClassVar[str] = "admin/channels/channel/setup/{}.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("setup/", view(self.choose_view), name="channels_channel_setup"),
            path(
                "<path:pk>/setup/account/",
                view(self.account_view),
                name="channels_channel_setup_account",
            ),
        ]
        for provider in FORMS:
            name = f"channels_channel_setup_new_{provider}"
            given = {"provider": provider}
            own.append(path(f"setup/{provider}/", view(self.account_view), given, name=name))
        for step in list(STEPS)[1:]:
            name = f"channels_channel_setup_{step}"
            address = path(
                f"<path:pk>/setup/{step}/", view(self.step_view), {"step": step}, name=name
            )
            own.append(address)
        return own + super().get_urls()

    # --- Choosing

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        add = reverse("admin:channels_channel_add")
        choices = [
            (label, text, _new_address(name) if name in FORMS else f"{add}?provider={name}")
            for name, label, text in CHOICES
        ]
        context = {"title": _("Set up a channel"), "choices": choices}
        return self._show(request, "choose", context)

    # --- Step 1: the account

    def account_view(self, request: HttpRequest, pk: str = "", provider: str = "") -> HttpResponse:
        channel = self._guided(request, pk) if pk else None
        if channel is None and not self.has_add_permission(request):
            raise PermissionDenied
        provider = channel.provider if channel else provider
        form = FORMS[provider](request.POST or None, instance=channel)
        if request.method != "POST" or not form.is_valid():
            named = {"form": form, "provider_name": Provider(provider).label}
            return self._show_step(request, "account", channel, named)
        saved = self._save(form, channel)
        if "check" not in request.POST:
            return HttpResponseRedirect(_address(saved, "address"))
        return self._check(request, saved, then="account")

    def _save(self, form: SetupForm | KeysForm, channel: Channel | None) -> Channel:
        now, changes = timezone.now(), form.changes()
        if channel is None:
            return channels.create(provider=form.instance.provider, now=now, **changes)
        row = Channel.objects.get(pk=channel.pk)
        token = changes.pop("auth_token", "")
        if token and isinstance(form, SetupForm):
            row = channels.replace_token(row, token=token, now=now, overlap=form.token_overlap())
        return channels.update(row, now=now, **changes)

    def _check(self, request: HttpRequest, channel: Channel, *, then: str) -> HttpResponse:
        findings = checks.check(channel, now=timezone.now())
        failed = [finding for finding in findings if finding.step == "account"]
        if then == "account" and failed and failed[0].state == "failed":
            line = render_one(failed[0])
            messages.error(request, f"{line.sentence} {line.advice}")
        elif then == "account":
            messages.success(request, render_one(failed[0]).sentence if failed else _("Checked."))
            then = "address"
        return HttpResponseRedirect(_address(channel, then))

    # --- The other steps

    def step_view(self, request: HttpRequest, pk: str, step: str) -> HttpResponse:
        channel = self._guided(request, pk)
        if request.method == "POST" and "check" in request.POST:
            return self._check(request, channel, then=step)
        if request.method == "POST" and step == "answer":
            return self._answer(request, channel)
        return self._show_step(request, step, channel, self._facts(request, step, channel))

    def _facts(self, request: HttpRequest, step: str, channel: Channel) -> dict[str, Any]:
        heard = _latest(channel, Direction.INBOUND)
        return {
            "heard": heard,
            "answered": _latest(channel, Direction.OUTBOUND),
            "next_url": _next_url(channel, step),
            **self._facts_of_step(request, step, channel, heard),
        }

    def _facts_of_step(
        self, request: HttpRequest, step: str, channel: Channel, heard: Message | None
    ) -> dict[str, Any]:
        if step == "address":
            return {
                "inbound_url": inbound_url(channel),
                "status_url": status_url(channel),
                "other_host": _other_host(request),
                "address_page": self.setup_template.format(f"_address_{channel.provider}"),
            }
        if step == "hello":
            return {"qr": _qr(channel), "hello": HELLO, "hello_url": _hello_url(channel)}
        if step == "answer":
            box = WritingForm(
                initial={"key": new_public_id(), "body": _("Hello! How can we help you?")}
            )
            return {
                "box": box,
                "refusal": _refusal(heard),
                "may_reply": request.user.has_perm("conversations.reply"),
            }
        return {"rule_count": _rule_count(channel), "agent_count": channel.memberships.count()}

    def _answer(self, request: HttpRequest, channel: Channel) -> HttpResponse:
        """Send the answer to whoever wrote last."""
        if not request.user.has_perm("conversations.reply"):
            raise PermissionDenied
        here = _address(channel, "answer")
        heard = _latest(channel, Direction.INBOUND)
        form = WritingForm(request.POST)
        if heard is None or not form.is_valid():
            text = form.errors.get("body") or [_("Nobody has written to this channel yet.")]
            messages.error(request, str(text[0]))
            return HttpResponseRedirect(here)
        try:
            replies.queue_reply(
                heard.conversation,
                author=viewer(request),
                body=form.cleaned_data["body"],
                actor=actor_of(viewer(request)),
                now=timezone.now(),
                public_id=form.cleaned_data["key"],
            )
        except ReplyRefusedError as error:
            messages.error(request, REFUSALS.get(error.code, error.code))
        return HttpResponseRedirect(here)

    # --- What every step shows

    def _guided(self, request: HttpRequest, pk: str) -> Channel:
        """Return the channel that is set up here; a simulator has one form, no steps."""
        if not request.user.has_perm("channels.change_channel"):
            raise PermissionDenied
        channel: Channel | None = self.get_object(request, unquote(pk))
        if channel is None or channel.provider not in FORMS:
            raise Http404
        return channel

    def _show_step(
        self, request: HttpRequest, step: str, channel: Channel | None, facts: dict[str, Any]
    ) -> TemplateResponse:
        context = {
            "title": _("Set up %(name)s") % {"name": channel.name} if channel else _("New channel"),
            "step": step,
            "step_title": STEPS[step],
            "channel": channel,
            "steps": [(name, label, _address(channel, name)) for name, label in STEPS.items()],
            **(_live(channel) if channel else {}),
            **({"provider_name": Provider(channel.provider).label} if channel else {}),
            **facts,
        }
        return self._show(request, step, context)

    def _show(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "list_title": self.list_title,
            "help_url": reverse("admin:channels_channel_help"),
        }
        return TemplateResponse(request, self.setup_template.format(name), {**shared, **context})


def _address(channel: Channel | None, step: str) -> str:
    if channel is None:
        return ""
    return reverse(f"admin:channels_channel_setup_{step}", args=[channel.pk])


def _new_address(provider: str) -> str:
    return reverse(f"admin:channels_channel_setup_new_{provider}")


def _next_url(channel: Channel, step: str) -> str:
    names = list(STEPS)
    place = names.index(step) + 1
    return _address(channel, names[place]) if place < len(names) else ""


def _live(channel: Channel) -> dict[str, Any]:
    answered = _latest(channel, Direction.OUTBOUND)
    heard = _latest(channel, Direction.INBOUND)
    return {
        "report": [render_one(finding) for finding in checks.look_again(channel)],
        "was_checked": bool(channel.check_report),
        "refused": list(refused_of(channel)),
        "heard": heard,
        "answered": answered,
        "answer_tick": TICKS.get(answered.delivery_status) if answered else None,  # type: ignore[call-overload]
    }


def _latest(channel: Channel, direction: Direction) -> Message | None:
    rows = Message.objects.filter(channel=channel, direction=direction)
    shown = rows.select_related(
        "conversation__contact", "conversation__channel", "conversation__identity"
    )
    return shown.order_by("-pk").first()


def _refusal(heard: Message | None) -> Text:
    if heard is None:
        return ""
    code = replies.reason_not_to_reply(heard.conversation, now=timezone.now())
    return REFUSALS.get(code, code) if code else ""


def _rule_count(channel: Channel) -> int:
    """Count the rules that this channel's messages go through."""
    active = Rule.objects.filter(is_active=True)
    return sum(
        1
        for rule in active.prefetch_related("channels")
        if not (own := {each.pk for each in rule.channels.all()}) or channel.pk in own
    )


def _other_host(request: HttpRequest) -> str:
    """Return the host under which this page is seen, if providers are given another one."""
    return (
        ""
        if request.get_host() == urlsplit(settings.PUBLIC_BASE_URL).netloc
        else (request.get_host())
    )


def _hello_url(channel: Channel) -> str:
    """Return the address that opens a telephone's messages with our number and a text."""
    if not channel.phone_number:
        return ""
    if channel.medium == Medium.WHATSAPP:
        return f"https://wa.me/{channel.phone_number.removeprefix('+')}?text={quote(HELLO)}"
    return f"sms:{channel.phone_number}?body={quote(HELLO)}"


def _qr(channel: Channel) -> SafeString:
    """Draw the address as a code; the number in it was checked digit by digit."""
    url = _hello_url(channel)
    if not url:
        return mark_safe("")
    drawn = segno.make(url, micro=False).svg_inline(border=3, light="white", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - made by segno from digits and a fixed word
