"""Decisions in words: codes and facts become sentences, which the edges translate. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing.engine import (
    explain_calls,
    explain_conditions,
    explain_desks,
    explain_flows,
    explain_rules,
    handovers,
)
from routing.engine.condition_words import PROBLEMS
from routing.engine.facts import Answer, Outcome, Step, TargetKind
from routing.engine.phrases import Hole, Phrase, _, counted, duration, ngettext

Facts = Mapping[str, Any]

#: As many candidates as stand behind a sentence; the chosen one is always among them.
_MOST_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step in words: a template, what fills it, and what stands behind it.

    `outcome` is noted, matched, no, attention or error. `details` are clauses: what each condition
    of a rule found, or how each candidate stood.
    """

    stage: str
    outcome: str
    code: str
    phrase: Phrase
    details: tuple["Sentence", ...] = ()

    @property
    def template(self) -> str:
        return self.phrase.template

    @property
    def params(self) -> Facts:
        return self.phrase.params


def explain(steps: Sequence[Step]) -> list[Sentence]:
    """Return one sentence for each step, in order."""
    return [_explain(step) for step in steps]


def heading(answer: Answer) -> Phrase:
    """Return the question that the steps answer."""
    if answer.outcome is Outcome.WAITING:
        return Phrase(_("Why is nobody assigned?"))
    name = _name_of(answer)
    if name is None:
        return Phrase(_("Why this person?"))
    if answer.outcome is Outcome.KEPT:
        return Phrase(_("Why still %(name)s?"), {"name": name})
    return Phrase(_("Why %(name)s?"), {"name": name})


def rules_did_not_match(count: int) -> Phrase:
    """Return the line that stands for several rules which did not match."""
    return counted(
        ngettext("%(count)s rule did not match.", "%(count)s rules did not match."), count=count
    )


def _name_of(answer: Answer) -> str | None:
    """Return the name of who has it now, as the steps know it."""
    if answer.outcome is Outcome.HELD:
        return next((step.facts["desk"] for step in answer.steps if step.code == "accepted"), None)
    for step in reversed(answer.steps):
        if step.facts.get("chosen_id", step.facts.get("user_id")) == answer.user_id:
            name: str | None = step.facts.get("chosen") or step.facts.get("name")
            if name:
                return name
    return None


def _explain(step: Step) -> Sentence:
    stage, outcome, code, facts = step
    try:
        phrase, details = _SAY[stage](code, facts), _details(stage, facts)
    except KeyError:
        # Stored by a version that knew more than this one: say the little that is known.
        phrase, details = Phrase("%(stage)s: %(code)s", {"stage": stage, "code": code}), ()
    return Sentence(stage, outcome, code, phrase, details)


def _details(stage: str, facts: Facts) -> tuple[Sentence, ...]:
    if stage == "rule":
        return _conditions(facts)
    if facts.get("candidates") and not _is_about_one_person(stage, facts):
        return _candidates(facts)
    if facts.get("reason") and stage == "manual":
        phrase = Phrase(_("Reason: %(reason)s"), {"reason": facts["reason"]})
        return (Sentence(stage, "noted", "reason", phrase),)
    return ()


def _is_about_one_person(stage: str, facts: Facts) -> bool:
    """Say whether the sentence itself says how the only candidate stood."""
    return stage == "people" and facts["desk_kind"] == TargetKind.PERSON


def _conditions(facts: Facts) -> tuple[Sentence, ...]:
    """Return what each condition found, unless the sentence about the only one said it."""
    if "problem" in facts:
        problem = Phrase(PROBLEMS[facts["problem"]])
        return (Sentence("rule", "error", facts["problem"], problem),)
    findings = facts.get("conditions", ())
    if len(findings) == 1:
        return ()
    return tuple(
        Sentence(
            "rule",
            "matched" if finding["passed"] else "no",
            "condition",
            explain_conditions.describe_finding(finding),
        )
        for finding in findings
    )


def _candidates(facts: Facts) -> tuple[Sentence, ...]:
    """Return how each candidate stood before the decision: the chosen one first."""
    people = sorted(facts["candidates"], key=lambda person: person["reason"] != "chosen")
    shown = tuple(
        Sentence(
            "people",
            {"chosen": "matched", "not_chosen": "noted"}.get(person["reason"], "no"),
            person["reason"],
            explain_desks.candidate(person),
        )
        for person in people[:_MOST_CANDIDATES]
    )
    left_out = len(people) - len(shown)
    if facts.get("is_short"):
        return (*shown, Sentence("people", "noted", "others", Phrase(_("people further back"))))
    if not left_out:
        return shown
    phrase = counted(ngettext("%(count)s other person", "%(count)s other people"), count=left_out)
    return (*shown, Sentence("people", "noted", "others", phrase))


def _fill(template: str, facts: Facts) -> Phrase:
    """Return a template filled with the facts that a sentence can hold."""
    params: dict[str, Hole] = {k: v for k, v in facts.items() if isinstance(v, str | int)}
    return Phrase(template, params)


def _say_inbound(code: str, facts: Facts) -> Phrase:
    return _fill(_INBOUND[code, facts["is_new_contact"]], facts)


def _say_contact(code: str, facts: Facts) -> Phrase:
    return _fill(_CONTACT[code], facts)


