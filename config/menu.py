"""The console's navigation: grouped by what people want to do, not by where the code lives."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from callbacks.models import Callback
from channels.models import Endpoint
from conversations.models import Conversation
from teams.models import User
from teams.texts import Text
from teams.viewers import viewer

#: A badge says "99+" from here on; counting further tells nobody more.
MOST_SHOWN = 99


@dataclass(frozen=True, slots=True)
class Entry:
    """One page. `count` is asked only for people who may open it."""

    label: Text
    icon: str
    url_name: str
    permission: str
    count: Callable[[User], int] | None = None
    count_label: Text = ""
    #: Other lists that one reaches from this one.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    label: Text
    icon: str
    url: str
    is_current: bool
    badge: str = ""
    badge_label: Text = ""


def count_waiting(user: User) -> int:
    """Return how many conversations wait for somebody, as far as a badge can show it."""
    waiting = Conversation.objects.visible_to(user).waiting().order_by()
    return int(waiting[: MOST_SHOWN + 1].count())


def count_callbacks_due(user: User) -> int:
    """Return how many customers are to be called now, as far as a badge can show it."""
    due = Callback.objects.visible_to(user).live().order_by()
    return int(due[: MOST_SHOWN + 1].count())


def count_endpoints_in_trouble(user: User) -> int:
    """Return how many endpoints fail or were paused."""
    return int(Endpoint.objects.in_trouble().count())


MENU: tuple[tuple[Text, tuple[Entry, ...]], ...] = (
    (
        _("Live"),
        (
            Entry(
                _("Conversations"),
                "inbox",
                "admin:conversations_conversation_changelist",
                "conversations.view_conversation",
                count_waiting,
                _("waiting"),
            ),
            Entry(
                _("Callbacks"),
                "phone",
                "admin:callbacks_callback_changelist",
                "callbacks.view_callback",
                count_callbacks_due,
                _("due"),
                also=("admin:callbacks_calendarfeed_changelist",),
            ),
            Entry(
                _("Customers"),
                "person",
                "admin:conversations_contact_changelist",
                "conversations.view_contact",
            ),
        ),
    ),
    (
        _("Routing"),
        (
            Entry(
                _("Rules"),
                "rules",
                "admin:routing_rule_changelist",
                "routing.view_rule",
                also=(
                    "admin:routing_savedtest_changelist",
                    "admin:routing_rulereplay_changelist",
                ),
            ),
            Entry(
                _("Flows"),
                "flow",
                "admin:routing_flow_changelist",
                "routing.view_flow",
                also=("admin:routing_flowrun_changelist",),
            ),
            Entry(
                _("AI agents"), "auto", "admin:routing_aiagent_changelist", "routing.view_aiagent"
            ),
        ),
    ),
    (
        _("Set-up"),
        (
            Entry(_("Teams"), "team", "admin:teams_team_changelist", "teams.view_team"),
            Entry(
                _("Business hours"),
                "clock",
                "admin:teams_businesshours_changelist",
                "teams.view_businesshours",
            ),
            Entry(_("People"), "person", "admin:teams_user_changelist", "teams.view_user"),
            Entry(_("Imports"), "up", "admin:teams_import_changelist", "teams.view_import"),
            Entry(
                _("Channels"),
                "channel",
                "admin:channels_channel_changelist",
                "channels.view_channel",
            ),
            Entry(
                _("Templates"),
                "note",
                "admin:channels_template_changelist",
                "channels.view_template",
            ),
        ),
    ),
    (
        _("Insight"),
        (
            Entry(
                _("Ratings"),
                "star",
                "admin:conversations_survey_changelist",
                "conversations.view_survey",
            ),
        ),
    ),
    (
        _("Developers"),
        (
            Entry(_("API keys"), "key", "admin:teams_apikey_changelist", "teams.view_apikey"),
            Entry(_("Try the API"), "question", "api-docs", "teams.view_apikey"),
            Entry(
                _("Webhooks"),
                "send",
                "admin:channels_endpoint_changelist",
                "channels.view_endpoint",
                count_endpoints_in_trouble,
                _("in trouble"),
            ),
            Entry(
                _("Deliveries"),
                "checks",
                "admin:conversations_endpointdelivery_changelist",
                "conversations.view_endpointdelivery",
            ),
            Entry(
                _("Inbound log"),
                "log",
                "admin:channels_envelope_changelist",
                "channels.view_envelope",
            ),
            Entry(_("Simulator"), "phone", "simulator", "conversations.view_conversation"),
        ),
    ),
)


def build_menu(request: HttpRequest) -> list[tuple[Text, list[Link]]]:
    """Return the groups and links that this person may open; a group without links is left out."""
    groups = (
        (title, [link for entry in entries if (link := _link(entry, request))])
        for title, entries in MENU
    )
    return [(title, links) for title, links in groups if links]


def _link(entry: Entry, request: HttpRequest) -> Link | None:
    if not request.user.has_perm(entry.permission):
        return None
    try:
        url = reverse(entry.url_name)
    except NoReverseMatch:
        return None
    number = entry.count(viewer(request)) if entry.count else 0
    return Link(
        label=entry.label,
        icon=entry.icon,
        url=url,
        is_current=request.path.startswith((url, *map(reverse, entry.also))),
        badge=f"{MOST_SHOWN}+" if number > MOST_SHOWN else str(number or ""),
        badge_label=entry.count_label,
    )
