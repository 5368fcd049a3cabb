"""What a run did in each step, in words."""

from routing.models import FlowRunStep


def explain_step(row: FlowRunStep) -> str:
    return row.outcome
