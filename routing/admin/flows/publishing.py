"""Publishing a flow: what is different from what customers meet now, and going back."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from routing.admin.flows import drawing
from routing.admin.flows.comparing import Difference, compare_heads, compare_steps
from routing.admin.flows.editing import page_of
from routing.admin.flows.listing import FlowList
from routing.engine.flow import outline
from routing.models import Flow, FlowVersion
from routing.services import flows
from routing.services.flows import FlowProblemsError, number_running
from teams.texts import Text
from teams.viewers import posted, viewer

MOST_VERSIONS = 50


class PublishForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What is new, for your colleagues"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class FlowPublishing(FlowList):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/publish/", view(self.publish_view), name="routing_flow_publish"),
            path("<path:pk>/versions/", view(self.versions_view), name="routing_flow_versions"),
            path(
                "<path:pk>/versions/<int:number>/restore/",
                view(self.restore_view),
                name="routing_flow_restore",
            ),
        ]
        return own + super().get_urls()

    def publish_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show what would be different, and publish it."""
        flow = self.changeable(request, pk, permission="routing.publish_flow")
        form = PublishForm(posted(request), initial={"seen": flow.draft_number})
        if request.method == "POST" and form.is_valid():
            if form.cleaned_data["seen"] == flow.draft_number:
                return self._publish(request, flow, note=form.cleaned_data["note"])
            text = _(
                "Not published: somebody changed the draft meanwhile. Below is what it is now."
            )
            messages.error(request, text)
            return HttpResponseRedirect(request.path)
        complaints = drawing.complain(flows.find_problems(flow))
        context = {
            **self._context(request, flow),
            "title": _("Publish “%(flow)s”") % {"flow": flow.name},
            "crumb": _("Publish"),
            "form": form,
            "complaints": complaints,
            "complained": {each.number for each in complaints},
            "differences": self._differences(flow),
            "outline": outline.draw(flow.draft),
            "running": sum(number_running(flow).values()),
        }
        return TemplateResponse(request, "admin/routing/flow/publish.html", context)

    def _publish(self, request: HttpRequest, flow: Flow, *, note: str) -> HttpResponse:
        try:
            version = flows.publish(flow, author=viewer(request), now=timezone.now(), note=note)
        except FlowProblemsError:
            return HttpResponseRedirect(request.path)
        self.log_change(request, flow, f"published: v{version.number}")
        names = {"flow": flow.name, "version": version.number}
        text = _("“%(flow)s” is published as version %(version)d, and on.")
        messages.success(request, text % names)
        return HttpResponseRedirect(page_of(flow))

    def _differences(self, flow: Flow) -> Sequence[Difference]:
        """Return what publishing would change, for those who meet the flow."""
        if flow.published is None:
            return []
        channel_ids = sorted(channel.pk for channel in flow.channels.all())
        draft = FlowVersion(
            document=flow.draft, trigger=flow.trigger, words=flow.words, channel_ids=channel_ids
        )
        return _between(flow.published, draft)

    # --- Versions

    def versions_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show every version, the newest first, each with what it changed."""
        flow = self.pick(request, pk)
        rows = flow.versions.select_related("published_by").order_by("-number")
        versions = list(rows[: MOST_VERSIONS + 1])
        before: Sequence[FlowVersion | None] = [*versions[1:], None]
        context = {
            **self._context(request, flow),
            "title": _("Versions of “%(flow)s”") % {"flow": flow.name},
            "crumb": _("Versions"),
            "versions": [
                (version, [] if old is None else _between(old, version))
                for version, old in list(zip(versions, before, strict=True))[:MOST_VERSIONS]
            ],
            "running": number_running(flow),
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/routing/flow/versions.html", context)

    def restore_view(self, request: HttpRequest, pk: str, number: int) -> HttpResponse:
        """Make a version the draft again; the page of the flow shows it."""
        flow = self.changeable(request, pk)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:routing_flow_versions", args=[flow.pk]))
        version = flow.versions.filter(number=number).first()
        if version is None:
            raise Http404
        flows.restore(flow, version=version, author=viewer(request), now=timezone.now())
        self.log_change(request, flow, f"restored: v{number}")
        text = _("Version %(version)d is the draft now. Customers meet it once it is published.")
        messages.success(request, text % {"version": number})
        return HttpResponseRedirect(page_of(flow))

    def _context(self, request: HttpRequest, flow: Flow) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": flow,
            "steps_url": page_of(flow),
        }


def _between(old: FlowVersion, new: FlowVersion) -> list[Difference]:
    names: dict[int, Text] = dict(Channel.objects.values_list("pk", "name"))
    return [*compare_heads(old, new, names=names), *compare_steps(old.document, new.document)]
