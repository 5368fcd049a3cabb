"""What a flow did, and why it started or did not, as phrases."""

from collections.abc import Mapping
from typing import Any

from routing.engine.explain_conditions import FOUND, describe_finding
from routing.engine.flow.specs import Trigger
from routing.engine.phrases import Hole, Phrase, _, all_of

Facts = Mapping[str, Any]

_TRIGGERED = {
    Trigger.ANY_MESSAGE: _("Flow “%(flow)s” starts with any message."),
    Trigger.FIRST_MESSAGE: _("Flow “%(flow)s” starts with the first message of a new customer."),
    Trigger.EQUALS: _("Flow “%(flow)s” starts with the message “%(word)s”."),
    Trigger.CONTAINS: _("Flow “%(flow)s” starts with messages that contain “%(word)s”."),
    Trigger.OUTSIDE_HOURS: _("Flow “%(flow)s” starts with messages outside business hours."),
}
#: Each sentence about a step begins with its name.
_SAID = {
    "accepted": _("Flow “%(desk)s” answers."),
    "off": _("Flow “%(desk)s” is switched off."),
    "silent": _("Flow “%(desk)s” stays silent: a person took this conversation from a flow."),
    "message_sent": _("“%(step)s”: a message was sent."),
    "message_nothing": _("“%(step)s”: there was nothing to send."),
    "message_answered": _("“%(step)s”: the customer answered “%(answer)s”."),
    "message_timed_out": _("“%(step)s”: the customer did not answer in time."),
    "message_failed": _("“%(step)s”: the message could not be sent."),
    "question_asked": _("“%(step)s”: the customer was asked."),
    "question_answered": _("“%(step)s”: the customer answered “%(answer)s”."),
    "question_not_fitting": _("“%(step)s”: “%(answer)s” is not an answer to this."),
    "question_timed_out": _("“%(step)s”: the customer did not answer in time."),
    "question_failed": _("“%(step)s”: the customer could not be asked."),
    "condition_path": _("“%(step)s”: path “%(path)s”."),
    "condition_otherwise": _("“%(step)s”: no path was right."),
    "condition_failed": _("“%(step)s” cannot be understood any more."),
    "update_contact_changed": _("“%(step)s”: what is known of the customer was changed."),
    "team_chosen": _("“%(step)s”: %(target)s is to have it."),
    "person_chosen": _("“%(step)s”: %(target)s is to have it."),
    "delay_began": _("“%(step)s”: it waited."),
    "delay_over": _("“%(step)s”: the time was over."),
    "ai_agent_accepted": _("“%(step)s”: AI agent %(target)s goes on."),
    "ai_agent_unable": _("“%(step)s”: AI agent %(target)s could not answer."),
    "go_to_followed": _("“%(step)s” led to another step."),
    "end_reached": _("“%(step)s” was the end."),
    "ended_completed": _("Flow “%(flow)s” was over."),
    "ended_expired": _("Flow “%(flow)s” was over: the customer did not answer in time."),
    "ended_failed": _("Flow “%(flow)s” could not go on."),
    "ended_canceled": _("Flow “%(flow)s” was stopped."),
}


def say(code: str, facts: Facts) -> Phrase:
    """Return the sentence about one step of a decision. Raises `KeyError` for what is unknown."""
    if code == "triggered":
        return _fill(_TRIGGERED[facts["trigger"]], facts)
    if code == "condition_path" and (held := _held(facts)):
        template = _("“%(step)s”: path “%(path)s”, because %(findings)s.")
        params = {"step": facts["step"], "path": facts["path"]}
        return Phrase(template, {**params, "findings": all_of(held, limit=FOUND)})
    return _fill(_SAID[code], facts)


def _held(facts: Facts) -> list[Phrase]:
    return [describe_finding(each) for each in facts.get("findings", ()) if each["passed"]]


def _fill(template: str, facts: Facts) -> Phrase:
    params: dict[str, Hole] = {k: v for k, v in facts.items() if isinstance(v, str | int)}
    return Phrase(template, {"target": "", "answer": "", "path": "", **params})
