"""Promising a call: from a conversation, or for another system without one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from callbacks.models import Callback, CallbackSettings
from callbacks.refusals import CallbackRefusedError, WarnedError
from callbacks.services import checks, moves
from callbacks.services.checks import Claim, settings_of
from callbacks.services.moves import CallbackMovedError
from callbacks.services.places import find_place
from callbacks.slots import Slot, at_instant, usual_slot
from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Assignment, Conversation
from conversations.phones import country_of, zone_of
from teams.models import Team, User
from teams.permissions import Right, is_allowed

__all__ = [
    "CallbackRefusedError",
    "Claim",
    "Usual",
    "WarnedError",
    "Wish",
    "schedule",
    "settings_of",
    "usual",
    "zone_for",
    "zone_of_wish",
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. A blank number is the contact's; no team is the conversation's.

    `slot` None: at once. `agent` is who owns it or is preferred, as `claim` says. A number that is
    not to be checked is stored as it is given. `override_reason`: why, although something speaks
    against the time.
    """

    number: str = ""
    team: Team | None = None
    slot: Slot | None = None
    claim: Claim = Claim.ANY
    agent: User | None = None
    name: str = ""
    note: str = ""
    country_code: str = ""
    caller_id: str = ""
    caller_id_name: str = ""
    override_reason: str = ""
    data: dict[str, str] = field(default_factory=dict)
    #: The customer's, where no slot says it.
    zone: str = ""
    is_checked: bool = True


@dataclass(frozen=True, slots=True)
class Usual:
    """What is offered first, and what may be chosen. `pending` is the promise there is already."""

    slot: Slot
    zone: str
    is_zone_guessed: bool
    number: str
    name: str
    team: Team | None
    settings: CallbackSettings | None
    may_choose_team: bool
    may_own: bool
    pending: Callback | None


@transaction.atomic
def schedule(
    conversation: Conversation | None,
    *,
    wish: Wish,
    actor: Actor,
    now: datetime,
    channel: Channel | None = None,
) -> Callback:
    """Promise a call.

    1. Refuse what may not be: number, caller ID, team, owner, time; then what a reason may lift.
    2. Without a conversation, find channel and identity, or make the identity.
    3. Write the row, which a sweep looks at when its time has come, and the event.

    Raises `CallbackRefusedError`; a second one of a conversation is `callback.already_scheduled`.
    """
    number = _read_number(wish, conversation)
    checks.check_caller_id(wish.caller_id)
    team = _choose_team(wish, conversation, actor=actor)
    agent = checks.check_agent(wish.claim, agent=wish.agent, team=team)
    owner = agent if wish.claim is Claim.OWNED else None
    zone = wish.zone or zone_of_wish(number, conversation=conversation, team=team)
    slot = wish.slot or at_instant(now, zone=zone)
    _check_time(slot, wish=wish, team=team, owner=owner, now=now)
    if conversation is not None:
        _refuse_second(conversation)
        place, identity = conversation.channel, conversation.identity
    else:
        place, identity = find_place(number, team=team, channel=channel, name=wish.name, now=now)
    callback = Callback(
        conversation=conversation,
        is_from_conversation=conversation is not None,
        identity=identity,
        channel=place,
        team=team,
        owner=owner,
        preferred_agent=None if owner else agent,
        number=number,
        name=wish.name or identity.contact.name,
        country_code=wish.country_code.upper() or country_of(number),
        created_by_id=actor.user_id,
        created_at=now,
        **_as_told(wish),
        **checks.columns_of(slot),
    )
    return _store(callback, actor=actor, now=now)


def _as_told(wish: Wish) -> dict[str, Any]:
    return {
        "note": wish.note,
        "data": dict(wish.data),
        "caller_id": wish.caller_id,
        "caller_id_name": wish.caller_id_name,
        "override_reason": wish.override_reason.strip(),
    }


