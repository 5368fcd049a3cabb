"""AI agents in the console: who answers by itself, where, and how it does."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.admin.ai_agent_buttons import AiAgentButtons
from routing.admin.ai_agent_forms import PLAIN_FIELDS, AiAgentForm, EntryForm, EntryFormSet
from routing.admin.ai_filter import WHICH, list_of
from routing.ai_desks import load_budgets, prices_of
from routing.ai_error_words import explain_error
from routing.ai_figures import (
    ended_lately,
    failed_lately,
    handed_lately,
    load_figures,
    solved_lately,
)
from routing.ai_money_words import explain_budget
from routing.models import AiAgent, AiRun, AiTurn, KnowledgeEntry, RunEnd
from routing.services import ai_agents
from teams.admin.console import EmptyState, pill
from teams.texts import Text

_TROUBLES = 3
_LISTS = frozenset({"languages", "handover_words", "allowed_tags"})
_READ = tuple(f"{name}_shown" if name in _LISTS else name for name in PLAIN_FIELDS)


class EntryInline(admin.StackedInline):  # type: ignore[type-arg]
    model = KnowledgeEntry
    form = EntryForm
    formset = EntryFormSet
    extra = 1
    verbose_name_plural = gettext_lazy("What it knows")
    readonly_fields = ("keywords_shown",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            return ("question", "answer", "keywords")
        return ("question", "answer", "keywords_shown")

    @admin.display(description=gettext_lazy("Keywords"))
    def keywords_shown(self, entry: KnowledgeEntry) -> str:
        return ", ".join(entry.keywords) or "–"


@admin.register(AiAgent)
class AiAgentAdmin(AiAgentButtons):
    form = AiAgentForm
    change_form_template = "admin/routing/aiagent/change_form.html"
    inlines = (EntryInline,)
    list_title = gettext_lazy("AI agents")
    add_label = gettext_lazy("Add an AI agent")
    list_lead = gettext_lazy(
        "Where no rule matches, the channel's AI agent answers, and hands over to people when it "
        "is asked to or gets no further."
    )
    list_display = (
        "name_cell",
        "channels_cell",
        "state_cell",
        "solved_cell",
        "handover_cell",
        "errors_cell",
        "try_cell",
    )
    list_display_links = ("name_cell",)
    actions = None
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("AI agent"), {"fields": ("name", "kind", "served", "position")}),
        (gettext_lazy("How it speaks"), {"fields": ("instructions", "languages", "allowed_tags")}),
        (
            gettext_lazy("Connection"),
            {
                "fields": ("base_url", "model", "new_key"),
                "description": gettext_lazy("Questions and answers need none of it."),
            },
        ),
        (
            gettext_lazy("Hand-over to people"),
            {"fields": ("handover_words", "handover_text", "max_turns", "timeout_s")},
        ),
        (gettext_lazy("Limits"), {"fields": ("messages_per_hour", "tokens_per_day")}),
        (
            gettext_lazy("Money"),
            {
                "fields": (
                    "currency",
                    "price_in",
                    "price_out",
                    "budget_per_day",
                    "budget_per_month",
                ),
                "description": gettext_lazy(
                    "For models that count tokens. Before each question the most that it may cost "
                    "is set aside, so that the budget holds also when many write at once."
                ),
            },
        ),
    )

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Whoever writes waits for a person.")
        if not self.has_add_permission(request):
            return EmptyState(_("No AI agent yet."), text)
        return EmptyState(
            _("No AI agent yet."), text, reverse("admin:routing_aiagent_add"), _("Add an AI agent")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AiAgent]:
        rows: QuerySet[AiAgent] = super().get_queryset(request)
        now = timezone.now()
        return rows.prefetch_related("links__channel").annotate(
            ended_count=_count(ended_lately(at=now)),
            handed_count=_count(handed_lately(at=now)),
            solved_count=_count(solved_lately(at=now)),
            held_count=_count(AiRun.objects.filter(ended_at=None)),
            error_count=_count(failed_lately(at=now)),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return ((_("AI agent"), {"fields": _READ}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if self.has_change_permission(request, obj) else _READ

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        agent = kwargs.get("obj")
        if agent is not None:
            context |= _facts(agent)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Saving

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001 - Django's signature
        return form.instance

    def save_model(self, request: HttpRequest, obj: AiAgent, form: Any, change: bool) -> None:  # noqa: FBT001
        """Wait for what it knows: an AI agent is saved with it, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        agent: AiAgent = form.instance
        if form.cleaned_data["new_key"]:
            agent.key = form.cleaned_data["new_key"]
        entries = [entry for formset in formsets for entry in formset.entries()]
        ai_agents.save(agent, places=form.places(), entries=entries, now=timezone.now())
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    # --- Lists, where they are only read

    @admin.display(description=gettext_lazy("Languages"))
    def languages_shown(self, agent: AiAgent) -> str:
        return ", ".join(agent.languages) or "–"

    @admin.display(description=gettext_lazy("Words that mean a person"))
    def handover_words_shown(self, agent: AiAgent) -> str:
        return ", ".join(agent.handover_words) or "–"

    @admin.display(description=gettext_lazy("Tags it may set"))
    def allowed_tags_shown(self, agent: AiAgent) -> str:
        return ", ".join(agent.allowed_tags) or "–"

    # --- Columns

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_cell(self, agent: AiAgent) -> SafeString:
        kind = agent.get_kind_display()
        return format_html('{}<span class="sub">{}</span>', agent.name, kind)

    @admin.display(description=gettext_lazy("Channels"))
    def channels_cell(self, agent: AiAgent) -> str:
        return ", ".join(link.channel.name for link in agent.links.all()) or "–"

    @admin.display(description=gettext_lazy("State"), ordering="is_running")
    def state_cell(self, agent: Any) -> SafeString:
        return state_of(agent)

    @admin.display(description=gettext_lazy("Solved, 7 days"))
    def solved_cell(self, agent: Any) -> str:
        return _share(agent.solved_count, of=agent.ended_count)

    @admin.display(description=gettext_lazy("Handed over, 7 days"))
    def handover_cell(self, agent: Any) -> str:
        return _share(agent.handed_count, of=agent.ended_count)

    @admin.display(description=gettext_lazy("Errors, 24 hours"))
    def errors_cell(self, agent: Any) -> SafeString | str:
        return pill("bad", str(agent.error_count)) if agent.error_count else "0"

    @admin.display(description=gettext_lazy("Try"))
    def try_cell(self, agent: AiAgent) -> SafeString:
        url = reverse("admin:routing_aiagent_try", args=[agent.pk])
        return format_html(
            '<a class="button small" href="{}">{}<span class="visually-hidden"> “{}”</span></a>',
            url,
            _("Try it"),
            agent.name,
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        may_change = self.has_change_permission(request)
        return self.list_display if may_change else self.list_display[:-1]


def _share(count: int, *, of: int) -> str:
    if not of:
        return "–"
    return _("%(share)d %% of %(n)d") % {"share": round(100 * count / of), "n": of}


def state_of(agent: AiAgent) -> SafeString:
    """Return whether it runs, and what the last check found."""
    state = pill("good", _("Running")) if agent.is_running else pill("quiet", _("Stopped"))
    if not agent.check_error:
        return state
    return format_html(
        '{} <span class="sub why">{}</span>', state, explain_error(agent.check_error)
    )


def _facts(agent: AiAgent) -> dict[str, Any]:
    """Return what the page says above its form."""
    now = timezone.now()
    figures = load_figures(at=now, agent=agent)
    handed = handed_lately(at=now).filter(ai_agent=agent)
    counts = dict(handed.order_by().values_list("end_reason").annotate(n=Count("pk")))
    failed = AiTurn.objects.filter(ai_agent=agent).exclude(error="").order_by("-pk")[:_TROUBLES]
    return {
        "state": state_of(agent),
        "held": AiRun.objects.filter(ai_agent=agent, ended_at=None).count(),
        "figures": figures,
        "solved": _share(figures.solved, of=figures.ended),
        "handed": _share(figures.handed, of=figures.ended),
        "money": _money(agent, at=now),
        "lists": {name: list_of(agent, which=name) for name in WHICH},
        "ends": [(RunEnd(reason).label, n) for reason, n in sorted(counts.items())],
        "troubles": [(turn, explain_error(turn.error)) for turn in failed],
    }


def _money(agent: AiAgent, *, at: datetime) -> list[Text]:
    """Say what it spent, where somebody said what it costs."""
    if prices_of(agent) is None:
        return []
    budgets = load_budgets(agent, at=at)
    return [explain_budget(budget, currency=agent.currency) for budget in budgets]


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return how many of these rows an AI agent has, as a column."""
    own = rows.filter(Q(ai_agent=OuterRef("pk"))).order_by().values("ai_agent")
    return Coalesce(Subquery(own.annotate(n=Count("pk")).values("n"), IntegerField()), Value(0))
