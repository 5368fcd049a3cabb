"""The page on which a flow is drawn: its head, its steps as forms, and its outline beside them."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing import flow_figures, flow_files
from routing.admin.flows import drawing, sent
from routing.admin.flows.head_form import HeadForm
from routing.admin.flows.listing import FlowList
from routing.admin.flows.sent import Sent
from routing.admin.flows.states import state_pill
from routing.admin.flows.typed import read_number
from routing.engine.flow import outline, problems
from routing.models import Flow
from routing.services import flows
from routing.services.flows import FlowConflictError, number_running
from teams.durations import in_words
from teams.texts import Text
from teams.viewers import viewer

#: Buttons that save, and then lead to another page of the flow.
_LEADS_TO = {"publish": "admin:routing_flow_publish", "try": "admin:routing_flow_try"}
_PUBLISHED_ANEW = gettext_lazy("Saved as a draft. Customers do not meet it before it is published.")


class FlowEditor(FlowList):
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None:
            return self._new(request)
        try:
            flow = self.pick(request, object_id)
        except Http404:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        if request.method == "POST" and self.has_change_permission(request):
            return self._save(request, flow)
        return self._show(request, flow, document=flow.draft, form=HeadForm(**_head_of(flow)))

    # --- A new one: its head, then its steps

    def _new(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = HeadForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            flow = flows.create(form.head(), author=viewer(request), now=timezone.now())
            messages.success(request, _("“%(flow)s” is there. Now its steps.") % {"flow": flow})
            return HttpResponseRedirect(page_of(flow))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Add a flow"),
            "lead": _("First what it is called and what starts it; then its steps."),
            "form": form,
            "list_title": _("Flows"),
        }
        return TemplateResponse(request, "admin/routing/flow/add.html", context)

    # --- Saving

    def _save(self, request: HttpRequest, flow: Flow) -> HttpResponse:
        """Keep what was typed, even with problems; what cannot be kept is shown as it was typed."""
        said = sent.read(request.POST.dict())
        form = HeadForm(request.POST, **_head_of(flow))
        for sentence in said.left_out:
            messages.warning(request, sentence)
        if not form.is_valid() or problems.faults_of(said.document):
            text = _("Not saved yet: something that you typed cannot be kept. It is marked below.")
            messages.error(request, text)
            return self._show(request, flow, document=said.document, form=form, said=said)
        seen = read_number(request.POST.get("seen", ""))
        try:
            saved = flows.save_draft(
                flow,
                head=form.head(),
                document=said.document,
                seen=seen if isinstance(seen, int) else -1,
                author=viewer(request),
                now=timezone.now(),
            )
        except FlowConflictError:
            messages.error(request, _conflict(flow))
            return self._show(request, flow, document=said.document, form=form, said=said)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return self._show(request, flow, document=said.document, form=form, said=said)
        self.log_change(request, flow, "draft")
        return self._answer(request, saved, said)

    def _answer(self, request: HttpRequest, flow: Flow, said: Sent) -> HttpResponse:
        if said.act in _LEADS_TO:
            return HttpResponseRedirect(reverse(_LEADS_TO[said.act], args=[quote(flow.pk)]))
        if said.act == "file" and said.focus is not None and said.focus >= 0:
            return HttpResponseRedirect(file_page_of(flow, number=said.focus + 1))
        messages.success(request, _after(said))
        if said.focus is None or not said.steps:
            return HttpResponseRedirect(page_of(flow))
        return HttpResponseRedirect(page_of(flow, number=said.focus + 1))

    # --- Showing

    def _show(
        self,
        request: HttpRequest,
        flow: Flow,
        *,
        document: Any,
        form: HeadForm,
        said: Sent | None = None,
    ) -> HttpResponse:
        found = flows.problems_of(flow, document)
        complaints = drawing.complain(found)
        offers = drawing.load_offers()
        focus = said.focus if said is not None else _focus(request)
        figures = flow_figures.load(flow, now=timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": flow,
            "title": flow.name,
            "lead": flow.description,
            "list_title": _("Flows"),
            "form": form,
            "cards": drawing.draw(
                document,
                complaints=complaints,
                offers=offers,
                focus=focus,
                files=flow_files.load(document),
            ),
            "kinds": drawing.draw_kinds(document, offers=offers),
            "kind_choices": drawing.KINDS,
            "complaints": complaints,
            "outline": outline.draw(document),
            "complained": {each.number for each in complaints},
            "state": state_pill(flow),
            "figures": figures,
            "average": in_words(figures.average) if figures.average is not None else "",
            "running": number_running(flow),
            "may_change": self.has_change_permission(request),
            "may_publish": request.user.has_perm("routing.publish_flow"),
            "may_delete": self.has_delete_permission(request, flow),
            "is_unsaved": said is not None,
        }
        return TemplateResponse(request, "admin/routing/flow/change.html", context)


def page_of(flow: Flow, *, number: int = 0) -> str:
    """Return the page of a flow; with a number, at that step."""
    page = reverse("admin:routing_flow_change", args=[quote(flow.pk)])
    return f"{page}?step={number}#step-{number}" if number else page


def file_page_of(flow: Flow, *, number: int) -> str:
    return reverse("admin:routing_flow_file", args=[quote(flow.pk), number])


def _head_of(flow: Flow) -> dict[str, Any]:
    return {"instance": Flow.objects.get(pk=flow.pk)}


def _focus(request: HttpRequest) -> int | None:
    number = read_number(request.GET.get("step", ""))
    return number - 1 if isinstance(number, int) else None


def _conflict(flow: Flow) -> Text:
    flow.refresh_from_db()
    names = {"name": flow.draft_changed_by or _("Somebody else"), "flow": flow.name}
    return (
        _(
            "Not saved: %(name)s changed “%(flow)s” while you did. Below is what you typed; saving "
            "it again puts it in the place of theirs."
        )
        % names
    )


def _after(said: Sent) -> Text:
    """Say what a button did. Everything that was typed was saved with it."""
    number = (said.focus or 0) + 1
    sentences = {
        "up": _("The step is number %(number)d now."),
        "down": _("The step is number %(number)d now."),
        "insert": _("Step %(number)d is new: say what it does."),
        "duplicate": _("Step %(number)d is a copy of the one above it."),
        "delete": _("The step is deleted."),
        "path": _("Step %(number)d has one more path."),
        "unfile": _("Step %(number)d sends no file any more."),
    }
    template = sentences.get(said.act)
    return template % {"number": number} if template else _PUBLISHED_ANEW
