"""Saved tests: the supervisors' own test suite of the rules, green or red."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel
from routing.admin import answer_words
from routing.admin.rule_tester_form import CaseForm, PropertiesField
from routing.condition_forms import type_choices
from routing.engine.facts import Answer, Outcome
from routing.forms import TagsField
from routing.models import ReplayBasis, Rule, SavedTest
from routing.services import rule_replays, rule_tester, saved_tests
from routing.services.saved_tests import Result
from teams.admin.console import EmptyState, GuardedAdmin, pill
from teams.models import Team, User
from teams.viewers import viewer

_SHOWN_TEXT = 60


class SavedTestForm(forms.ModelForm):  # type: ignore[type-arg]
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=type_choices)
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty: the moment at which it is run. In your time zone."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    tags = TagsField(label=gettext_lazy("Tags"))
    attributes = PropertiesField(label=gettext_lazy("Properties"))
    online = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Online"),
        queryset=User.objects.none(),
        required=False,
        help_text=gettext_lazy("None chosen: everybody as they are when it is run."),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "checklist"}),
    )

    class Meta:
        model = SavedTest
        fields = (
            "name",
            "channel",
            "text",
            "type",
            "at",
            "is_new_contact",
            "phone",
            "language",
            "tags",
            "attributes",
            "expected_rule",
            "expected_team",
            "expected_person",
            "expected_ai_agent",
            "expected_flow",
            "expects_nobody",
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows: dict[str, QuerySet[Any]] = {
            "channel": Channel.objects.filter(is_active=True).order_by("name", "pk"),
            "online": User.objects.active().order_by("name", "pk"),
            "expected_team": Team.objects.active(),
            "expected_person": User.objects.active().order_by("name", "pk"),
        }
        for name in rows.keys() & self.fields.keys():
            self.fields[name].queryset = rows[name]  # type: ignore[attr-defined]
        if self.instance.online_ids:
            self.initial["online"] = self.instance.online_ids

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "attributes" in cleaned and "attributes" not in self.changed_data:
            cleaned["attributes"] = self.instance.attributes
        if "online" in self.changed_data:
            chosen = cleaned.get("online") or ()
            self.instance.online_ids = [person.pk for person in chosen] or None
        return cleaned


@admin.register(SavedTest)
class SavedTestAdmin(GuardedAdmin):
    form = SavedTestForm
    list_title = gettext_lazy("Saved tests")
    add_label = gettext_lazy("Add a test")
    list_lead = gettext_lazy(
        "Messages, and where the rules must send them. They run before rules are published; "
        "nothing is sent, and nothing is kept."
    )
    list_display = ("name", "case_cell", "expected_cell", "published_cell", "draft_cell")
    list_select_related = (
        "channel",
        "expected_team",
        "expected_person",
        "expected_ai_agent",
        "expected_flow",
    )
    actions = None
    fieldsets = (
        (gettext_lazy("Test"), {"fields": ("name",)}),
        (gettext_lazy("Message"), {"fields": ("channel", "text", "type", "at", "online")}),
        (
            gettext_lazy("Customer"),
            {"fields": ("is_new_contact", "phone", "language", "tags", "attributes")},
        ),
        (
            gettext_lazy("It must go to"),
            {
                "description": gettext_lazy(
                    "At least one. Where several are named, all must hold."
                ),
                "fields": (
                    "expected_rule",
                    "expected_team",
                    "expected_person",
                    "expected_ai_agent",
                    "expected_flow",
                    "expects_nobody",
                ),
            },
        ),
    )

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No test yet."),
            _("Try a message in the rule tester, and press “Save as test”."),
            reverse("admin:routing_rule_test"),
            _("Test the rules"),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("routing.delete_savedtest"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Run the tests of the page, against what is published and against the draft."""
        changes: Any = super().get_changelist_instance(request)
        tests, now = list(changes.result_list), timezone.now()
        for name in (ReplayBasis.PUBLISHED, ReplayBasis.DRAFT):
            rules = rule_replays.rules_of(name)
            for result in saved_tests.run_against(rules, tests=tests, now=now):
                setattr(result.test, f"{name}_result", result)
        known = Rule.objects.in_bulk([t.expected_rule_id for t in tests if t.expected_rule_id])
        for test in tests:
            test.rule_name = getattr(known.get(test.expected_rule_id), "name", _("(deleted)"))
        changes.result_list = tests
        return changes

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take the case that the tester was asked about, and what came out."""
        form = CaseForm(request.GET or None, asker=viewer(request))
        return _prefill(form) if form.is_valid() else {}

    def save_model(self, request: HttpRequest, obj: SavedTest, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        saved_tests.save(obj, editor=viewer(request), now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: SavedTest) -> None:
        saved_tests.delete(obj)

    # --- Columns

    @admin.display(description=gettext_lazy("Message"))
    def case_cell(self, test: SavedTest) -> SafeString:
        text = Truncator(test.text).chars(_SHOWN_TEXT) or _("(no text)")
        return format_html(
            '<span class="sentence">“{}”<br><small>{}</small></span>', text, test.channel.name
        )

    @admin.display(description=gettext_lazy("Must go to"))
    def expected_cell(self, test: SavedTest) -> SafeString:
        return format_html_join(mark_safe("<br>"), "{}", ((word,) for word in _expected(test)))

    @admin.display(description=gettext_lazy("Published"))
    def published_cell(self, test: Any) -> SafeString:
        return _result_cell(test.published_result)

    @admin.display(description=gettext_lazy("Draft"))
    def draft_cell(self, test: Any) -> SafeString:
        return _result_cell(test.draft_result)


def _expected(test: Any) -> list[str]:
    words = [
        _("Rule “%(rule)s”") % {"rule": test.rule_name} if test.expected_rule_id else "",
        test.expected_team.name if test.expected_team else "",
        test.expected_person.name if test.expected_person else "",
        test.expected_ai_agent.name if test.expected_ai_agent else "",
        test.expected_flow.name if test.expected_flow else "",
        _("nobody, it waits") if test.expects_nobody else "",
    ]
    return [word for word in words if word]


def _result_cell(result: Result) -> SafeString:
    if result.is_green:
        return pill("good", _("As expected"))
    return format_html(
        "{}<br><small>{}</small>", pill("bad", _("Not as expected")), say_result(result)
    )


def say_result(result: Result) -> str:
    """Return where a test went, and by which rule."""
    answer = result.answer
    names = {s.facts["rule_id"]: s.facts["rule"] for s in answer.steps if s.stage == "rule"}
    told = {"where": answer_words.where(answer), "rule": names.get(answer.rule_id)}
    if answer.rule_id is None:
        return _("By no rule: %(where)s") % told
    return _("By “%(rule)s”: %(where)s") % told


def _prefill(form: CaseForm) -> dict[str, Any]:
    case = form.case(now=timezone.now())
    test = SavedTest()
    saved_tests.set_case(test, case=case, is_timed=form.cleaned_data["at"] is not None)
    answer = rule_tester.ask(case, rules=rule_replays.rules_of(form.basis())).answer
    same = ("text", "type", "at", "is_new_contact", "phone", "language", "tags", "attributes")
    return {
        "channel": test.channel_id,
        **{name: getattr(test, name) for name in same},
        "online": test.online_ids or [],
        **_expect(answer),
    }


def _expect(answer: Answer) -> dict[str, Any]:
    """Expect the same place again; the person only where no rule and no team chose the place."""
    is_free = answer.rule_id is None and answer.team_id is None
    return {
        "expected_rule": answer.rule_id,
        "expected_team": answer.team_id,
        "expected_ai_agent": answer.ai_agent_id,
        "expected_flow": answer.flow_id,
        "expected_person": answer.user_id if is_free else None,
        "expects_nobody": answer.outcome is Outcome.WAITING and is_free,
    }
