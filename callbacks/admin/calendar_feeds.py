"""Calendar feeds: addresses at which a calendar program reads callbacks."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.models import CalendarFeed
from callbacks.services import feeds
from routing.forms import people_for, teams_for
from teams.admin.console import Confirmation, EmptyState, GuardedAdmin, pill
from teams.models import Role, Team, User
from teams.viewers import posted, viewer


class NewFeedForm(forms.Form):
    """Whose callbacks: one person's, or a team's."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Of a person"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("– nobody –"),
        help_text=gettext_lazy("What they own, what prefers them and what is offered to them."),
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("Or of a team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=gettext_lazy("– no team –"),
    )

    def __init__(self, *args: Any, maker: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_for(maker)  # type: ignore[attr-defined]
        self.fields["person"].initial = maker.pk
        self.fields["team"].queryset = teams_for(maker)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(cleaned["person"]) == bool(cleaned["team"]):
            raise forms.ValidationError(_("Choose a person or a team, one of the two."))
        return cleaned


@admin.register(CalendarFeed)
class CalendarFeedAdmin(GuardedAdmin):
    change_form_template = "admin/callbacks/calendarfeed/change_form.html"
    list_title = gettext_lazy("Calendar feeds")
    add_label = gettext_lazy("New feed")
    list_lead = gettext_lazy(
        "Addresses at which a calendar program reads callbacks. Whoever has one may read it."
    )
    list_display = ("whose_cell", "state_cell", "read_cell", "maker_cell", "made_cell")
    list_select_related = ("person", "team", "created_by")
    ordering = ("-pk",)
    actions = None
    fields = ("whose_cell", "state_cell", "read_cell", "maker_cell", "made_cell")
    readonly_fields = fields

    def empty_state(self, request: HttpRequest) -> EmptyState:
        return EmptyState(
            _("No feed yet."),
            _("With one, Google Calendar, Outlook or a phone shows callbacks beside other dates."),
            reverse("admin:callbacks_calendarfeed_add"),
            _("New feed"),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarFeed]:
        """Show one's own and those of one's teams; administrators look after all."""
        rows: QuerySet[CalendarFeed] = super().get_queryset(request)
        user = viewer(request)
        if user.role >= Role.ADMINISTRATOR:
            return rows
        mine = Q(created_by=user) | Q(person=user)
        return rows.filter(mine | Q(team__in=user.teams.values("pk")))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        own = path("<path:pk>/revoke/", view, name="callbacks_calendarfeed_revoke")
        return [own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewFeedForm(posted(request), maker=viewer(request))
        if request.method == "POST" and form.is_valid():
            feed = feeds.make(created_by=viewer(request), now=timezone.now(), **form.cleaned_data)
            self.log_addition(request, feed, [{"added": {}}])
            messages.success(request, _("The feed is ready. Its address is below."))
            return HttpResponseRedirect(_page(feed))
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("New calendar feed"),
                _("Whoever has its address sees the names of customers. Numbers are hidden."),
                _("Make the feed"),
                reverse("admin:callbacks_calendarfeed_changelist"),
                form=form,
            ),
        )

    def revoke_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Make an address useless, after asking."""
        feed = self.get_object(request, unquote(pk))
        if feed is None:
            return self.gone(request, pk)
        if not request.user.has_perm("callbacks.add_calendarfeed"):
            raise PermissionDenied
        page = reverse("admin:callbacks_calendarfeed_changelist")
        if request.method == "POST":
            feeds.revoke(feed, now=timezone.now())
            self.log_change(request, feed, "revoked")
            messages.success(
                request, _("The feed of %(whose)s shows nothing any more.") % {"whose": feed}
            )
            return HttpResponseRedirect(page)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Revoke the feed of %(whose)s?") % {"whose": feed},
                _("Calendars that read it stay empty from now on. This cannot be undone."),
                _("Revoke"),
                page,
            ),
        )

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        feed: CalendarFeed = kwargs["obj"]
        if feed.revoked_at is None:
            address = reverse("calendar-feed", args=[feed.token])
            context["address"] = request.build_absolute_uri(address)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- Columns

    @admin.display(description=gettext_lazy("Of"))
    def whose_cell(self, feed: CalendarFeed) -> str:
        return str(feed)

    @admin.display(description=gettext_lazy("Last read"), ordering="last_read_at")
    def read_cell(self, feed: CalendarFeed) -> Any:
        return feed.last_read_at or _("never")

    @admin.display(description=gettext_lazy("Made by"))
    def maker_cell(self, feed: CalendarFeed) -> str:
        return feed.created_by.name

    @admin.display(description=gettext_lazy("Made"), ordering="created_at")
    def made_cell(self, feed: CalendarFeed) -> Any:
        return feed.created_at

    @admin.display(description=gettext_lazy("State"))
    def state_cell(self, feed: CalendarFeed) -> SafeString:
        if feed.revoked_at is not None:
            return pill("quiet", _("Revoked"))
        address = reverse("admin:callbacks_calendarfeed_revoke", args=[quote(feed.pk)])
        return format_html(
            '{} <a class="button small" href="{}" data-dialog>{}</a>',
            pill("good", _("Works")),
            address,
            _("Revoke…"),
        )


def _page(feed: CalendarFeed) -> str:
    return reverse("admin:callbacks_calendarfeed_change", args=[feed.pk])
