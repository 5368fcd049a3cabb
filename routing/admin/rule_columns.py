"""How a rule stands in the list: its sentence, its switch, and how it does."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing import loaders
from routing.admin.rule_order import RuleOrder
from routing.admin.rule_trust import warning_pills
from routing.engine.explain_conditions import NAMED
from routing.engine.facts import Target, TargetKind
from routing.models import Rule
from routing.rule_figures import wrong_share
from routing.rule_words import asks_and_deeds
from teams.admin.console import pill
from teams.durations import in_words

_SAID = ("name_cell", "condition_cell", "target_cell", "channels_cell")
_FIGURES = ("hits_cell", "wrong_cell", "last_hit_cell")


class RuleColumns(RuleOrder):
    list_display = ("order_cell", *_SAID, "switch_cell", *_FIGURES)
    list_display_links = ("name_cell",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if request.user.has_perm("routing.change_rule"):
            return self.list_display
        return ("order", *_SAID, "state_cell", *_FIGURES)

    @admin.display(description=gettext_lazy("Name"))
    def name_cell(self, rule: Rule) -> SafeString:
        return format_html("{}{}", rule.name, warning_pills(rule))

    @admin.display(description=gettext_lazy("If"))
    def condition_cell(self, rule: Rule) -> SafeString:
        return format_html('<span class="sentence">{}</span>', sentences(rule)[0])

    @admin.display(description=gettext_lazy("Then"))
    def target_cell(self, rule: Rule) -> SafeString:
        return format_html('<span class="sentence"><b>{}</b></span>', sentences(rule)[1])

    @admin.display(description=gettext_lazy("Channels"))
    def channels_cell(self, rule: Rule) -> str:
        return ", ".join(channel.name for channel in rule.channels.all()) or _("All")

    @admin.display(description=gettext_lazy("On"))
    def state_cell(self, rule: Rule) -> SafeString:
        return pill("good", _("On")) if rule.is_active else pill("quiet", _("Off"))

    @admin.display(description=gettext_lazy("On"))
    def switch_cell(self, rule: Rule) -> SafeString:
        return format_html(
            '<span class="nowrap">{} <button type="submit" class="button small" formaction="{}">{}'
            '<span class="visually-hidden"> “{}”</span></button></span>',
            self.state_cell(rule),
            reverse("admin:routing_rule_switch", args=[rule.pk]),
            _("Turn off") if rule.is_active else _("Turn on"),
            rule.name,
        )

    @admin.display(description=gettext_lazy("Hits in 7 days"))
    def hits_cell(self, rule: Any) -> SafeString:
        label = format_html('<span class="phone-only">{} </span>', _("Hits in 7 days"))
        return format_html('<span class="number">{}{}</span>', label, rule.hits)

    @admin.display(description=gettext_lazy("Wrong team"))
    def wrong_cell(self, rule: Any) -> SafeString | str:
        share = wrong_share(rule)
        if share is None:
            return "–"
        return format_html(
            '<span class="number" title="{}"><span class="phone-only">{} </span>{} %</span>',
            _("Share of these hits that somebody gave to another team afterwards."),
            _("Wrong team"),
            round(100 * share),
        )

    @admin.display(description=gettext_lazy("Last hit"))
    def last_hit_cell(self, rule: Any) -> SafeString | str:
        if rule.last_hit_at is None:
            return _("never")
        at = date_format(timezone.localtime(rule.last_hit_at), "DATETIME_FORMAT")
        ago = _("%(time)s ago") % {"time": in_words(timezone.now() - rule.last_hit_at)}
        label = format_html('<span class="phone-only">{} </span>', _("Last hit"))
        return format_html('<span class="nowrap" title="{}">{}{}</span>', at, label, ago)


def sentences(rule: Rule) -> tuple[str, str]:
    """Return the rule in the reader's language: what it asks for, and what it does."""
    rows: dict[TargetKind, Any] = {
        TargetKind.CHANNEL: rule.channels.all(),
        TargetKind.TEAM: [rule.team] if rule.team else [],
        TargetKind.PERSON: [rule.person] if rule.person else [],
        TargetKind.AI: [rule.ai_agent] if rule.ai_agent else [],
        TargetKind.FLOW: [rule.flow] if rule.flow else [],
    }
    names = {Target(kind, row.pk): row.name for kind, some in rows.items() for row in some}
    return asks_and_deeds(loaders.rule_spec(rule), names=names, limit=NAMED)
