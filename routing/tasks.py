"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from routing.services import (
    ai_answers,
    assignment,
    flow_runs,
    gap_fill,
    reassignment,
    rule_publishing,
    rule_replays,
    waiting,
)
from teams.clock import database_now
from teams.hands import Hands
from teams.services.sweeps import work_off

#: Models take their time, and an answer that comes late is still wanted.
_ANSWERING = Hands(count=4, seconds=20.0)


@shared_task(name="routing.tasks.route_due")
def route_due() -> None:
    """Decide for conversations that still have no decision."""
    work_off(assignment.route_next)


@shared_task(name="routing.tasks.publish_rules")
def publish_rules() -> None:
    """Publish the rules that somebody planned to be published by now."""
    work_off(rule_publishing.publish_next)


@shared_task(name="routing.tasks.place_waiting")
def place_waiting() -> None:
    """Give waiting conversations to people who became able to take them."""
    work_off(waiting.place_next)


@shared_task(name="routing.tasks.reassign_overdue")
def reassign_overdue() -> None:
    """Move on what was not answered in time."""
    work_off(reassignment.reassign_next)


@shared_task(name="routing.tasks.answer_waiting")
def answer_waiting() -> None:
    """Let AI agents answer: one customer, and where more wait, several at a time."""
    _ANSWERING.work(lambda: ai_answers.answer_next(now=database_now()))


@shared_task(name="routing.tasks.run_flows")
def run_flows() -> None:
    """Let flows go on: answers, delays, time-outs."""
    work_off(flow_runs.run_next)


@shared_task(name="routing.tasks.fetch_missed")
def fetch_missed() -> None:
    """Fetch what customers wrote and what never reached us."""
    work_off(gap_fill.fetch_next)


@shared_task(name="routing.tasks.replay_history")
def replay_history() -> None:
    """Go on with replays of history, slice by slice, and remove those that are long over."""
    work_off(rule_replays.work_next)
