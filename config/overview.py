"""The console's first page: who waits, who is there, and what is missing before it works."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import Callback
from channels.models import Channel, Envelope, EnvelopeOutcome
from config.menu import MOST_SHOWN, count_callbacks_due, count_waiting
from conversations.models import Conversation
from routing.ai_error_words import explain_error
from routing.ai_figures import load_figures
from routing.flow_troubles import explain, find_troubles
from routing.models import AiAgent, Flow, Rule
from teams.instants import written_instant
from teams.models import Presence, Team, User
from teams.permissions import Right, is_allowed
from teams.texts import Text

MOST_COUNTED = 1000
_MOST_NOTICES = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """A team's queue, or that of the channels, and the list behind it."""

    name: Text
    waiting: int
    longest: datetime | None
    unanswered: int
    open: int
    online: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, and the list behind it. `since` counts up from an instant instead."""

    label: Text
    value: Text
    note: Text
    url: str
    tone: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is wrong or missing, what follows from it, and where it is put right."""

    tone: str
    text: Text
    url: str
    button: Text


def build_cards(user: User) -> list[Card]:
    """Return the figures of the moment, each within what this person may see."""
    seen = Conversation.objects.visible_to(user)
    conversations = reverse("admin:conversations_conversation_changelist")
    waiting = count_waiting(user)
    oldest = seen.waiting().filter(waiting_since__isnull=False).order_by("waiting_since").first()
    unanswered = seen.open().filter(waiting_since__isnull=False).order_by()
    people = User.objects.active().aggregate(
        online=Count("pk", filter=Q(presence=Presence.ONLINE)),
        away=Count("pk", filter=Q(presence=Presence.AWAY)),
    )
    return [
        Card(
            _("Waiting"),
            _shown(waiting),
            _("open, and nobody has it"),
            f"{conversations}?view=waiting",
            "warn" if waiting else "good",
        ),
        Card(
            _("Longest wait"),
            "–",
            str(oldest.contact) if oldest else _("nobody waits"),
            _page(oldest) if oldest else f"{conversations}?view=waiting",
            since=oldest.waiting_since if oldest else None,
        ),
        Card(
            _("Unanswered"),
            _shown(int(unanswered[:MOST_COUNTED].count())),
            _("the customer wrote last"),
            f"{conversations}?view=unanswered",
        ),
        Card(
            _("Open"),
            _shown(int(seen.open().order_by()[:MOST_COUNTED].count())),
            _("new and in progress"),
            f"{conversations}?view=open",
        ),
        Card(
            _("People online"),
            str(people["online"]),
            ngettext("%(n)d away", "%(n)d away", people["away"]) % {"n": people["away"]},
            f"{reverse('admin:teams_user_changelist')}?presence__exact=online",
            "" if people["online"] else "bad",
        ),
    ]


def build_callback_card(user: User, *, now: datetime) -> list[Card]:
    """Return who is to be called now, and how many late; none where nobody promises calls."""
    seen = Callback.objects.visible_to(user)
    due = count_callbacks_due(user)
    coming = seen.pending().filter(due_at__gt=now).order_by("look_due_at", "pk").first()
    if not due and coming is None:
        return []
    late = int(seen.late(now).order_by()[: MOST_SHOWN + 1].count())
    note = _("none later") if coming is None else _("next: %(when)s")
    facts: dict[str, Any] = {"when": "" if coming is None else written_instant(coming.due_at)}
    if late:
        note, facts = ngettext("%(n)d late", "%(n)d late", late), {"n": late}
    callbacks = reverse("admin:callbacks_callback_changelist")
    card = Card(
        _("Callbacks due"),
        str(due) if due <= MOST_SHOWN else f"{MOST_SHOWN}+",
        note % facts,
        f"{callbacks}?view=due",
        "bad" if late else "warn" if due else "",
    )
    return [card]


def build_ai_cards(*, now: datetime) -> list[Card]:
    """Return how the AI agents do, on one card; none where there are none."""
    if not AiAgent.objects.exists():
        return []
    figures = load_figures(at=now)
    notes = [_("Handed to people: %(n)d.") % {"n": figures.handed}]
    if figures.errors:
        facts = {"n": figures.errors, "reason": explain_error(figures.last_error)}
        notes.append(_("Failures in 24 hours: %(n)d. The last: %(reason)s") % facts)
    share = figures.solved_share
    conversations = reverse("admin:conversations_conversation_changelist")
    agents = reverse("admin:routing_aiagent_changelist")
    card = Card(
        _("Solved by AI, 7 days"),
        "–" if share is None else _("%(share)d %%") % {"share": share},
        " ".join(notes),
        f"{conversations}?view=all&ai=failed" if figures.errors else agents,
        "bad" if figures.errors else "",
    )
    return [card]


