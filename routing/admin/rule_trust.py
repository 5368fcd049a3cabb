"""What makes a rule to be trusted: warnings in the list and on its page, and a look back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations import scope
from routing import loaders
from routing.admin.rule_tester import RuleTester
from routing.models import Rule
from routing.rendering import render_warning
from routing.services import rule_lint, rule_lookback
from routing.services.rule_lookback import LookBack
from teams.models import User
from teams.viewers import viewer


class RuleTrust(RuleTester):
    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Say beside each rule of the draft what is odd about it."""
        changes: Any = super().get_changelist_instance(request)
        rows = list(changes.result_list)
        found = warnings_of_draft()
        for rule in rows:
            rule.warnings = found.get(rule.pk, [])
        changes.result_list = rows
        return changes

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rule = kwargs.get("obj")
        if rule is not None:
            context["warnings"] = warnings_of_draft().get(rule.pk, [])
            context["look_back"] = _look_back(rule, asker=viewer(request))
        return super().render_change_form(request, context, *args, **kwargs)


def warnings_of_draft() -> dict[int, list[tuple[str, str]]]:
    """Return what is odd about the rules of the draft, by key: a few words, and a sentence."""
    found = rule_lint.by_rule(rule_lint.lint_draft(now=timezone.now()))
    return {id: [render_warning(each) for each in warnings] for id, warnings in found.items()}


def warning_pills(rule: Any) -> SafeString:
    """Return a label for each warning of a rule in the list; it says more when pointed at."""
    return format_html_join(
        "",
        ' <span class="pill warn" title="{}">{}</span>',
        ((sentence, title) for title, sentence in getattr(rule, "warnings", ())),
    )


def _look_back(rule: Rule, *, asker: User) -> dict[str, Any]:
    found = rule_lookback.look_back(loaders.rule_spec(rule))
    visible = scope.conversations_of(asker).filter(pk__in=found.examples)
    return {
        "sentence": _sentence(found),
        "taken_by": _taken_by(found, rule=rule),
        "examples": visible.select_related("contact").order_by("-pk"),
    }


def _sentence(found: LookBack) -> SafeString:
    matched = ngettext(
        "Would have matched %(matched)s of the last %(total)s conversation.",
        "Would have matched %(matched)s of the last %(total)s conversations.",
        found.total,
    )
    text = matched % {"matched": found.matched, "total": found.total}
    if not found.elsewhere:
        return format_html("{}", text)
    elsewhere = ngettext(
        "%(count)s of them went elsewhere.", "%(count)s of them went elsewhere.", found.elsewhere
    )
    return format_html("{} {}", text, elsewhere % {"count": found.elsewhere})


def _taken_by(found: LookBack, *, rule: Rule) -> list[tuple[str, int]]:
    """Name the rules that took what this one would have matched, most often first."""
    ids = [id for id in found.taken_by if id is not None]
    names = dict(Rule.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [
        (_("no rule") if id is None else names.get(id, _("(deleted)")), count)
        for id, count in found.taken_by.most_common(3)
        if id != rule.pk
    ]