def _say_rule(code: str, facts: Facts) -> Phrase:
    if code == "matched":
        return explain_rules.matched(facts)
    if code == "not_matched":
        return explain_rules.not_matched(facts)
    return _fill(_RULE[code], facts)


def _say_people(code: str, facts: Facts) -> Phrase:
    if code == "queued":
        return _fill(_QUEUED[facts["team_id"] is not None], facts)
    return explain_desks.nobody(code, facts)


def _say_timer(code: str, facts: Facts) -> Phrase:
    if code in _ESCALATIONS:
        return _say_escalation(code, facts)
    template = _TIMER[code, bool(facts["name"])]
    delay = duration(facts["after_s"]) if "after_s" in facts else ""
    return Phrase(template, {**_fill(template, facts).params, "delay": delay})


def _say_escalation(code: str, facts: Facts) -> Phrase:
    names = {"desk": facts["desk"], "to": facts["to"]}
    if code == "escalated_after_wait":
        return Phrase(_ESCALATED_AFTER_WAIT, {**names, "delay": duration(facts["after_s"])})
    phrase = counted(_ESCALATED_AFTER_TRIES, count=facts["tries"])
    return Phrase(phrase.template, {**phrase.params, **names}, phrase.plural)


def _say_ai(code: str, facts: Facts) -> Phrase:
    if code == "handed_over":
        return _fill(handovers.SENTENCES[facts["reason"]], facts)
    return _fill(_AI[code], facts)


def _say_manual(code: str, facts: Facts) -> Phrase:
    return _fill(_MANUAL[code, bool(facts["actor"])], facts)


def _say_presence(code: str, facts: Facts) -> Phrase:
    return _fill(_PRESENCE[code], facts)


#: By whether the contact is new.
_INBOUND = {
    ("received", False): _("A message came in on %(channel)s."),
    ("received", True): _("A new contact wrote on %(channel)s."),
}
_CONTACT = {
    "permanent_agent": _(
        "%(name)s is this contact's permanent agent and gets it, whatever the presence and load."
    ),
    "permanent_agent_inactive": _(
        "%(name)s is this contact's permanent agent, but no longer works here."
    ),
    "pinned": _("From now on %(name)s is this contact's permanent agent."),
    "previous_owner": _("%(name)s had this conversation before and gets it back."),
    "previous_owner_inactive": _(
        "%(name)s had this conversation before, but no longer works here."
    ),
}
_RULE = {
    "skipped": _("Rule “%(rule)s” was passed over, because %(desk)s could not take it."),
    "broken": _("Rule “%(rule)s” cannot be understood and counts as not matched."),
}
#: By whether it waits with a team.
_QUEUED = {
    True: _("It waits in the queue of %(desk)s."),
    False: _("It waits unassigned on %(desk)s."),
}
#: By whether the name of who has it is known.
_TIMER = {
    ("fired", True): _("%(name)s did not answer within %(delay)s."),
    ("fired", False): _("Nobody answered within %(delay)s."),
    ("kept", True): _("It stays with %(name)s."),
    ("kept", False): _("It stays where it is."),
    ("timer_off", True): _("It stays with %(name)s: %(desk)s does not reassign any more."),
    ("timer_off", False): _("It stays where it is: %(desk)s does not reassign any more."),
}
_ESCALATED_AFTER_WAIT = _("Nobody of %(desk)s answered within %(delay)s: %(to)s is next.")
_ESCALATED_AFTER_TRIES = ngettext(
    "%(count)s person of %(desk)s did not answer: %(to)s is next.",
    "%(count)s people of %(desk)s did not answer: %(to)s is next.",
)
_ESCALATIONS = {"escalated_after_tries", "escalated_after_wait"}
#: By whether it is known who did it.
_MANUAL = {
    ("assigned", True): _("Assigned by %(actor)s."),
    ("assigned", False): _("Assigned by hand."),
    ("claimed", True): _("%(actor)s took it."),
    ("claimed", False): _("Taken by hand."),
    ("reopened", True): _("%(actor)s reopened it."),
    ("reopened", False): _("Reopened by hand."),
    ("woke_up", False): _("The time was over for which it was set aside."),
    ("unassigned", True): _("Unassigned by %(actor)s."),
    ("unassigned", False): _("Unassigned by hand."),
}
_AI = {
    "accepted": _("AI agent %(desk)s answers."),
    "not_running": _("AI agent %(desk)s is stopped."),
    "silent": _("AI agent %(desk)s stays silent: people have had this conversation."),
    "out_of_messages": _("AI agent %(desk)s has written as many messages as it may in an hour."),
    "out_of_tokens": _("AI agent %(desk)s has used as many tokens as it may in a day."),
    "out_of_money": _("AI agent %(desk)s has spent its budget."),
}
_PRESENCE = {
    "looked_again": _("It was waiting, and somebody was looked for again."),
    "back_to_queue": _("%(name)s went offline, so it went back to the queue."),
}
_SAY: dict[str, Callable[[str, Facts], Phrase]] = {
    "inbound": _say_inbound,
    "contact": _say_contact,
    "rule": _say_rule,
    "ai": _say_ai,
    "flow": explain_flows.say,
    "callback": explain_calls.say,
    "people": _say_people,
    "strategy": explain_desks.chosen,
    "timer": _say_timer,
    "manual": _say_manual,
    "presence": _say_presence,
}
