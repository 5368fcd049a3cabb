"""Rules: each a sentence, tried from top to bottom."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.verbs import actor_of
from routing.admin.rule_columns import RuleColumns, sentences
from routing.condition_forms import ConditionForm, ConditionFormSet
from routing.forms import RuleForm
from routing.models import Condition, Rule
from routing.rule_figures import with_figures
from routing.services import rules
from teams.admin.console import EmptyState
from teams.viewers import viewer


class ConditionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Condition
    form = ConditionForm
    formset = ConditionFormSet
    fields = ("group", "field", "name", "operator", "value")
    extra = 2
    verbose_name_plural = gettext_lazy("Conditions")


@admin.register(Rule)
class RuleAdmin(RuleColumns):
    form = RuleForm
    inlines = (ConditionInline,)
    list_title = gettext_lazy("Rules")
    add_label = gettext_lazy("Add a rule")
    list_lead = gettext_lazy(
        "Rules are tried from top to bottom; the first whose target can take it decides. "
        "If none matches, the channel's AI agent answers, then its human agents are asked."
    )
    list_per_page = 500
    search_fields = ("name", "note")
    list_filter = ("is_active",)
    actions = None
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("Rule"), {"fields": ("name", "order", "is_active", "channels")}),
        (gettext_lazy("Matches if"), {"fields": ("match",)}),
        (
            gettext_lazy("Then"),
            {
                "fields": (
                    "team",
                    "person",
                    "ai_agent",
                    "flow",
                    "pins_contact",
                    "add_tags",
                    "set_priority",
                    "note",
                )
            },
        ),
    )

    def empty_state(self, request: HttpRequest) -> EmptyState:
        text = _("Every message goes to the human agents of its channel.")
        if not self.has_add_permission(request):
            return EmptyState(_("No rule yet."), text)
        return EmptyState(
            _("No rule yet."), text, reverse("admin:routing_rule_add"), _("Add a rule")
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rows: QuerySet[Rule] = super().get_queryset(request)
        if _is_list(request):
            rows = with_figures(rows, now=timezone.now())
        return (
            rows.select_related("team", "person", "ai_agent", "flow")
            .prefetch_related("conditions", "channels")
            .annotate(place=_count(_tried_no_later()), rule_count=_count(Rule.objects.all()))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("routing.delete_rule"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if request.user.has_perm("routing.change_rule"):
            return ()
        return ("name", "order", "is_active", "channels", "match", *self.fieldsets[2][1]["fields"])

    @admin.display(description=gettext_lazy("Order"))
    def order(self, rule: Any) -> int:
        return int(rule.place)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        rule = kwargs.get("obj")
        if rule is not None:
            context["lead"] = " ".join(sentences(rule))
        else:
            context["lead"] = self.list_lead
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Saving

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:  # noqa: FBT001 - Django's signature
        return form.instance

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:  # noqa: FBT001
        """Wait for the conditions: a rule is saved with them, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        rule: Rule = form.instance
        specs = [spec for formset in formsets for spec in formset.specs()]
        channels = list(form.cleaned_data["channels"])
        rules.save(
            rule,
            channels=channels,
            conditions=specs,
            place=_place(form),
            actor=actor_of(viewer(request)),
            now=timezone.now(),
        )
        for formset in formsets:
            formset.new_objects, formset.deleted_objects = [], []
            formset.changed_objects = [(rule, ["value"])] if formset.has_changed() else []
        _warn(request, rule, condition_count=len(specs))

    def delete_model(self, request: HttpRequest, obj: Rule) -> None:
        rules.delete(obj, actor=actor_of(viewer(request)), now=timezone.now())

    # --- Switching: a button of the list, POST only

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:pk>/switch/", view(self.switch_view), name="routing_rule_switch"),
        ]
        return own + super().get_urls()

    def switch_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Turn a rule off, or on again."""
        rule = self.changeable(request, pk)
        if rule is not None and request.method == "POST":
            actor, now = actor_of(viewer(request)), timezone.now()
            if rule.is_active:
                rules.switch_off(rule, actor=actor, now=now)
                text = _("“%(rule)s” is off. Once that is published, it is not tried any more.")
            else:
                rules.switch_on(rule, actor=actor, now=now)
                text = _("“%(rule)s” is on. Once that is published, it is tried.")
            self.log_change(request, rule, "is_active")
            messages.success(request, text % {"rule": rule.name})
        return HttpResponseRedirect(reverse("admin:routing_rule_changelist"))


def _is_list(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.url_name == "routing_rule_changelist"


def _place(form: Any) -> int | None:
    """Return where the rule is to stand, counted from 0, where somebody said so."""
    if "order" not in form.changed_data:
        return None
    return (form.cleaned_data["order"] or Rule.objects.count() + 1) - 1


def _tried_no_later() -> QuerySet[Rule]:
    """Return the rules before the outer one, and that one: as many as its number in the order."""
    same = Q(position=OuterRef("position"), pk__lte=OuterRef("pk"))
    return Rule.objects.filter(Q(position__lt=OuterRef("position")) | same)


def _count(rows: QuerySet[Rule]) -> Subquery:
    """Return a number of rows as a column: a window would count what a filter leaves."""
    one = rows.order_by().annotate(all=Value(1)).values("all")
    return Subquery(one.annotate(n=Count("pk")).values("n"))


def _warn(request: HttpRequest, rule: Rule, *, condition_count: int) -> None:
    """Say what is allowed but will surprise somebody."""
    if condition_count == 0:
        messages.warning(
            request,
            _("“%(rule)s” has no condition: it matches every message.") % {"rule": rule.name},
        )
    if rule.team is not None and not rule.team.memberships.exists():
        messages.warning(
            request,
            _("%(team)s has no members: what this rule sends there will wait.")
            % {"team": rule.team.name},
        )
