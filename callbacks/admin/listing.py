"""The list of callbacks: what is due comes first, and a week drawn as a table."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import DateTimeField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.admin import cells
from callbacks.admin.filters import DayFilter, OwnerFilter, search
from callbacks.admin.views import WEEK, Rows, View, build_tabs, pick_view
from callbacks.admin.week import Week, build_week, read_week
from callbacks.models import Callback
from routing.forms import teams_for
from teams.admin.console import EmptyState, GuardedAdmin
from teams.models import Team
from teams.viewers import viewer

VIEW_PARAMETER = "view"
WEEK_PARAMETER = "week"


class CallbackChangeList(ChangeList):
    """Narrows the rows to the open view. It is no filter: clearing the filters keeps it."""

    def get_filters_params(self, params: Any = None) -> Any:
        own = (VIEW_PARAMETER, WEEK_PARAMETER)
        return {k: v for k, v in super().get_filters_params(params).items() if k not in own}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Rows:
        rows = super().get_queryset(request, exclude_parameters)
        listing: Any = self.model_admin
        found: Rows = listing.view_of(request).narrow(rows, viewer(request), timezone.now())
        return found


class CallbackListAdmin(GuardedAdmin):
    change_list_template = "admin/callbacks/callback/change_list.html"
    list_title = gettext_lazy("Callbacks")
    list_lead = gettext_lazy("Promises to call a customer at a certain time.")
    list_display = (
        "when_cell",
        "customer_cell",
        "state_cell",
        "team_cell",
        "who_cell",
        "conversation_cell",
        "attempts_cell",
        "note_cell",
    )
    list_filter: ClassVar[Any] = ("status", "team", OwnerFilter, DayFilter, "channel", "created_by")
    search_fields = ("name",)
    list_select_related = (
        "team__callback_settings",
        "owner",
        "preferred_agent",
        "offered_to",
        "identity__contact",
        "conversation",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A call is promised on the page of a conversation, or by another system."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a callback as a form; what can be done has permissions of its own."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CallbackChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Callback]:
        rows: Any = super().get_queryset(request)
        seen: QuerySet[Callback] = rows.visible_to(viewer(request)).annotate(
            shown_at=Value(timezone.now(), output_field=DateTimeField())
        )
        return seen

    def view_of(self, request: HttpRequest) -> View:
        """Return the view that is asked for, looked up once a request."""
        found: View | None = getattr(request, "callback_view", None)
        if found is None:
            rows = Callback.objects.visible_to(viewer(request))
            found = pick_view(request.GET.get(VIEW_PARAMETER), rows=rows)
            request.callback_view = found  # type: ignore[attr-defined]
        return found

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return self.view_of(request).ordering

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search(queryset, text=search_term) if search_term else queryset), False

    def empty_state(self, request: HttpRequest) -> EmptyState:
        view = self.view_of(request)
        return EmptyState(view.empty_title, view.empty_consequence)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        now, view = timezone.now(), self.view_of(request)
        tabs = build_tabs(self.get_queryset(request), user=viewer(request), now=now, current=view)
        due = tabs[0].count
        context = {
            "tabs": tabs,
            "browser_title": f"({due}) {self.list_title}" if due else self.list_title,
            "clear_url": f"?{VIEW_PARAMETER}={view.key}",
            "search_hint": _("Name, part of the number, or #conversation"),
            "title_links": [
                (_("Calendar feeds"), reverse("admin:callbacks_calendarfeed_changelist"))
            ],
            "list_note": _(
                "Times are yours; below them the customer's. “Late”: nobody has tried within the "
                "time that the team allows."
            ),
            "is_live": True,
        }
        page = super().changelist_view(request, {**context, **(extra_context or {})})
        listed = getattr(page, "context_data", None) or {}
        if view.key == WEEK and isinstance(page, TemplateResponse) and "cl" in listed:
            listed["week"] = self._week(request, listed["cl"], now=now)
        return page

    def _week(self, request: HttpRequest, listed: Any, *, now: datetime) -> Week:
        """Draw the rows that the filters leave; the hours are those of the teams in question."""
        monday = read_week(request.GET.get(WEEK_PARAMETER), now=now)
        teams = teams_for(viewer(request))
        team = request.GET.get("team__id__exact", "")
        if team.isascii() and team.isdigit():
            teams = Team.objects.filter(pk=int(team))
        week = build_week(listed.queryset, monday=monday, teams=teams, now=now)
        for name in ("earlier", "later"):
            query = listed.get_query_string({WEEK_PARAMETER: getattr(week, name)})
            week.links[name] = query
        week.links["now"] = listed.get_query_string(remove=[WEEK_PARAMETER])
        return week

    # --- Columns

    @admin.display(description=gettext_lazy("When"), ordering="due_at")
    def when_cell(self, callback: Any) -> SafeString:
        return cells.when(callback, now=callback.shown_at)

    @admin.display(description=gettext_lazy("Customer"))
    def customer_cell(self, callback: Callback) -> SafeString:
        return cells.customer(callback)

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state_cell(self, callback: Any) -> SafeString:
        return cells.state(callback)

    @admin.display(description=gettext_lazy("Team"), ordering="team__name")
    def team_cell(self, callback: Callback) -> str:
        return callback.team.name

    @admin.display(description=gettext_lazy("Who calls"))
    def who_cell(self, callback: Callback) -> SafeString:
        return cells.who(callback)

    @admin.display(description=gettext_lazy("Conversation"))
    def conversation_cell(self, callback: Callback) -> SafeString | str:
        if callback.conversation_id is None:
            return "–"
        url = reverse("admin:conversations_conversation_change", args=[callback.conversation_id])
        return format_html('<a href="{}">#{}</a>', url, callback.conversation_id)

    @admin.display(description=gettext_lazy("Attempts"), ordering="attempt_count")
    def attempts_cell(self, callback: Callback) -> SafeString:
        label = format_html('<span class="phone-only">{} </span>', _("Attempts"))
        return format_html('<span class="number">{}{}</span>', label, callback.attempt_count)

    @admin.display(description=gettext_lazy("Note"))
    def note_cell(self, callback: Callback) -> str:
        return cells.note(callback) or "–"
