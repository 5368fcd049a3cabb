"""Replays of history: what rules would have done with the conversations that came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations import scope
from conversations.models import Conversation
from routing.admin import answer_words
from routing.engine.rule_sets import rules_from_json
from routing.engine.tally import Move, Place, Tally, tally_from_json
from routing.models import ReplayBasis, ReplayStatus, Rule, RuleReplay, RuleSet
from routing.services import rule_replays, rule_versions
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill
from teams.models import User
from teams.viewers import posted, viewer

_TONES = {
    ReplayStatus.RUNNING: "info",
    ReplayStatus.DONE: "good",
    ReplayStatus.CANCELED: "quiet",
}
LIST = "admin:routing_rulereplay_changelist"
PAGE = "admin:routing_rulereplay_change"


class ReplayForm(forms.Form):
    """Which rules, and how far back."""

    SPANS = (
        ("100", gettext_lazy("The last 100 conversations")),
        ("1000", gettext_lazy("The last 1,000 conversations")),
        ("10000", gettext_lazy("The last 10,000 conversations")),
        ("7d", gettext_lazy("Seven days")),
        ("30d", gettext_lazy("Thirty days")),
    )
    rules = forms.ChoiceField(
        label=gettext_lazy("Rules"),
        choices=[
            (ReplayBasis.DRAFT, gettext_lazy("Draft")),
            (ReplayBasis.PUBLISHED, gettext_lazy("Published")),
            (ReplayBasis.VERSION, gettext_lazy("An earlier version")),
        ],
        initial=ReplayBasis.DRAFT,
        widget=forms.RadioSelect,
    )
    version = forms.ModelChoiceField(
        label=gettext_lazy("Which version, for an earlier one"),
        queryset=RuleSet.objects.none(),
        to_field_name="version",
        required=False,
        empty_label=gettext_lazy("– choose –"),
    )
    span = forms.ChoiceField(label=gettext_lazy("How far back"), choices=SPANS, initial="1000")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version: Any = self.fields["version"]
        version.queryset = rule_versions.list_versions()
        version.label_from_instance = _version_label

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        is_earlier = said.get("rules") == ReplayBasis.VERSION
        if is_earlier and said.get("version") is None and "version" not in self.errors:
            self.add_error("version", _("Say which version."))
        return said

    def version_id(self) -> UUID | None:
        """Return the version that is meant, of a form that is valid; None: it is not an old one."""
        said = self.cleaned_data
        return said["version"].version if said["rules"] == ReplayBasis.VERSION else None

    def limits(self) -> dict[str, Any]:
        """Return how many conversations, and since when, of a form that is valid."""
        span = self.cleaned_data["span"]
        if not span.endswith("d"):
            return {"wanted": int(span)}
        since = timezone.now() - timedelta(days=int(span.removesuffix("d")))
        return {"wanted": rule_replays.MOST_CONVERSATIONS, "since": since}


def _version_label(rule_set: RuleSet) -> str:
    at = date_format(timezone.localtime(rule_set.created_at), "SHORT_DATETIME_FORMAT")
    text = _("Version %(number)d, %(at)s") % {"number": rule_set.number, "at": at}
    return f"{text} · {rule_set.note[:60]}" if rule_set.note else text


@admin.register(RuleReplay)
class RuleReplayAdmin(GuardedAdmin):
    list_title = gettext_lazy("Replays of history")
    add_label = gettext_lazy("Replay history")
    list_lead = gettext_lazy(
        "What the rules would have done with the conversations that came. Kept for 30 days."
    )
    list_display = ("when_cell", "basis", "status_cell", "done_cell", "moved_cell", "started_by")
    list_display_links = ("when_cell",)
    list_select_related = ("started_by",)
    actions = None

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No replay yet."),
            _("See what a draft would change before it is published."),
            reverse("admin:routing_rulereplay_add"),
            _("Replay history"),
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cancel_view)
        own = path("<path:pk>/cancel/", view, name="routing_rulereplay_cancel")
        return [own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET asks which rules and how far back; POST begins."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ReplayForm(posted(request))
        if request.method == "POST" and form.is_valid():
            replay = rule_replays.start(
                basis=form.cleaned_data["rules"],
                version=form.version_id(),
                started_by=viewer(request),
                now=timezone.now(),
                **form.limits(),
            )
            return HttpResponseRedirect(reverse(PAGE, args=[replay.pk]))
        text = _(
            "Each conversation is decided again with what was known when it began. Nothing is "
            "sent, and no conversation moves."
        )
        confirmation = Confirmation(
            _("Replay history"), text, _("Replay"), reverse(LIST), form=form
        )
        return self.confirm(request, confirmation=confirmation)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        replay = self.find(request, object_id)
        if replay is None:
            return self.gone(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _title(replay),
            "replay": replay,
            "status_pill": self.status_cell(replay),
            "is_running": replay.status == ReplayStatus.RUNNING,
            "percent": round(100 * replay.done / replay.total) if replay.total else 100,
            "may_cancel": request.user.has_perm("routing.add_rulereplay"),
            **_tables(replay, asker=viewer(request)),
        }
        return TemplateResponse(request, "admin/routing/rulereplay/page.html", context)

    def cancel_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Stop a replay; what it has counted stays."""
        if not request.user.has_perm("routing.add_rulereplay"):
            raise PermissionDenied
        replay = self.find(request, pk)
        if replay is None:
            return self.gone(request, pk)
        if request.method == "POST":
            rule_replays.cancel(replay, now=timezone.now())
            messages.success(request, _("The replay was stopped."))
        return HttpResponseRedirect(reverse(PAGE, args=[replay.pk]))

    # --- Columns

    @admin.display(description=gettext_lazy("Started"), ordering="pk")
    def when_cell(self, replay: RuleReplay) -> Any:
        return replay.created_at

    @admin.display(description=gettext_lazy("Status"))
    def status_cell(self, replay: RuleReplay) -> SafeString:
        status = ReplayStatus(replay.status)
        return pill(_TONES[status], status.label)

    @admin.display(description=gettext_lazy("Conversations"))
    def done_cell(self, replay: RuleReplay) -> str:
        return _("%(done)s of %(total)s") % {"done": replay.done, "total": replay.total}

    @admin.display(description=gettext_lazy("Go elsewhere"))
    def moved_cell(self, replay: RuleReplay) -> int:
        return int(replay.moved)


