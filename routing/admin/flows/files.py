"""The page on which a step of a flow gets its file. The flow's own form carries no files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import upload_errors
from conversations.models import HouseFile
from conversations.services import house_files
from conversations.services.uploads import FileRefusedError
from routing.admin.flows.editing import page_of
from routing.admin.flows.listing import FlowList
from routing.engine.flow import graph
from routing.models import Flow
from routing.services import flows
from routing.services.flows import FlowConflictError
from teams.admin.console import Confirmation
from teams.viewers import viewer


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), max_length=None)


class FlowFiles(FlowList):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        own = path("<path:pk>/steps/<int:number>/file/", view, name="routing_flow_file")
        return [own, *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: str, number: int) -> HttpResponse:
        """Keep a file, and let a step of the draft send it."""
        flow = self.changeable(request, pk)
        step = _message_at(flow, number)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = _keep(request, form)
            if file is not None:
                self._put(request, flow, number, file=file)
                return HttpResponseRedirect(page_of(flow, number=number))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("A file for step %(number)d, “%(step)s”")
                % {"number": number, "step": graph.name_of(step)},
                _("It goes with the text of the step, or alone where there is none."),
                _("Attach it"),
                page_of(flow, number=number),
                form=form,
                notes=(_("Pictures, sound, video and documents, as the channel takes them."),),
            ),
        )

    def _put(self, request: HttpRequest, flow: Flow, number: int, *, file: HouseFile) -> None:
        """Let the step send the file, unless somebody changed the draft at this very moment."""
        steps: list[dict[str, Any]] = [dict(step) for step in graph.steps_of(flow.draft)]
        steps[number - 1]["file"] = str(file.public_id)
        document, author, now = {"steps": steps}, viewer(request), timezone.now()
        try:
            flows.save_draft(
                flow, document=document, seen=flow.draft_number, author=author, now=now
            )
        except FlowConflictError:
            messages.error(request, _("Somebody else changed the flow just now. Try it again."))
            return
        self.log_change(request, flow, "draft")
        names = {"file": file.filename, "number": number}
        messages.success(request, _("Step %(number)d sends “%(file)s”.") % names)


def _message_at(flow: Flow, number: int) -> graph.Step:
    steps = graph.steps_of(flow.draft)
    if not 0 < number <= len(steps) or graph.kind_of(steps[number - 1]) != "message":
        raise Http404
    return steps[number - 1]


def _keep(request: HttpRequest, form: FileForm) -> HouseFile | None:
    try:
        return house_files.keep(
            form.cleaned_data["file"], author=viewer(request), now=timezone.now()
        )
    except FileRefusedError as error:
        form.add_error("file", upload_errors.explain(error.code, error.facts))
        return None
