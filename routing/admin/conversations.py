"""The conversation pages with what only routing knows: giving, taking, and why.

`conversations` has the pages; it may not know rules and decisions. Here they get the explanation
and the verbs that move a conversation between people; `callbacks` adds the last and registers them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversations.admin.listing import unchanged_note
from conversations.admin.verbs import (
    LET_PEOPLE_GO_ON,
    REFUSED,
    REOPEN,
    RESOLVE,
    Verb,
    actor_of,
)
from conversations.models import Conversation
from conversations.states import ASSIGNABLE
from routing.admin.ai_filter import AiFilter
from routing.admin.explanations import explain_owner, replay_url
from routing.admin.flows.runs import latest_runs
from routing.admin.giving_to_ai import HAND_TO_AI
from routing.admin.permanent_agents import PermanentAgentAdmin
from routing.admin.waiting import holder_of, names_of_holders, reasons_to_wait
from routing.forms import AssignForm
from routing.services import assignment
from routing.services.assignment import AssignmentRefusedError
from routing.services.decisions import DecisionContentionError
from teams.admin.console import Confirmation, selected_hidden
from teams.models import User
from teams.texts import Text
from teams.viewers import posted, viewer

REFUSALS = {
    "conversation.resolved": gettext_lazy(
        "Nothing was changed: the conversation is not open any more. Reopen it first."
    ),
    "member.inactive": gettext_lazy("Nothing was changed: this person has left."),
    "member.not_in_team": gettext_lazy("Nothing was changed: this person is not in that team."),
    "team.inactive": gettext_lazy("Nothing was changed: this team is switched off."),
    "ai_agent.not_serving": gettext_lazy(
        "Nothing was changed: this AI agent does not serve the channel."
    ),
    "ai_agent.not_running": gettext_lazy("Nothing was changed: this AI agent is stopped."),
    "ai_agent.budget_spent": gettext_lazy(
        "Nothing was changed: this AI agent has used up its budget."
    ),
    "assignment.target_required": gettext_lazy("Nothing was changed: nobody was named."),
}
CAN_BE_REFUSED = (*REFUSED, AssignmentRefusedError, DecisionContentionError)


def _is_open(conversation: Conversation) -> bool:
    return conversation.status in ASSIGNABLE


def _take(conversation: Conversation, user: User, now: datetime) -> Text:
    assignment.claim(conversation, user=user, actor=actor_of(user), now=now)
    user.refresh_from_db(fields=["load", "capacity"])
    return _joined(_("You have this conversation now."), over_capacity([user]))


def _unassign(conversation: Conversation, user: User, now: datetime) -> Text:
    assignment.unassign(conversation, actor=actor_of(user), now=now)
    return _("Nobody has it now. In a minute it is offered to the channel's agents.")


TAKE = Verb(
    "take",
    gettext_lazy("Take it"),
    "person",
    "conversations.reply",
    lambda conversation, user: _is_open(conversation) and conversation.assignee_id != user.pk,
    lambda conversation: _("You become the assignee; the team stays."),
    _take,
)
UNASSIGN = Verb(
    "unassign",
    gettext_lazy("Unassign"),
    "cross",
    "conversations.reassign",
    lambda conversation, user: (
        _is_open(conversation)
        and (conversation.assignee_id is not None or conversation.team_id is not None)
    ),
    lambda conversation: _(
        "Nobody has it then. Whoever should have it can be chosen within a minute; after that it "
        "is offered to the channel's agents."
    ),
    _unassign,
)


@dataclass(frozen=True, slots=True)
class AssignButton:
    """The one button that asks for more before it does anything."""

    label: Text
    icon: str = "swap"
    shortcut: str = "a"
    asks_more: bool = True


class RoutedConversationAdmin(PermanentAgentAdmin):
    verbs: ClassVar[tuple[Verb, ...]] = (TAKE, UNASSIGN, LET_PEOPLE_GO_ON, RESOLVE, REOPEN)
    questions = (*PermanentAgentAdmin.questions, HAND_TO_AI)
    refused = CAN_BE_REFUSED
    actions: Any = ("assign_selected", "resolve_selected")
    list_filter: ClassVar[Any] = (*PermanentAgentAdmin.list_filter, AiFilter)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.assign_view)
        own = path("<path:pk>/assign/", view, name="conversations_conversation_assign")
        return [own, *super().get_urls()]

    def explanation_context(self, conversation: Conversation) -> dict[str, Any]:
        return {
            "decisions": explain_owner(conversation, now=timezone.now()),
            "held_by": holder_of(conversation),
            "flow_runs": latest_runs(conversation),
            "replay_url": replay_url(conversation),
        }

    def reasons_to_wait(self, rows: Sequence[Conversation]) -> Mapping[int, Text]:
        return {**reasons_to_wait(rows), **names_of_holders(rows)}

    def explain_refusal(self, error: Exception) -> Text:
        if isinstance(error, AssignmentRefusedError):
            return REFUSALS.get(error.code, error.code)
        return super().explain_refusal(error)

    def _buttons(self, request: HttpRequest, conversation: Conversation) -> list[dict[str, Any]]:
        buttons = super()._buttons(request, conversation)
        if not _is_open(conversation) or not request.user.has_perm("conversations.reassign"):
            return buttons
        url = self._address(conversation, "assign")
        return [{"verb": AssignButton(_("Assign…")), "url": url, "consequence": ""}, *buttons]

    # --- One conversation: GET asks to whom, POST gives it

    def assign_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        conversation = self.find(request, pk)
        if conversation is None:
            return self.gone(request, pk)
        if not request.user.has_perm("conversations.reassign"):
            raise PermissionDenied
        page = self._address(conversation, "change", query=self._kept_query(request))
        initial = {"team": conversation.team_id, "person": None}
        form = AssignForm(posted(request), giver=viewer(request), initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                self._give(request, conversation, form)
                messages.success(request, _whose(conversation))
            except CAN_BE_REFUSED as error:
                messages.error(request, self.explain_refusal(error))
            return HttpResponseRedirect(page)
        return self.confirm(
            request,
            confirmation=Confirmation(
                _("Assign %(who)s") % {"who": self._title(conversation)},
                _who_has_it(conversation),
                _("Assign"),
                page,
                form=form,
            ),
        )

    def _give(self, request: HttpRequest, conversation: Conversation, form: AssignForm) -> None:
        given = form.cleaned_data
        assignment.assign_to(
            conversation,
            team=given["team"],
            person=given["person"],
            reason=given["reason"],
            actor=actor_of(viewer(request)),
            now=timezone.now(),
        )
        conversation.refresh_from_db()

    # --- Several: the first POST asks to whom, the second one gives them

    @admin.action(description=gettext_lazy("Reassign…"))
    def assign_selected(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> HttpResponse | None:
        if not request.user.has_perm("conversations.reassign"):
            raise PermissionDenied
        able = [row for row in queryset if _is_open(row)]
        is_answer = bool(request.POST.get("confirmed"))
        form = AssignForm(request.POST if is_answer else None, giver=viewer(request))
        if is_answer and form.is_valid():
            self._give_all(request, able, form)
            return None
        text = ngettext("Reassign %(n)d conversation", "Reassign %(n)d conversations", len(able))
        title = text % {"n": len(able)}
        confirmation = Confirmation(
            title,
            _("Whoever has them now loses them. Only open conversations are moved."),
            title,
            request.get_full_path(),
            form=form,
            hidden=selected_hidden(request, action="assign_selected"),
            notes=unchanged_note(queryset.count() - len(able)),
        )
        return self.confirm(request, confirmation=confirmation)

    def _give_all(self, request: HttpRequest, rows: list[Conversation], form: AssignForm) -> None:
        done = 0
        for row in rows:
            try:
                self._give(request, row, form)
                done += 1
            except CAN_BE_REFUSED as error:
                messages.error(request, f"{row} {self.explain_refusal(error)}")
        text = ngettext("%(n)d conversation was moved.", "%(n)d conversations were moved.", done)
        owners = {row.assignee_id for row in rows if row.assignee_id is not None}
        over = over_capacity(User.objects.filter(pk__in=owners).order_by("name", "pk"))
        messages.success(request, _joined(text % {"n": done}, over))


def _whose(conversation: Conversation) -> Text:
    if conversation.assignee is not None:
        text = _("%(person)s has this conversation now.") % {"person": conversation.assignee.name}
        return _joined(text, over_capacity([conversation.assignee]))
    return _("It waits in the queue of %(team)s: nobody there could take it now.") % {
        "team": conversation.team
    }


def over_capacity(people: Iterable[User]) -> list[str]:
    """Say of each who has more than their capacity now how much that is."""
    return [
        _("%(person)s now has %(load)d of %(capacity)d, more than the capacity.")
        % {"person": person.name, "load": person.load, "capacity": person.capacity}
        for person in people
        if person.capacity is not None and person.load > person.capacity
    ]


def _joined(first: Text, others: Iterable[Text]) -> str:
    return " ".join(str(sentence) for sentence in (first, *others))


def _who_has_it(conversation: Conversation) -> Text:
    if conversation.assignee is None:
        return _("Nobody has it now.")
    return _("%(person)s (%(presence)s) has it now and loses it.") % {
        "person": conversation.assignee.name,
        "presence": conversation.assignee.get_presence_display(),
    }
