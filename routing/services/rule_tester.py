"""What would happen to a message that did not come: the very engine, and nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from channels.loaders import load_is_open
from channels.models import Channel
from conversations.models import Contact, Conversation
from conversations.states import LIVE
from routing import loaders
from routing.desk_book import ReadOnlyDesks
from routing.engine.decide import decide
from routing.engine.facts import Answer, Desk, OpenDesk, RuleSpec, Situation
from teams.models import Presence


@dataclass(frozen=True, slots=True)
class Case:
    """A message on a channel, at an instant. Of a known contact what is kept of them counts;
    of a new one what is said here. `types`: see `routing.engine.written.types_of`.

    `online_ids`: exactly these people are online then, and the others offline; None: as they are.
    """

    channel: Channel
    at: datetime
    text: str = ""
    types: tuple[str, ...] = ("text",)
    contact: Contact | None = None
    phone: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    #: Somebody who is described here, and not new.
    wrote_before: bool = False
    online_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine answered, to which situation.

    `appended_to`: the contact's conversation that is going on; a real message would be added there,
    and no rule would be asked.
    """

    answer: Answer
    situation: Situation
    appended_to: Conversation | None = None


def ask(case: Case, *, rules: Sequence[RuleSpec] | None = None) -> Verdict:
    """Decide for a message that starts a conversation. No lock is taken and nothing changes.

    By `rules`, such as the draft; None: by those that are published.

    Shifts, open hours and the AI agents' budgets are those of `case.at`; load and capacity those
    of now. An AI agent is not asked anything.
    """
    version = loaders.current_version()
    if rules is None:
        rules = loaders.load_rules(version)
    ids = loaders.load_ai_agent_ids(version, channel_id=case.channel.pk)
    flows = loaders.load_flow_starts(version, channel_id=case.channel.pk)
    situation = replace(_situation(case), ai_agent_ids=ids, flows=flows)
    answer = decide(situation, rules=rules, open_desk=_desks(case))
    return Verdict(answer, situation, _going_on(case))


def _situation(case: Case) -> Situation:
    situation = Situation(
        at=case.at,
        zone=case.channel.time_zone,
        channel_id=case.channel.pk,
        channel_name=case.channel.name,
        text=case.text,
        message_types=case.types,
        is_new_contact=case.contact is None and not case.wrote_before,
        is_open=load_is_open(case.channel, at=case.at),
    )
    if case.contact is not None:
        return replace(situation, **loaders.contact_facts(case.contact))
    return replace(
        situation,
        contact_tags=case.tags,
        contact_phone=case.phone,
        contact_language=case.language,
        contact_attributes=case.attributes,
    )


def _desks(case: Case) -> OpenDesk:
    desks, online_ids = ReadOnlyDesks(at=case.at), case.online_ids
    if online_ids is None:
        return desks.open

    def open_desk(target: Any) -> Desk:
        desk = desks.open(target)
        people = tuple(
            replace(
                each, presence=Presence.ONLINE if each.user_id in online_ids else Presence.OFFLINE
            )
            for each in desk.candidates
        )
        return replace(desk, candidates=people)

    return open_desk


def _going_on(case: Case) -> Conversation | None:
    if case.contact is None:
        return None
    of_contact = Conversation.objects.filter(contact=case.contact, channel=case.channel)
    return of_contact.filter(status__in=LIVE).select_related("assignee").first()
