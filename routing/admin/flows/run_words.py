"""What a run did in each step, and how it ended, in words."""

from collections.abc import Mapping
from typing import Any

from routing.engine import explain_flows
from routing.models.flow import RunProblem
from routing.rendering import write_phrase
from teams.texts import Text


def explain_step(kind: str, outcome: str, facts: Mapping[str, Any]) -> str:
    """Return what one step did, as a sentence that begins with the step's name."""
    try:
        return write_phrase(explain_flows.say(f"{kind}_{outcome}", facts))
    except KeyError:  # a step that was logged by a later version of ours
        return f"{facts.get('step', kind)}: {outcome}"


def explain_problem(problem: str) -> Text:
    """Return why a run ended as it did; blank where nothing is to be said."""
    return RunProblem(problem).label if problem in RunProblem.values else problem
