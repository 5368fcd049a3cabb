"""The problems of flows in words: a sentence for each code, as templates to translate."""

from collections.abc import Callable

from routing.engine.condition_words import PROBLEMS as CONDITION_PROBLEMS
from routing.engine.flow.problems import Problem
from routing.engine.phrases import Phrase, _, all_of

SENTENCES = {
    "no_steps": _("It has no steps yet."),
    "unnamed_step": _("The step has no name."),
    "duplicate_name": _("Step %(number)s has the same name. Names are unique."),
    "dangling_next": _("It goes on to “%(wanted)s”, and there is no such step."),
    "go_to_nowhere": _("Say to which step it goes."),
    "unreachable_step": _("No way leads to this step: it is never reached."),
    "circle_without_wait": _(
        "It would go round and round: in %(names)s, nothing waits for the customer or for time "
        "to pass."
    ),
    "text_missing": _("It has no text."),
    "text_missing_otherwise": _("It has no text for customers of every other language."),
    "text_missing_in": _(
        "It has no text in %(language)s, in which other steps of this flow speak."
    ),
    "team_required": _("Choose a team."),
    "team_missing": _("Its team does not exist any more."),
    "team_inactive": _("Its team is not active."),
    "person_required": _("Choose a person."),
    "person_missing": _("Its person does not exist any more."),
    "person_inactive": _("Its person has left."),
    "ai_agent_required": _("Choose an AI agent."),
    "ai_agent_missing": _("Its AI agent does not exist any more."),
    "ai_agent_inactive": _("Its AI agent is stopped."),
    "template_missing": _("Its template does not exist any more."),
    "template_inactive": _("Its template is not approved, so that it cannot be sent."),
    "file_missing": _("Its file does not exist any more."),
    "file_refused": _("Its file is of a kind or size that cannot be sent over %(channels)s."),
    "no_paths": _("It has no path: add one, with a condition."),
    "unnamed_path": _("Path %(number)s has no name."),
    "duplicate_path": _("Two of its paths are called “%(path)s”."),
    "path_without_conditions": _("Path “%(path)s” asks for nothing: it has no condition."),
    "not_an_object": _("This cannot be read."),
    "not_a_list": _("This is not a list."),
    "not_a_text": _("This is not a text."),
    "not_a_number": _("This is not a whole number."),
    "not_yes_or_no": _("This can only be yes or no."),
    "unknown_key": _("A flow knows nothing of “%(key)s” here."),
    "unknown_kind": _("There is no such kind of step."),
    "unknown_choice": _("Choose one of those that are offered."),
    "not_a_language": _("This is not the code of a language, such as ja."),
    "not_a_name": _(
        "This cannot be a name here. Of answers, it has only letters, digits and underscores."
    ),
    "too_many": _("There are too many: at most %(limit)s."),
    "too_long": _("This is too long: at most %(limit)s characters."),
    "too_small": _("This is too little: at least %(limit)s."),
    "too_large": _("This is too much: at most %(limit)s."),
    "has_control_characters": _("Invisible characters are not allowed."),
}
_IN_A_CONDITION = _("%(sentence)s (%(detail)s)")
_NAMED = 4


def sentence_of(problem: Problem, *, language_name: Callable[[str], str]) -> Phrase:
    """Return a problem as a sentence. It does not say at which step it is."""
    facts = dict(problem.facts)
    if _is_of_a_condition(problem):
        sentence = Phrase(CONDITION_PROBLEMS[problem.code])
        if not facts.get("detail"):
            return sentence
        return Phrase(_IN_A_CONDITION, {"sentence": sentence, "detail": facts["detail"]})
    for key in {"names", "channels"} & facts.keys():
        quoted = [Phrase(_("“%(name)s”"), {"name": name}) for name in facts[key]]
        facts[key] = all_of(quoted, limit=_NAMED)
    if "language" in facts:
        facts["language"] = language_name(facts["language"])
    return Phrase(SENTENCES[problem.code], facts)


def _is_of_a_condition(problem: Problem) -> bool:
    """Say whether the reader of conditions found it: some of its codes are others' as well."""
    return ".conditions." in problem.key and problem.code in CONDITION_PROBLEMS
