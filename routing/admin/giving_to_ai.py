"""Giving a conversation to an AI agent: which of the channel's, and why."""

from collections.abc import Mapping
from datetime import datetime

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.admin.asking import Question
from conversations.admin.verbs import actor_of
from conversations.models import Conversation
from conversations.states import OPEN
from routing.models import AiAgent
from routing.services import giving_to_ai
from teams.models import User
from teams.texts import Text

WHY_NOT: Mapping[str, Text] = {
    "ai_agent.not_running": gettext_lazy("%(name)s is stopped."),
    "ai_agent.budget_spent": gettext_lazy("%(name)s has used up its budget."),
}


class HandToAiForm(forms.Form):
    """Those of the channel that can take it now; of the others it says why they cannot."""

    ai_agent = forms.ModelChoiceField(
        label=gettext_lazy("AI agent"),
        queryset=AiAgent.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Shown in the explanation, for example “asks for opening hours”."),
    )

    def __init__(
        self, data: QueryDict | None, *, conversation: Conversation, now: datetime
    ) -> None:
        agents = list(giving_to_ai.serving(conversation))
        obstacles = {
            agent: giving_to_ai.obstacle(conversation, agent=agent, now=now) for agent in agents
        }
        able = [agent.pk for agent in agents if not obstacles[agent]]
        super().__init__(data, initial={"ai_agent": able[0] if able else None})
        field = self.fields["ai_agent"]
        field.queryset = AiAgent.objects.filter(pk__in=able)  # type: ignore[attr-defined]
        field.help_text = " ".join(
            str(WHY_NOT[code]) % {"name": agent.name} for agent, code in obstacles.items() if code
        )


def _is_possible(conversation: Conversation) -> bool:
    running = giving_to_ai.serving(conversation).filter(is_running=True)
    return conversation.status in OPEN and running.exists()


def _hand(conversation: Conversation, form: HandToAiForm, user: User, now: datetime) -> Text:
    agent = form.cleaned_data["ai_agent"]
    giving_to_ai.give_to_ai(
        conversation,
        agent=agent,
        reason=form.cleaned_data["reason"],
        actor=actor_of(user),
        now=now,
    )
    return _("%(name)s has this conversation now.") % {"name": agent.name}


HAND_TO_AI = Question(
    "hand-to-ai",
    gettext_lazy("Hand to AI…"),
    "auto",
    "conversations.reassign",
    _is_possible,
    gettext_lazy(
        "No person has it then. The AI agent answers what the customer waits for, and goes on until"
        " it hands over or somebody takes the conversation."
    ),
    HandToAiForm,
    _hand,
)