@dataclass(frozen=True, slots=True)
class MoveRow:
    """From where to where, how many, and some of them that the reader may open."""

    origin: str
    goal: str
    move: Move
    examples: list[Conversation]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Something that was so often before, and would be so often after."""

    name: str
    before: int
    after: int

    @property
    def change(self) -> str:
        return f"{self.after - self.before:+d}" if self.after != self.before else "±0"


def _title(replay: RuleReplay) -> str:
    names = {
        ReplayBasis.DRAFT: _("The draft over %(span)s"),
        ReplayBasis.PUBLISHED: _("The published rules over %(span)s"),
        ReplayBasis.VERSION: _("An earlier version over %(span)s"),
    }
    count = ngettext("%(count)s conversation", "%(count)s conversations", replay.total)
    span = count % {"count": replay.total}
    return names[ReplayBasis(replay.basis)] % {"span": span}


def _tables(replay: RuleReplay, *, asker: User) -> dict[str, Any]:
    tally = tally_from_json(replay.tally)
    return {
        "moves": _move_rows(tally, asker=asker),
        "people": _people_rows(tally),
        "rules": _rule_rows(replay, tally),
        "waiting": PairRow("", *tally.waiting),
    }


def _move_rows(tally: Tally, *, asker: User) -> list[MoveRow]:
    names = answer_words.names_of(place for way in tally.moves for place in way)
    ids = [id for move in tally.moves.values() for id in move.examples]
    visible = scope.conversations_of(asker).select_related("contact").in_bulk(ids)
    rows = [
        MoveRow(
            names[origin],
            names[goal],
            move,
            [visible[id] for id in move.examples if id in visible],
        )
        for (origin, goal), move in tally.moves.items()
    ]
    return sorted(rows, key=lambda row: -row.move.count)


def _people_rows(tally: Tally) -> list[PairRow]:
    names = answer_words.names_of(Place("person", id) for id in tally.people)
    return _sorted(PairRow(names[Place("person", id)], *pair) for id, pair in tally.people.items())


def _rule_rows(replay: RuleReplay, tally: Tally) -> list[PairRow]:
    """Return how often each rule decided, by the name that it has here, else by its present one."""
    names = {rule.id: rule.name for rule in rules_from_json(replay.rules)}
    others = Rule.objects.filter(pk__in=tally.rules.keys() - names.keys())
    names |= dict(others.values_list("pk", "name"))
    return _sorted(
        PairRow(names.get(id, _("(deleted)")), *pair) for id, pair in tally.rules.items()
    )


def _sorted(rows: Iterable[PairRow]) -> list[PairRow]:
    return sorted(rows, key=lambda row: (-abs(row.after - row.before), -row.after, row.name))