def usual(conversation: Conversation, *, now: datetime, user: User | None = None) -> Usual:
    """Return what is offered first for a conversation: in half an hour, on the customer's clock.

    `user` may choose more than the team allows to everybody, if their role may.
    """
    number = number_of(conversation)
    team = team_of(conversation)
    settings = settings_of(team) if team else None
    zone = zone_for(number, team=team, channel=conversation.channel)
    may_manage = user is not None and is_allowed(user, Right.MANAGE_CALLBACKS)
    return Usual(
        slot=usual_slot(zone=zone, now=now),
        zone=zone,
        is_zone_guessed=bool(zone_of(number)),
        number=number,
        name=conversation.contact.name,
        team=team,
        settings=settings,
        may_choose_team=settings is None or settings.is_team_choosable or may_manage,
        may_own=settings is not None and settings.is_owning_enabled,
        pending=_pending_of(conversation),
    )


def team_of(conversation: Conversation) -> Team | None:
    """Return the team that has a conversation; else the last one that had it."""
    if conversation.team is not None:
        return conversation.team
    had = Assignment.objects.filter(conversation=conversation, team__isnull=False)
    last = had.select_related("team").order_by("-pk").first()
    return last.team if last else None


def zone_of_wish(number: str, *, conversation: Conversation | None, team: Team | None) -> str:
    """Return the customer's time zone where nobody says it: by the number that is to be called."""
    if conversation is None:
        return zone_for(number, team=team)
    number = number or number_of(conversation)
    return zone_for(number, team=team or team_of(conversation), channel=conversation.channel)


def number_of(conversation: Conversation) -> str:
    """Return what the contact is called at: the address that they write from, if it is a number."""
    address: str = conversation.identity.address
    return address if address.startswith("+") else str(conversation.contact.phone)


def zone_for(number: str, *, team: Team | None, channel: Channel | None = None) -> str:
    """Return the time zone of a number, where it has but one; else the team's, or the channel's."""
    if zone := zone_of(number):
        return zone
    if team is not None and team.hours is not None:
        return team.hours.time_zone
    return channel.time_zone if channel else "UTC"


def _read_number(wish: Wish, conversation: Conversation | None) -> str:
    own = number_of(conversation) if conversation else ""
    if own and wish.number in ("", own):
        return own  # they write from it, so there is such a number
    if not wish.is_checked:
        return checks.keep_number(wish.number)
    country_code = wish.country_code or country_of(own)
    return checks.read_number(wish.number, country_code=country_code)


def _choose_team(wish: Wish, conversation: Conversation | None, *, actor: Actor) -> Team:
    """Return whose callback it is: the conversation's team, or another where that is allowed."""
    own = team_of(conversation) if conversation else None
    team = wish.team or own
    if team is None:
        raise CallbackRefusedError("queue_required", field="team")
    checks.check_team(team)
    if own is None or own.pk == team.pk or settings_of(own).is_team_choosable:
        return team
    user = User.objects.filter(pk=actor.user_id).order_by("pk").first()
    if user is None or not is_allowed(user, Right.MANAGE_CALLBACKS):
        raise CallbackRefusedError("queue_choice_disabled", field="team", team=own.name)
    return team


def _check_time(slot: Slot, *, wish: Wish, team: Team, owner: User | None, now: datetime) -> None:
    settings = settings_of(team)
    checks.check_time(slot, settings=settings, claim=wish.claim, now=now)
    checks.check_warnings(
        slot, settings=settings, owner=owner, override_reason=wish.override_reason
    )


def _pending_of(conversation: Conversation) -> Callback | None:
    """Return the one that was promised in this conversation and still stands."""
    pending = Callback.objects.pending().filter(
        conversation=conversation, is_from_conversation=True
    )
    found: Callback | None = pending.order_by("pk").first()
    return found


def _refuse_second(conversation: Conversation) -> None:
    found = _pending_of(conversation)
    if found is not None:
        raise CallbackRefusedError(
            "already_scheduled",
            field="conversation",
            callback=str(found.public_id),
            due_at=found.due_at,
        )


def _store(callback: Callback, *, actor: Actor, now: datetime) -> Callback:
    try:
        with transaction.atomic():
            callback.save(force_insert=True)
    except IntegrityError as error:
        if callback.conversation is None:
            raise
        _refuse_second(callback.conversation)  # somebody was faster
        raise CallbackMovedError from error
    data = {
        "due_at": callback.due_at.isoformat(),
        "zone": callback.zone,
        "user_id": callback.owner_id or callback.preferred_agent_id,
        "team_id": callback.team_id,
    }
    moves.record("callback.scheduled", callback=callback, actor=actor, now=now, data=data)
    return callback
