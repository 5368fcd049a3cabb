"""What flows cannot do any more: a template is gone, an AI agent is stopped.

Nothing keeps a provider from taking a template away, and an AI agent is stopped where that is
urgent. So it is said, by name, wherever a supervisor looks.
"""

from collections.abc import Iterable

from routing.engine.flow import problems
from routing.engine.flow.problem_words import sentence_of
from routing.engine.flow.problems import Problem
from routing.flow_house import load_house
from routing.models import Flow
from routing.rendering import write_phrase


def find_troubles(flows: Iterable[Flow]) -> dict[int, list[Problem]]:
    """Return what the published steps of these flows cannot do, by flow; only of those that are on.

    `published` is loaded. At most four queries, however many flows there are.
    """
    met = [(flow, flow.published.document) for flow in flows if flow.is_active and flow.published]
    house = load_house(*(document for _flow, document in met))
    found = {flow.pk: problems.of_targets(document, house=house) for flow, document in met}
    return {pk: troubles for pk, troubles in found.items() if troubles}


def explain(problem: Problem) -> str:
    """Return a trouble as a sentence in the reader's language, with its step."""
    sentence = write_phrase(sentence_of(problem, language_name=str))
    return f"{problem.step}: {sentence}" if problem.step else sentence