def build_queues(user: User) -> list[Queue]:
    """Return every queue with open conversations or active people, longest wait first."""
    waits = Q(assignee__isnull=True)
    rows = Conversation.objects.visible_to(user).open().order_by().values("team")
    counts = {
        row["team"]: row
        for row in rows.annotate(
            waiting=Count("pk", filter=waits),
            longest=Min("waiting_since", filter=waits),
            unanswered=Count("pk", filter=Q(waiting_since__isnull=False)),
            open=Count("pk"),
        )
    }
    online = Q(members__presence=Presence.ONLINE, members__is_active=True)
    teams = Team.objects.active().annotate(online=Count("members", filter=online))
    own = set(user.teams.values_list("pk", flat=True))
    queues = [
        _queue(team.name, counts.get(team.pk), team_filter=f"team__id__exact={team.pk}", team=team)
        for team in teams
        if team.pk in counts or team.pk in own or is_allowed(user, Right.ASSIGN_ANYWHERE)
    ]
    if None in counts:
        name = _("No team: the channels' own agents")
        queues.append(_queue(name, counts[None], team_filter="team__isnull=True"))
    return sorted(queues, key=_by_longest_wait)


def build_notices() -> list[Notice]:
    """Return what keeps the desk from working, most serious first."""
    channels = reverse("admin:channels_channel_changelist")
    if not Channel.objects.filter(is_active=True).exists():
        text = _("No channel is set up: no message can arrive.")
        return [Notice("bad", text, channels, _("Set up a channel"))]
    notices = [
        Notice(
            "bad",
            _("%(channel)s cannot send: %(reason)s")
            % {"channel": channel.name, "reason": channel.broken_reason},
            reverse("admin:channels_channel_change", args=[channel.pk]),
            _("Open the channel"),
        )
        for channel in Channel.objects.filter(broken_at__isnull=False, is_active=True)[:5]
    ]
    has_agents = Channel.objects.filter(is_active=True, memberships__isnull=False).exists()
    if not has_agents and not Rule.objects.filter(is_active=True).exists():
        text = _("No rule is on and no channel has an agent: every message will wait.")
        notices.append(Notice("warn", text, channels, _("Add agents to a channel")))
    kept = Envelope.objects.filter(outcome=EnvelopeOutcome.QUARANTINED)[:MOST_COUNTED].count()
    if kept:
        text = ngettext(
            "%(n)d request was kept because it could not be understood.",
            "%(n)d requests were kept because they could not be understood.",
            kept,
        ) % {"n": kept}
        log = reverse("admin:channels_envelope_changelist")
        notices.append(Notice("warn", text, f"{log}?outcome__exact=quarantined", _("Show them")))
    return [*notices, *_flow_notices()]


def _flow_notices() -> list[Notice]:
    """Return a notice for each flow that is on and cannot do all that it says."""
    flows = list(Flow.objects.filter(is_active=True).select_related("published"))
    troubles = find_troubles(flows)
    text = _("The flow “%(flow)s” cannot do all of it. %(trouble)s")
    return [
        Notice(
            "warn",
            text % {"flow": flow.name, "trouble": explain(troubles[flow.pk][0])},
            reverse("admin:routing_flow_change", args=[flow.pk]),
            _("Open the flow"),
        )
        for flow in flows
        if flow.pk in troubles
    ][:_MOST_NOTICES]


def _queue(
    name: Text, counts: dict[str, Any] | None, *, team_filter: str, team: Any = None
) -> Queue:
    counts = counts or {}
    conversations = reverse("admin:conversations_conversation_changelist")
    return Queue(
        name,
        counts.get("waiting", 0),
        counts.get("longest"),
        counts.get("unanswered", 0),
        counts.get("open", 0),
        team.online if team is not None else None,
        f"{conversations}?view=open&{team_filter}",
    )


def _by_longest_wait(queue: Queue) -> tuple[bool, float, str]:
    start = queue.longest.timestamp() if queue.longest else 0.0
    return (queue.longest is None, start, str(queue.name))


def _shown(number: int) -> str:
    return str(number) if number < MOST_COUNTED else f"{MOST_COUNTED}+"


def _page(conversation: Conversation) -> str:
    return reverse("admin:conversations_conversation_change", args=[conversation.pk])
