"""Conversations by what AI agents have to do with them: a filter of the list, and links to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from routing.ai_figures import failed_lately, handed_lately, solved_lately
from routing.models import AiAgent, AiRun
from teams.texts import Text

_PARAMETER = "ai"


def _held(at: datetime) -> QuerySet[Any]:
    return AiRun.objects.filter(ended_at=None)


def _solved(at: datetime) -> QuerySet[Any]:
    return solved_lately(at=at)


def _handed(at: datetime) -> QuerySet[Any]:
    return handed_lately(at=at)


def _failed(at: datetime) -> QuerySet[Any]:
    failed = failed_lately(at=at).order_by().values("run")
    return AiRun.objects.filter(pk__in=failed)


WHICH: dict[str, tuple[Text, Callable[[datetime], QuerySet[Any]]]] = {
    "held": (gettext_lazy("Held by AI now"), _held),
    "solved": (gettext_lazy("Solved by AI, 7 days"), _solved),
    "handed": (gettext_lazy("Handed over by AI, 7 days"), _handed),
    "failed": (gettext_lazy("AI failed, 24 hours"), _failed),
}


class AiFilter(admin.SimpleListFilter):
    """`held`, or `held-7` for one AI agent alone."""

    title = gettext_lazy("AI agent")
    parameter_name = _PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [(key, label) for key, (label, _rows) in WHICH.items()]
        which, agent = self._picked()
        if which and agent is not None:  # the way here was a link
            label = f"{WHICH[which][0]}: {agent.name}"
            choices.append((f"{which}-{agent.pk}", label))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        which, agent = self._picked()
        if not which:
            return queryset
        runs = WHICH[which][1](timezone.now())
        if agent is not None:
            runs = runs.filter(ai_agent=agent)
        return queryset.filter(pk__in=runs.order_by().values("conversation"))

    def _picked(self) -> tuple[str, AiAgent | None]:
        which, _dash, number = (self.value() or "").partition("-")
        if which not in WHICH:
            return "", None
        is_number = number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER
        agent = AiAgent.objects.filter(pk=int(number)).first() if is_number else None
        return which, agent


_LONGEST_NUMBER = 18


def list_of(agent: AiAgent | None = None, *, which: str) -> str:
    """Return the address of the list of these conversations, of one AI agent or of all."""
    value = which if agent is None else f"{which}-{agent.pk}"
    page = reverse("admin:conversations_conversation_changelist")
    return f"{page}?{urlencode({'view': 'all', _PARAMETER: value})}"
