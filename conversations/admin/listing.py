"""The list of conversations: who waits comes first."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, F, Prefetch, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin import cells
from conversations.admin.verbs import REFUSED, actor_of
from conversations.admin.views import Rows, View, build_tabs, count_shown, pick_view, search
from conversations.models import Conversation, Message
from conversations.services import lifecycle
from conversations.states import Status, is_move_allowed
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, selected_hidden
from teams.texts import Text
from teams.viewers import viewer

VIEW_PARAMETER = "view"


class ConversationChangeList(ChangeList):
    """Narrows the rows to the open view. It is no filter: clearing the filters keeps it."""

    def get_filters_params(self, params: Any = None) -> Any:
        return {k: v for k, v in super().get_filters_params(params).items() if k != VIEW_PARAMETER}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Rows:
        rows = super().get_queryset(request, exclude_parameters)
        view = pick_view(request.GET.get(VIEW_PARAMETER))
        return view.narrow(rows, viewer(request), timezone.now())

    def get_results(self, request: HttpRequest) -> None:
        """Load the page, and for all its rows together why they wait."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        listing: Any = self.model_admin
        reasons = listing.reasons_to_wait(self.result_list)
        for row in self.result_list:
            row.why = reasons.get(row.pk, "")


class StartedFilter(admin.SimpleListFilter):
    title = gettext_lazy("started")
    parameter_name = "started"
    _DAYS: ClassVar[dict[str, int]] = {"1": 1, "7": 7, "30": 30}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("1", _("Last 24 hours")),
            ("7", _("Last 7 days")),
            ("30", _("Last 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = self._DAYS.get(self.value() or "")
        if days is None:
            return queryset
        return queryset.filter(opened_at__gte=timezone.now() - timedelta(days=days))


class ConversationListAdmin(GuardedAdmin):
    list_title = gettext_lazy("Conversations")
    list_display = (
        "contact_cell",
        "status_cell",
        "last_message_cell",
        "where_cell",
        "waiting_cell",
        "tags_cell",
    )
    list_filter: ClassVar[Any] = ("status", "team", "assignee", "channel", StartedFilter)
    search_fields = ("contact__name",)
    actions: Any = ("resolve_selected",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Conversations arrive by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a conversation as a form; the verbs have permissions of their own."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConversationChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        latest = Message.objects.filter(sequence=F("conversation__message_count"))
        rows: Any = super().get_queryset(request)
        narrowed: QuerySet[Conversation] = (
            rows.visible_to(viewer(request))
            .select_related("contact", "identity", "channel", "team", "assignee")
            .prefetch_related(Prefetch("messages", queryset=latest, to_attr="last_messages"))
            .annotate(shown_at=Value(timezone.now(), output_field=DateTimeField()))
        )
        return narrowed

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return pick_view(request.GET.get(VIEW_PARAMETER)).ordering

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search(queryset, text=search_term) if search_term else queryset), False

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        return actions if request.user.has_perm("conversations.resolve") else {}

    def empty_state(self, request: HttpRequest) -> EmptyState:
        view = pick_view(request.GET.get(VIEW_PARAMETER))
        if view.key != "all":
            return EmptyState(view.empty_title, view.empty_consequence)
        try:
            url = reverse("simulator")
        except NoReverseMatch:
            url = ""
        return EmptyState(
            view.empty_title, view.empty_consequence, url, _("Open the simulator") if url else ""
        )

    def reasons_to_wait(self, rows: Sequence[Conversation]) -> Mapping[int, Text]:
        """Return in a few words why rows wait, by their keys. Override where that is known."""
        return {}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = pick_view(request.GET.get(VIEW_PARAMETER))
        rows = Conversation.objects.visible_to(viewer(request))
        tabs = build_tabs(rows, user=viewer(request), now=timezone.now(), current=view)
        waiting = next(tab.count for tab in tabs if tab.key == "waiting")
        context = {
            "tabs": tabs,
            "browser_title": f"({waiting}) {self.list_title}" if waiting else self.list_title,
            "clear_url": f"?{VIEW_PARAMETER}={view.key}",
            "search_hint": _("Name, number, #id or text"),
            "list_note": _(
                "“Unanswered for” counts from the customer's oldest message that no person has "
                "answered; automatic texts are no answer. “Overdue”: the team's time is up."
            ),
            "is_live": True,
        }
        page = super().changelist_view(request, {**context, **(extra_context or {})})
        if isinstance(page, TemplateResponse) and page.context_data is not None:
            page.context_data["elsewhere"] = self._look_elsewhere(request, page.context_data, view)
        return page

    def _look_elsewhere(
        self, request: HttpRequest, context: dict[str, Any], view: View
    ) -> dict[str, Any] | None:
        """Say where else a search that found nothing here finds something."""
        listed = context.get("cl")
        if listed is None or not listed.query or listed.result_list or view.key == "all":
            return None
        rows = Conversation.objects.visible_to(viewer(request))
        query = urlencode({VIEW_PARAMETER: "all", "q": listed.query})
        count = count_shown(search(rows, text=listed.query))
        return {"view": view.label, "query": listed.query, "count": count, "url": f"?{query}"}

    # --- Bulk: the first POST asks, the second one does it

    @admin.action(description=gettext_lazy("Resolve…"))
    def resolve_selected(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> HttpResponse | None:
        if not request.user.has_perm("conversations.resolve"):
            raise PermissionDenied
        able = [row for row in queryset if is_move_allowed(Status(row.status), Status.RESOLVED)]
        if request.POST.get("confirmed"):
            self._resolve_all(request, able, now=timezone.now())
            return None
        asked = sum(row.channel.has_survey for row in able)
        confirmation = Confirmation(
            ngettext("Resolve %(n)d conversation?", "Resolve %(n)d conversations?", len(able))
            % {"n": len(able)},
            ngettext(
                "%(n)d customer is asked for a rating.",
                "%(n)d customers are asked for a rating.",
                asked,
            )
            % {"n": asked},
            _("Resolve %(n)d") % {"n": len(able)},
            request.get_full_path(),
            hidden=selected_hidden(request, action="resolve_selected"),
            notes=unchanged_note(queryset.count() - len(able)),
        )
        return self.confirm(request, confirmation=confirmation)

    def _resolve_all(
        self, request: HttpRequest, rows: list[Conversation], *, now: datetime
    ) -> None:
        done = 0
        for row in rows:
            try:
                lifecycle.resolve(row, actor=actor_of(viewer(request)), now=now)
                done += 1
            except REFUSED:
                continue
        text = ngettext(
            "%(n)d conversation is resolved.", "%(n)d conversations are resolved.", done
        )
        messages.success(request, text % {"n": done})
        if done < len(rows):
            messages.warning(request, unchanged_note(len(rows) - done)[0])

    # --- Columns

    @admin.display(description=gettext_lazy("Customer"))
    def contact_cell(self, conversation: Conversation) -> SafeString:
        return cells.contact(conversation)

    @admin.display(description=gettext_lazy("Status"), ordering="status")
    def status_cell(self, conversation: Conversation) -> SafeString:
        return cells.status_pill(conversation)

    @admin.display(description=gettext_lazy("Last message"), ordering="last_message_at")
    def last_message_cell(self, conversation: Any) -> SafeString:
        return cells.last_message(cells.latest_of(conversation), now=conversation.shown_at)

    @admin.display(description=gettext_lazy("Assignee · team"))
    def where_cell(self, conversation: Conversation) -> SafeString:
        return cells.where(conversation, why=getattr(conversation, "why", ""))

    @admin.display(description=gettext_lazy("Unanswered for"), ordering="waiting_since")
    def waiting_cell(self, conversation: Any) -> SafeString:
        return cells.waiting(conversation, now=conversation.shown_at)

    @admin.display(description=gettext_lazy("Tags"))
    def tags_cell(self, conversation: Conversation) -> SafeString | str:
        return cells.tags(conversation)


def unchanged_note(count: int) -> tuple[Any, ...]:
    """Say how many of the chosen rows stay as they are; nothing if none."""
    if not count:
        return ()
    text = ngettext(
        "%(n)d of those chosen stays as it is.", "%(n)d of those chosen stay as they are.", count
    )
    return (text % {"n": count},)
