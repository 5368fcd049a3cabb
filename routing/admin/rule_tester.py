"""The rule tester: what would happen to this message? By GET alone, because nothing changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import scope
from routing.admin import answer_words
from routing.admin.rule_api_call import api_call
from routing.admin.rule_tester_form import CaseForm
from routing.condition_forms import FIELD_LABELS
from routing.engine.facts import Answer, RuleSpec, Situation, Trigger
from routing.engine.fields import Field
from routing.models import Decision, ReplayBasis, Rule
from routing.rendering import render_answer
from routing.services import rule_replays, rule_tester, then_and_now
from teams.admin.console import GuardedAdmin
from teams.models import User
from teams.texts import Text
from teams.viewers import viewer


class RuleTester(GuardedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_view)
        return [path("test/", view, name="routing_rule_test"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"title_links": self.title_links(request), **(extra_context or {})}
        return super().changelist_view(request, shown)

    def title_links(self, request: HttpRequest) -> list[tuple[Text, str]]:
        """Return the pages about all rules, beside the title of the list."""
        return [
            (_("Test the rules"), reverse("admin:routing_rule_test")),
            (_("Saved tests"), reverse("admin:routing_savedtest_changelist")),
            (_("Replay history"), reverse("admin:routing_rulereplay_changelist")),
        ]

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Ask the engine about a message; the address carries the case."""
        if not request.user.has_perm("routing.test_rule"):
            raise PermissionDenied
        asker = viewer(request)
        form = CaseForm(request.GET or None, asker=asker)
        now = timezone.now()
        result = _result(form, asker=asker, now=now) if form.is_valid() else None
        if result and request.user.has_perm("routing.add_savedtest"):
            case = request.GET.urlencode()
            result["save_url"] = f"{reverse('admin:routing_savedtest_add')}?{case}"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What would happen to this message?"),
            "form": form,
            "result": result,
        }
        return TemplateResponse(request, "admin/routing/rule/test.html", context)


def _result(form: CaseForm, *, asker: User, now: datetime) -> dict[str, Any]:
    rules = rule_replays.rules_of(form.basis())
    case = form.case(now=now)
    verdict = rule_tester.ask(case, rules=rules)
    answer = verdict.answer
    rule = Rule.objects.filter(pk=answer.rule_id).first() if answer.rule_id else None
    decision = _visible_decision(form.cleaned_data["then"], asker=asker)
    return {
        "is_draft": form.basis() is ReplayBasis.DRAFT,
        "sentence": answer_words.sentence(answer),
        "decision": render_answer(answer, decided_at=verdict.situation.at),
        "rule": rule,
        "api_call": api_call(
            case, rules=form.basis().value, is_timed=form.cleaned_data["at"] is not None
        ),
        "going_on": verdict.appended_to,
        "then": decision and _compare(decision, verdict.situation, rules=rules, now=now),
    }


def _visible_decision(public_id: UUID | None, *, asker: User) -> Decision | None:
    """Return a decision about a conversation that the asker may see."""
    if public_id is None:
        return None
    visible = Decision.objects.filter(conversation__in=scope.conversations_of(asker))
    inbound = visible.filter(public_id=public_id, trigger=Trigger.INBOUND)
    return inbound.select_related("conversation").first()


def _compare(
    decision: Decision, today: Situation, *, rules: Sequence[RuleSpec], now: datetime
) -> dict[str, Any]:
    """Return what was decided then, what the rules say to the same facts, and what else changed."""
    comparison = then_and_now.compare(decision, rules=rules, now=now)
    again = comparison.again
    return {
        "conversation": decision.conversation,
        "has_moved": comparison.has_moved,
        "has_guessed": comparison.has_guessed,
        "then": _line(comparison.then),
        "again": _line(again) if again else None,
        "changed": [
            FIELD_LABELS[field]
            for field, name in _FACTS.items()
            if getattr(comparison.situation, name) != getattr(today, name)
        ],
    }


#: What may be different by now, of what rules can ask about.
_FACTS = {
    Field.CONTACT_IS_NEW: "is_new_contact",
    Field.CONTACT_TAG: "contact_tags",
    Field.CONTACT_LANGUAGE: "contact_language",
    Field.CONTACT_ATTRIBUTE: "contact_attributes",
    Field.CONVERSATION_TAG: "conversation_tags",
    Field.OPEN_HOURS: "is_open",
}


def _line(answer: Answer) -> dict[str, str]:
    """Return where an answer sends it, and by which rule."""
    names = {s.facts["rule_id"]: s.facts["rule"] for s in answer.steps if s.stage == "rule"}
    return {"where": answer_words.where(answer), "rule": names.get(answer.rule_id, "")}
