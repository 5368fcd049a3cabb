"""Setting up AI agents, switching them on and off, and trying whether they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from channels import egress
from channels.egress import REASONS, BlockedAddressError
from channels.models import Channel
from conversations.wake import wake
from routing.ai import registry, wire
from routing.ai.base import AiError, Entry, Line, Question, Speaker
from routing.models import AiAgent, AiAgentChannel, AiKind, KnowledgeEntry
from routing.services import ai_briefs, rule_publishing
from routing.services.ai_holds import DRAIN

#: What an AI agent is told when only its health is asked for.
_PROBE = "Hello"


@dataclass(frozen=True, slots=True)
class Place:
    """A channel that an AI agent serves. Of several that run there, the lowest order answers."""

    channel: Channel
    position: int = 0


@transaction.atomic
def save(
    agent: AiAgent,
    *,
    now: datetime,
    places: Sequence[Place] | None = None,
    entries: Sequence[Entry] | None = None,
) -> AiAgent:
    """Store an AI agent as it stands; None leaves its channels or its entries as they are.

    A key belongs to the address that it was entered for: with another address it is forgotten.
    Raises `ValidationError` naming the fields.
    """
    stored = AiAgent.objects.filter(pk=agent.pk).first() if agent.pk else None
    if stored is None:
        agent.created_at = now
    _keep_key_at_its_address(agent, stored)
    agent.currency = agent.currency.upper()
    agent.full_clean(exclude=["key"])
    problems = address_problems(agent.kind, base_url=agent.base_url, model=agent.model)
    problems |= money_problems(agent)
    if problems:
        raise ValidationError(problems)
    agent.checked_at, agent.check_error = None, ""
    agent.save()
    if places is not None:
        _link(agent, places)
    if entries is not None:
        _write_entries(agent, entries)
    rule_publishing.follow_set_up(now=now)
    return agent


def address_problems(kind: str, *, base_url: str, model: str) -> dict[str, str]:
    """Return why an AI agent of a kind could not be asked there, by field; empty if it could."""
    if kind == AiKind.OPENAI:
        problems = {}
        if not wire.is_listed(base_url):
            problems["base_url"] = _("This address is not among those that the operator allows.")
        if not model:
            problems["model"] = _("Say which model is to answer.")
        return problems
    if kind == AiKind.SELF_HOSTED:
        try:
            egress.parse_url(base_url)
        except BlockedAddressError as error:
            return {"base_url": _(REASONS[error.reason])}
    return {}


def money_problems(agent: AiAgent) -> dict[str, str]:
    """Return what is missing before a budget can be kept, by field."""
    prices = {"price_in": agent.price_in, "price_out": agent.price_out}
    given = [*prices.values(), agent.budget_per_day, agent.budget_per_month]
    if all(value is None for value in given):
        return {}
    missing = _("Without both prices nobody knows what an answer costs.")
    return {name: missing for name, price in prices.items() if price is None}


@transaction.atomic
def start(agent: AiAgent, *, now: datetime) -> bool:
    """Let an AI agent answer from the next new conversation on; say whether it was stopped."""
    return _switch(agent, to=True)


@transaction.atomic
def stop(agent: AiAgent, *, now: datetime) -> bool:
    """Let an AI agent answer no more; whoever waits for it goes to people at once."""
    was_running = _switch(agent, to=False)
    wake(DRAIN)
    return was_running


def check(agent: AiAgent, *, now: datetime) -> str:
    """Ask an AI agent whether it is there, outside any conversation; return the error's code.

    Blank if it answered. Takes as long as the answer takes, so not inside a transaction.
    """
    code = ""
    try:
        line = Line(Speaker.CUSTOMER, _PROBE, now, id=str(agent.public_id))
        question = Question(
            ai_briefs.brief_of(agent), [line], organisation=ai_briefs.organisation()
        )
        registry.think(question)
    except AiError as error:
        code = error.code
    AiAgent.objects.filter(pk=agent.pk).update(checked_at=now, check_error=code)
    return code


def _switch(agent: AiAgent, *, to: bool) -> bool:
    changed = AiAgent.objects.filter(pk=agent.pk, is_running=not to).update(is_running=to)
    agent.is_running = to
    return bool(changed)


def _keep_key_at_its_address(agent: AiAgent, stored: AiAgent | None) -> None:
    if agent.kind == AiKind.FAQ:
        agent.base_url = agent.model = agent.key = ""
    if agent.kind != AiKind.OPENAI:  # nothing else counts tokens
        agent.price_in = agent.price_out = agent.budget_per_day = agent.budget_per_month = None
    is_new_key = stored is None or vars(agent)["key"] != vars(stored)["key"]
    if stored is not None and not is_new_key and stored.base_url != agent.base_url:
        agent.key = ""


def _link(agent: AiAgent, places: Sequence[Place]) -> None:
    agent.links.all().delete()
    AiAgentChannel.objects.bulk_create(
        AiAgentChannel(ai_agent=agent, channel=place.channel, position=place.position)
        for place in places
    )


def _write_entries(agent: AiAgent, entries: Sequence[Entry]) -> None:
    agent.entries.all().delete()
    KnowledgeEntry.objects.bulk_create(
        KnowledgeEntry(
            ai_agent=agent,
            position=position,
            question=entry.question,
            answer=entry.answer,
            keywords=list(entry.keywords),
        )
        for position, entry in enumerate(entries)
    )
