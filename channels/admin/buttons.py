"""The buttons of a channel's page: test it, drop the old token."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import checks as words
from channels import failures
from channels.models import Channel, RefusedRequest
from channels.services import channels, checks
from teams.admin.console import Confirmation, GuardedAdmin

REFUSED_SHOWN = 5


class ChannelButtons(GuardedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("help/", view(self.help_view), name="channels_channel_help"),
            path("<path:pk>/test/", view(self.test_view), name="channels_channel_test"),
            path("<path:pk>/drop-token/", view(self.drop_token_view), name="channels_channel_drop"),
        ]
        return own + super().get_urls()

    def help_view(self, request: HttpRequest) -> HttpResponse:
        """Explain each common failure in plain words."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "list_title": self.list_title,
            "title": _("When a channel does not work"),
            "failures": failures.render(),
        }
        return TemplateResponse(request, "admin/channels/channel/help.html", context)

    def test_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Walk every step of the test, and go back to the page, which shows the report."""
        channel = self.changeable(request, pk)
        back = self.page_of(channel)
        if request.method != "POST":
            return HttpResponseRedirect(back)
        findings = checks.check(channel, now=timezone.now())
        failed = sum(finding.state == "failed" for finding in findings)
        if failed:
            text = ngettext("%(n)d step failed.", "%(n)d steps failed.", failed) % {"n": failed}
            messages.warning(request, text)
        else:
            messages.success(request, _("No step failed."))
        return HttpResponseRedirect(f"{back}#check")

    def drop_token_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks, POST drops the second token."""
        channel = self.changeable(request, pk)
        if request.method != "POST":
            confirmation = Confirmation(
                _("Drop the old token?"),
                _("What it signed is refused from now on. Do this once the new one is promoted."),
                _("Drop the old token"),
                self.page_of(channel),
            )
            return self.confirm(request, confirmation=confirmation)
        channels.drop_second_token(channel)
        self.log_change(request, channel, "Dropped the second auth token.")
        messages.success(request, _("Only the new token is accepted now."))
        return HttpResponseRedirect(self.page_of(channel))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        channel = kwargs.get("obj")
        if channel is not None:
            context["report"] = words.render(channel)
            context["refused"] = list(refused_of(channel))
        return super().render_change_form(request, context, *args, **kwargs)

    # --- For pages that are built on this one

    def changeable(self, request: HttpRequest, pk: str) -> Channel:
        """Return the channel, for whoever may change it."""
        if not request.user.has_perm("channels.change_channel"):
            raise PermissionDenied
        channel: Channel | None = self.get_object(request, unquote(pk))
        if channel is None:
            raise Http404
        return channel

    def page_of(self, channel: Channel) -> str:
        return reverse("admin:channels_channel_change", args=[channel.pk])


def refused_of(channel: Channel) -> Any:
    """Return the kinds of requests that were refused last."""
    return RefusedRequest.objects.filter(channel=channel).order_by("-last_at", "-pk")[
        :REFUSED_SHOWN
    ]
