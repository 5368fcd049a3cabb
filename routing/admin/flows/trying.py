"""Trying a flow: one is the customer, and sees beside the chat which step it is at."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from routing import flow_files, flow_house
from routing.admin.flows.editing import page_of
from routing.admin.flows.listing import FlowList
from routing.admin.flows.run_words import explain_problem, explain_step
from routing.engine.flow import documents, outline, specs
from routing.engine.flow.progress import Ending, Goal, Say
from routing.engine.text import split_raw
from routing.models import Flow
from routing.services import flow_trials
from routing.services.flow_trials import Customer, Trial, Turn
from teams.durations import in_words
from teams.texts import Text

_LONGEST_TEXT = 1000
_ENDINGS = {
    Ending.COMPLETED: gettext_lazy("The flow is over."),
    Ending.EXPIRED: gettext_lazy("The flow is over: the customer did not answer in time."),
    Ending.FAILED: gettext_lazy("The flow could not go on."),
}


class CustomerForm(forms.Form):
    """Who tries it: as a customer of the house would be."""

    channel = forms.ModelChoiceField(
        label=gettext_lazy("Channel"), queryset=Channel.objects.none(), empty_label=None
    )
    language = forms.CharField(
        label=gettext_lazy("Language"), required=False, max_length=12, widget=forms.TextInput
    )
    tags = forms.CharField(label=gettext_lazy("Tags"), required=False, max_length=500)
    properties = forms.CharField(
        label=gettext_lazy("Properties"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Such as plan=gold, age=41."),
    )
    hours = forms.ChoiceField(
        label=gettext_lazy("Business hours"),
        choices=[
            ("", gettext_lazy("as they are now")),
            ("open", gettext_lazy("open")),
            ("closed", gettext_lazy("closed")),
        ],
        required=False,
    )
    known = forms.BooleanField(label=gettext_lazy("Has written before"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        rows = Channel.objects.filter(is_active=True).order_by("name", "pk")
        self.fields["channel"].queryset = rows  # type: ignore[attr-defined]

    def customer(self) -> Customer | None:
        """Return who it is; None where there is no channel on which one could write."""
        if not self.is_valid():
            channel = self.fields["channel"].queryset.first()  # type: ignore[attr-defined]
            return None if channel is None else Customer(channel)
        said = self.cleaned_data
        pairs = (part.partition("=") for part in split_raw(said["properties"]))
        return Customer(
            channel=said["channel"],
            language=said["language"].strip(),
            tags=tuple(split_raw(said["tags"])),
            attributes={name.strip(): value.strip() for name, _equals, value in pairs if name},
            is_new=not said["known"],
            is_open={"open": True, "closed": False}.get(said["hours"]),
        )


class FlowTrying(FlowList):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.try_view)
        return [path("<path:pk>/try/", view, name="routing_flow_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Chat with the draft. What was said stays in the browser's session, and nowhere else."""
        flow = self.changeable(request, pk)
        key = f"flow_try_{flow.pk}"
        kept = request.session.get(key, {})
        if kept.get("draft") != flow.draft_number:
            kept = {"draft": flow.draft_number, "who": kept.get("who", {}), "written": []}
        if request.method == "POST":
            request.session[key] = _said(request.POST, kept)
            return HttpResponseRedirect(f"{request.path}#id_text")
        form = CustomerForm(kept["who"] or None)
        customer = form.customer()
        if customer is None:
            messages.warning(request, _("There is no channel yet on which one could write."))
            return HttpResponseRedirect(page_of(flow))
        trial = flow_trials.try_out(
            flow.draft, customer=customer, written=kept["written"], now=timezone.now()
        )
        files = {key: file.filename for key, file in flow_files.load(flow.draft).items()}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": flow,
            "steps_url": page_of(flow),
            "title": _("Try “%(flow)s”") % {"flow": flow.name},
            "crumb": _("Try it"),
            "form": form,
            "turns": [_shown(turn, files) for turn in trial.turns],
            "outline": outline.draw(flow.draft),
            "current": trial.state.step if trial.ending is None else "",
            **_standing(flow, trial),
        }
        return TemplateResponse(request, "admin/routing/flow/try.html", context)


def _said(post: Mapping[str, str], kept: dict[str, Any]) -> dict[str, Any]:
    """Return the trial after a button: written, waited, or begun again."""
    if "again" in post:
        who = {name: post[name] for name in CustomerForm.base_fields if name in post}
        return {**kept, "who": who or kept["who"], "written": []}
    text = post.get("quick") or post.get("text", "")
    event = None if "wait" in post else text.replace("\x00", "").strip()[:_LONGEST_TEXT]
    if event == "":
        return kept
    return {**kept, "written": [*kept["written"], event][: flow_trials.MOST_EVENTS]}


def _shown(turn: Turn, files: Mapping[str, str]) -> dict[str, Any]:
    sentences = [explain_step(entry.kind, entry.outcome, entry.facts) for entry in turn.log]
    return {
        "text": turn.text,
        "says": [_bubble(say, files) for say in turn.says],
        "sentences": sentences,
        "is_ignored": turn.is_ignored,
    }


def _bubble(say: Say, files: Mapping[str, str]) -> Text:
    if say.file:
        name = _("[File] %(name)s") % {"name": files.get(say.file, "–")}
        return f"{name}\n{say.text}" if say.text else name
    if not say.template:
        return say.text
    return _("[Template] %(values)s") % {"values": ", ".join(say.values.values())}


def _standing(flow: Flow, trial: Trial) -> dict[str, Any]:
    """Return where the trial stands: what it waits for, or how it ended and who goes on."""
    spec, _faults = documents.read(flow.draft)
    step = spec.find(trial.state.step) if trial.ending is None else None
    wait = in_words(timedelta(seconds=trial.wait_s)) if step and trial.wait_s else ""
    return {
        "wait": wait,
        "is_delay": step is not None and isinstance(step.deed, specs.Delay),
        "quick": _quick(step),
        "ending": _ENDINGS[trial.ending] if trial.ending else "",
        "problem": explain_problem(trial.problem) if trial.problem else "",
        "goes_on": _goal(flow, trial.state.goal) if trial.ending else "",
        "known": trial.known,
        "contact_tags": trial.situation.contact_tags,
        "conversation_tags": trial.situation.conversation_tags,
        "at": trial.situation.at,
    }


def _quick(step: specs.Step | None) -> tuple[str, ...]:
    """Return the answers that the step offers to choose from."""
    if step is None:
        return ()
    if isinstance(step.deed, specs.Question):
        return step.deed.choices
    return step.deed.buttons if isinstance(step.deed, specs.Message) else ()


def _goal(flow: Flow, goal: Goal | None) -> Text:
    if goal is None:
        return _("Nobody gets the conversation: it is closed.")
    if goal.kind == "channel":
        return _("The channel's agents get the conversation.")
    name = flow_house.titles_of(flow.draft).get(goal.id, "–")
    return _("%(name)s gets the conversation.") % {"name": name}
