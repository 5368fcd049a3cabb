"""The rule tester: what would happen to this message? By GET alone, because nothing changes."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from routing.admin.rule_tester_form import CaseForm
from routing.engine.facts import Answer, Outcome
from routing.models import AiAgent, Flow, Rule
from routing.rendering import render_answer
from routing.services import rule_tester
from routing.services.rule_tester import Verdict
from teams.admin.console import GuardedAdmin
from teams.models import Team, User
from teams.viewers import viewer


class RuleTester(GuardedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_view)
        return [path("test/", view, name="routing_rule_test"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = [(_("Test the rules"), reverse("admin:routing_rule_test"))]
        return super().changelist_view(request, {"title_links": links, **(extra_context or {})})

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Ask the engine about a message; the address carries the case."""
        if not request.user.has_perm("routing.test_rule"):
            raise PermissionDenied
        form = CaseForm(request.GET or None, asker=viewer(request))
        now = timezone.now()
        verdict = rule_tester.ask(form.case(now=now)) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What would happen to this message?"),
            "form": form,
            "result": _result(verdict) if verdict else None,
        }
        return TemplateResponse(request, "admin/routing/rule/test.html", context)


def _result(verdict: Verdict) -> dict[str, Any]:
    answer = verdict.answer
    rule = Rule.objects.filter(pk=answer.rule_id).first() if answer.rule_id else None
    return {
        "sentence": _sentence(answer),
        "decision": render_answer(answer, decided_at=verdict.situation.at),
        "rule": rule,
        "going_on": verdict.appended_to,
    }


def _sentence(answer: Answer) -> str:
    """Return who would get it, in one sentence."""
    team = Team.objects.filter(pk=answer.team_id).first() if answer.team_id else None
    names = {"team": team.name if team else ""}
    if answer.outcome is Outcome.HELD:
        if answer.flow_id is not None:
            names["name"] = Flow.objects.get(pk=answer.flow_id).name
            return _("The flow %(name)s would start.") % names
        names["name"] = AiAgent.objects.get(pk=answer.ai_agent_id or 0).name
        return _("The AI agent %(name)s would answer.") % names
    if answer.user_id is None:
        if team:
            return _("It would wait in the queue of %(team)s.") % names
        return _("It would wait in the channel's queue.")
    names["name"] = User.objects.get(pk=answer.user_id).name
    if team:
        return _("It would go to %(team)s, and %(name)s would get it.") % names
    return _("%(name)s would get it.") % names
