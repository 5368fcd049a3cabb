"""Why conversations wait, in a few words for each row of a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import Conversation
from conversations.states import OPEN, Status
from routing.engine.facts import TargetKind
from routing.models import AiRun, Decision, FlowRun
from routing.rendering import render_steps
from teams.texts import Text

#: What the team that a row names answered. About anybody else the whole sentence is shown.
SHORT = {
    "manual": gettext_lazy("Works by hand"),
    "desk_inactive": gettext_lazy("Switched off"),
    "no_agents": gettext_lazy("Has no people"),
    "all_off_shift": gettext_lazy("Nobody is on shift"),
    "all_away": gettext_lazy("Nobody is online"),
    "all_full": gettext_lazy("Everybody is full"),
    "nobody_else": gettext_lazy("Nobody else is free"),
    "only_holder": gettext_lazy("Has nobody else"),
    "no_default_user": gettext_lazy("Has no default user"),
}

Step = Mapping[str, Any]


def reasons_to_wait(rows: Sequence[Conversation]) -> dict[int, Text]:
    """Return a phrase for each row that nobody has, from its last decision, in one query."""
    waiting = {row.pk: row for row in rows if row.status in OPEN and row.assignee_id is None}
    if not waiting:
        return {}
    latest = Decision.objects.filter(conversation__in=waiting).values("conversation")
    decisions = Decision.objects.filter(
        pk__in=latest.annotate(last=Max("pk")).order_by().values("last")
    )
    known = {
        key: _phrase(waiting[key], answer=answer, steps=steps)
        for key, answer, steps in decisions.values_list("conversation_id", "answer", "steps")
    }
    return {key: known.get(key) or _("Not looked at yet") for key in waiting}


@dataclass(frozen=True, slots=True)
class Holder:
    """The bot that has a conversation: what it is, its name, and the page that says more."""

    word: Text
    name: str
    url: str = ""


def names_of_holders(rows: Sequence[Conversation]) -> dict[int, Text]:
    """Return which AI agent or flow has a row, for those that one has."""
    return {pk: holder.name for pk, holder in _holders(rows).items()}


def holder_of(conversation: Conversation) -> Holder | None:
    """Return the bot that has a conversation, if one has it."""
    return _holders([conversation]).get(conversation.pk)


def _holders(rows: Sequence[Conversation]) -> dict[int, Holder]:
    held = [row.pk for row in rows if row.status == Status.BOT]
    if not held:
        return {}
    runs = AiRun.objects.filter(conversation__in=held, ended_at=None)
    names = runs.order_by().values_list("conversation_id", "ai_agent__name")
    by_ai = {pk: Holder(_("Held by AI"), name) for pk, name in names}
    in_flow = {
        run.conversation_id: Holder(_("In a flow"), run.flow.name, _page_of(run))
        for run in FlowRun.objects.filter(conversation__in=held, ended_at=None)
        .select_related("flow")
        .order_by()
    }
    return by_ai | in_flow


def _page_of(run: FlowRun) -> str:
    return reverse("admin:routing_flowrun_change", args=[run.pk])


def _phrase(
    conversation: Conversation, *, answer: Mapping[str, Any], steps: Iterable[Step]
) -> Text:
    if answer["user_id"] is not None:
        return _("Taken from its assignee")
    asked = [step for step in steps if "desk_id" in step["facts"]]
    own = [step for step in asked if _is_about(step, team_id=conversation.team_id)]
    if own:
        code = own[-1]["code"]
        return SHORT.get(code) or _sentence(own[-1])
    return _sentence(asked[-1]) if asked else ""


def _is_about(step: Step, *, team_id: int | None) -> bool:
    facts = step["facts"]
    return bool(facts["desk_kind"] == TargetKind.TEAM and facts["desk_id"] == team_id)


def _sentence(step: Step) -> str:
    return render_steps([step])[0].text
