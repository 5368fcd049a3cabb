"""Warnings about rules in words. Pure: the edges translate."""

from routing.engine.condition_words import PROBLEMS
from routing.engine.phrases import Hole, Phrase, _, counted, ngettext
from routing.engine.rule_lint import RuleWarning, WarningCode

#: What a pill says.
TITLES: dict[WarningCode, str] = {
    WarningCode.BROKEN: _("Not understood"),
    WarningCode.NEVER_MATCHES: _("Never matches"),
    WarningCode.NEVER_REACHED: _("Never first"),
    WarningCode.DUPLICATE: _("Same as another"),
    WarningCode.TEAM_INACTIVE: _("Team inactive"),
    WarningCode.TEAM_WITHOUT_MEMBERS: _("Team without members"),
    WarningCode.TEAM_NOT_RECEIVING: _("Nobody receives"),
    WarningCode.PERSON_INACTIVE: _("Person inactive"),
    WarningCode.PERSON_NOT_RECEIVING: _("Nobody receives"),
    WarningCode.AI_AGENT_STOPPED: _("AI agent stopped"),
    WarningCode.FLOW_OFF: _("Flow off"),
    WarningCode.NOT_MATCHED_LATELY: _("Not matched lately"),
}
_SENTENCES: dict[WarningCode, str] = {
    WarningCode.NEVER_MATCHES: _(
        "Its conditions can never hold together: this rule matches no message."
    ),
    WarningCode.NEVER_REACHED: _(
        "Rule %(other_place)s, “%(other)s”, comes first and matches everything that this one "
        "matches. This one is tried only where the target of the other cannot take it."
    ),
    WarningCode.DUPLICATE: _(
        "It asks for exactly what rule %(other_place)s, “%(other)s”, asks for, which comes first. "
        "This one is tried only where the target of the other cannot take it."
    ),
    WarningCode.TEAM_INACTIVE: _("%(target)s is inactive: this rule is always passed over."),
    WarningCode.TEAM_WITHOUT_MEMBERS: _(
        "%(target)s has no members: nobody there can take what this rule sends."
    ),
    WarningCode.TEAM_NOT_RECEIVING: _(
        "Nobody of %(target)s receives conversations: nobody there can take what this rule sends."
    ),
    WarningCode.PERSON_INACTIVE: _("%(target)s is inactive: this rule is always passed over."),
    WarningCode.PERSON_NOT_RECEIVING: _(
        "%(target)s does not receive conversations: this rule is always passed over."
    ),
    WarningCode.FLOW_OFF: _("The flow %(target)s is off: this rule is always passed over."),
    WarningCode.AI_AGENT_STOPPED: _("%(target)s is stopped: this rule is always passed over."),
}
_NOT_LATELY = ngettext(
    "It has decided nothing for %(count)s day.", "It has decided nothing for %(count)s days."
)


def describe(warning: RuleWarning) -> Phrase:
    """Return a warning as a sentence, or several."""
    if warning.code is WarningCode.NOT_MATCHED_LATELY:
        return counted(_NOT_LATELY, count=warning.facts["days"])
    if warning.code is WarningCode.BROKEN:
        problem = PROBLEMS.get(warning.facts["problem"], warning.facts["problem"])
        holes: dict[str, Hole] = {
            "problem": Phrase(problem),
            "detail": warning.facts["detail"] or "–",
        }
        return Phrase(_BROKEN, holes)
    return Phrase(_SENTENCES[warning.code], warning.facts)


_BROKEN = _(
    "A condition cannot be understood, so this rule counts as not matched: %(problem)s (%(detail)s)"
)
