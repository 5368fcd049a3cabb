"""The buttons of an AI agent's page: start and stop it, ask whether it is there, try it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.admin.ai_agent_forms import TryForm
from routing.ai.base import Line, Speaker
from routing.ai_error_words import explain_error
from routing.ai_words import explain_trial
from routing.engine.facts import Target, TargetKind
from routing.flow_uses import find_flows, needed_by
from routing.models import AiAgent
from routing.services import ai_agents, ai_trials
from routing.services.rule_uses import rules_that_name
from teams.admin.console import Confirmation, GuardedAdmin
from teams.viewers import posted

#: A trial that goes on for longer forgets its beginning.
MOST_TURNS = 20
#: What is sent along by whoever was asked before.
_ANYWAY = "anyway"


class AiAgentButtons(GuardedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                f"<path:pk>/{name}/",
                view(getattr(self, f"{name}_view")),
                name=f"routing_aiagent_{name}",
            )
            for name in ("switch", "check", "try")
        ]
        return own + super().get_urls()

    def switch_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Start an AI agent, or stop it."""
        agent = self._pick(request, pk)
        if request.method == "POST":
            now, names = timezone.now(), {"name": agent.name}
            if agent.is_running:
                flows = [] if _ANYWAY in request.POST else find_flows(agent)
                if flows:
                    return self.confirm(
                        request, confirmation=_stopping(request, agent, flows=flows)
                    )
                ai_agents.stop(agent, now=now)
                text = _("“%(name)s” is stopped. Whoever waits for it goes to people.")
                _warn_of_rules(request, agent)
            else:
                ai_agents.start(agent, now=now)
                text = _("“%(name)s” runs: it answers from the next message on.")
            self.log_change(request, agent, "is_running")
            messages.success(request, text % names)
        return HttpResponseRedirect(_back(request, agent))

    def check_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Ask an AI agent whether it is there."""
        agent = self._pick(request, pk)
        if request.method == "POST":
            error = ai_agents.check(agent, now=timezone.now())
            if error:
                messages.error(request, explain_error(error))
            else:
                messages.success(request, _("It answered."))
        return HttpResponseRedirect(_page(agent))

    def try_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Chat with an AI agent. What was said stays in the browser's session, and nowhere else."""
        agent = self._pick(request, pk)
        key = f"ai_try_{agent.pk}"
        form = TryForm(posted(request))
        if request.method == "POST":
            if "again" in request.POST:
                request.session.pop(key, None)
                return HttpResponseRedirect(request.path)
            if form.is_valid():
                turns = request.session.get(key, [])
                turns.append(_turn(agent, turns, text=form.cleaned_data["text"]))
                request.session[key] = turns[-MOST_TURNS:]
                return HttpResponseRedirect(f"{request.path}#id_text")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Try “%(name)s”") % {"name": agent.name},
            "agent": agent,
            "page": _page(agent),
            "turns": request.session.get(key, []),
            "form": form,
        }
        return TemplateResponse(request, "admin/routing/aiagent/try.html", context)

    def _pick(self, request: HttpRequest, pk: str) -> AiAgent:
        if not self.has_change_permission(request):
            raise PermissionDenied
        agent: AiAgent | None = self.get_object(request, unquote(pk))
        if agent is None:
            raise Http404
        return agent


def _stopping(request: HttpRequest, agent: AiAgent, *, flows: list[str]) -> Confirmation:
    """Ask before stopping what flows need: it may be urgent, so it is not refused."""
    return Confirmation(
        _("Stop “%(name)s”?") % {"name": agent.name},
        needed_by(flows),
        _("Stop it all the same"),
        _back(request, agent),
        hidden=((_ANYWAY, "1"),),
        notes=(
            _("Once it is stopped, these flows pass it over, and people get the conversations."),
        ),
    )


def _turn(agent: AiAgent, turns: list[dict[str, Any]], *, text: str) -> dict[str, Any]:
    trial = ai_trials.try_out(agent, lines=_lines(turns, text=text))
    said = [(tone, str(words)) for tone, words in explain_trial(trial)]
    return {"text": text, "reply": trial.plan.reply, "said": said}


def _lines(turns: list[dict[str, Any]], *, text: str) -> list[Line]:
    at = timezone.now()
    lines: list[Line] = []
    for number, turn in enumerate([*turns, {"text": text, "reply": ""}]):
        lines.append(Line(Speaker.CUSTOMER, turn["text"], at, id=f"try-{number}"))
        if turn["reply"]:
            lines.append(Line(Speaker.AI, turn["reply"], at, id=f"try-{number}-reply"))
    return lines


def _page(agent: AiAgent) -> str:
    return reverse("admin:routing_aiagent_change", args=[quote(agent.pk)])


def _back(request: HttpRequest, agent: AiAgent) -> str:
    """Return where the button stood: the list has it, too."""
    is_of_list = "from_list" in request.GET
    return reverse("admin:routing_aiagent_changelist") if is_of_list else _page(agent)


def _warn_of_rules(request: HttpRequest, agent: AiAgent) -> None:
    rules = rules_that_name(Target(TargetKind.AI, agent.pk))
    if rules:
        messages.warning(
            request,
            _("These rules name %(name)s and will be passed over: %(rules)s.")
            % {"name": agent.name, "rules": ", ".join(f"“{rule}”" for rule in rules)},
        )
