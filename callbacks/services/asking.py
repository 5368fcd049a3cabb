"""Who calls: the question to the engine, decided and applied like any other."""

from datetime import datetime

from callbacks.models import Callback
from callbacks.services.checks import settings_of
from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation
from conversations.models.assignment import EndReason
from routing.engine.calls import CallReason, decide_callback
from routing.engine.facts import KnownPerson, Situation, Target, TargetKind, Trigger
from routing.services.decisions import Question, decide_and_apply
from teams.models import Membership, User

#: Whoever loses the conversation because they did not call is passed over the next time.
_ENDS_AS = {CallReason.RELEASED: EndReason.LAPSED, CallReason.LAPSED: EndReason.LAPSED}
_HAD_THEIR_CHANCE = frozenset(_ENDS_AS)


def decide(
    callback: Callback,
    *,
    conversation: Conversation,
    reason: CallReason,
    now: datetime,
    passed_over: User | None = None,
) -> Conversation:
    """Give the conversation to whoever is to call, and return it as it is then.

    It may be left with who has it, or wait in the team's queue. `passed_over` had their chance.
    The rows of both must be locked by the caller, the conversation's with channel and contact.
    """

    def pose() -> Question:
        situation = _situation(
            callback, conversation=conversation, reason=reason, passed_over=passed_over, now=now
        )
        targets = _targets(callback, reason=reason)
        return Question(
            trigger=Trigger.CALLBACK,
            situation=situation,
            ask=lambda open_desk: decide_callback(situation, targets=targets, open_desk=open_desk),
            targets=targets,
            ends_as=_ENDS_AS.get(reason),
        )

    decide_and_apply(conversation, pose=pose, actor=Actor.system(), now=now)
    conversation.refresh_from_db()
    return conversation


def _targets(callback: Callback, *, reason: CallReason) -> tuple[Target, ...]:
    team = Target(TargetKind.TEAM, callback.team_id)
    person = callback.owner_id or callback.preferred_agent_id
    if person is None or reason in _HAD_THEIR_CHANCE:
        return (team,)
    return (Target(TargetKind.PERSON, person), team)


def _situation(
    callback: Callback,
    *,
    conversation: Conversation,
    reason: CallReason,
    passed_over: User | None,
    now: datetime,
) -> Situation:
    lapsed_ids = _who_let_it_lapse(callback, conversation=conversation)
    if passed_over is not None:
        lapsed_ids = tuple(sorted({*lapsed_ids, passed_over.pk}))
    contact = Contact.objects.select_related("permanent_agent").get(pk=conversation.contact_id)
    agent = contact.permanent_agent
    return Situation(
        at=now,
        zone=conversation.channel.time_zone,
        channel_id=conversation.channel_id,
        channel_name=conversation.channel.name,
        permanent_agent=_known(agent),
        respects_permanent_agent=agent is not None
        and reason in {CallReason.DUE, CallReason.RELEASED}
        and agent.pk not in lapsed_ids,
        holder_id=conversation.assignee_id,
        holder=_holder(callback, conversation=conversation, reason=reason, passed_over=passed_over),
        lapsed_ids=lapsed_ids,
        asked_by=callback.created_by.name if callback.created_by else "",
        reason=reason,
        waited_s=settings_of(callback.team).alerting_s if reason == CallReason.LAPSED else 0,
    )


def _holder(
    callback: Callback,
    *,
    conversation: Conversation,
    reason: CallReason,
    passed_over: User | None,
) -> KnownPerson | None:
    """Return who has the conversation, if they may keep it and call.

    Of an owned one that is its owner alone; else somebody of the team, or who was promised.
    """
    holder = conversation.assignee
    if holder is None or reason == CallReason.LAPSED:
        return _known(holder)
    if holder == passed_over:
        return None
    if callback.owner_id is not None:
        return _known(holder) if holder.pk == callback.owner_id else None
    is_promised = holder.pk == callback.preferred_agent_id
    if reason == CallReason.ANEW and callback.preferred_agent_id and not is_promised:
        return None
    is_of_team = Membership.objects.filter(team=callback.team_id, user=holder).exists()
    return _known(holder) if is_promised or is_of_team else None


def _who_let_it_lapse(callback: Callback, *, conversation: Conversation) -> tuple[int, ...]:
    """Return who was offered this call and did not begin it."""
    if callback.due_since is None:
        return ()
    lapsed = Assignment.objects.filter(
        conversation=conversation,
        user__isnull=False,
        end_reason=EndReason.LAPSED,
        ended_at__gte=callback.due_since,
    )
    return tuple(sorted(set(lapsed.order_by().values_list("user", flat=True))))


def _known(user: User | None) -> KnownPerson | None:
    return None if user is None else KnownPerson(user.pk, user.name, user.is_active)
