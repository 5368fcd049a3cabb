"""Every drain: one function that does the next due row and says whether there was one.

Beat's tasks, `manage.py tick` and the tests' `settle()` all walk this list.
"""

from collections.abc import Callable
from datetime import datetime

from callbacks.services import call_lookups, firing, leaving, placing, recomputing
from channels.services import channels, templates
from conversations.services import (
    closing,
    delivery,
    delivery_thinning,
    fetching,
    file_removal,
    forwards,
    inactivity,
    lookups,
    outbox,
    snoozing,
    uploads,
)
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
from teams.services import idempotency, import_thinning, presence, shifts
from teams.services.sweeps import DoNext

# In the order in which work flows: what is overdue comes free, is placed, and is answered.
DRAINS: list[tuple[str, DoNext]] = [
    ("start_shifts", shifts.start_next_shift),
    ("lapse_presences", presence.lapse_next_presence),
    ("reassign_overdue", reassignment.reassign_next),
    ("wake_snoozed", snoozing.wake_next),
    ("fetch_missed", gap_fill.fetch_next),
    ("publish_rules", rule_publishing.publish_next),
    ("route_due", assignment.route_next),
    ("run_flows", flow_runs.run_next),
    ("answer_waiting", ai_answers.answer_next),
    ("let_go_of_callbacks", leaving.let_go_next),
    ("fire_callbacks", firing.fire_next),
    ("place_waiting", waiting.place_next),
    ("follow_callbacks", firing.follow_next),
    ("fetch_files", fetching.fetch_next),
    ("send_queued", delivery.send_next),
    ("place_calls", placing.place_next),
    ("settle_lost_calls", placing.settle_next_lost),
    ("look_up_calls", call_lookups.look_up_next),
    ("hang_up_calls", call_lookups.hang_up_next),
    ("publish_events", outbox.publish_next),
    ("deliver_events", forwards.deliver_next),
    ("settle_lost_sends", delivery.settle_next_lost),
    ("resolve_inactive", inactivity.resolve_next),
    ("ask_for_ratings", closing.ask_next_due),
    ("look_up_doubts", lookups.look_up_next),
    ("close_expired_surveys", closing.close_next_expired),
    ("sync_templates", templates.sync_next),
    ("drop_old_tokens", channels.drop_next_second_token),
    ("remove_old_files", file_removal.remove_next_old),
    ("remove_abandoned_uploads", uploads.remove_next_abandoned),
    ("forget_deliveries", delivery_thinning.forget_next_delivered),
    ("forget_import_rows", import_thinning.forget_next_rows),
    ("replay_history", rule_replays.work_next),
    ("recompute_callbacks", recomputing.recompute_next),
    ("forget_answers", idempotency.forget_next_expired),
]
# A drain whose row stays due would run for ever; a tick says so instead.
ROUNDS_MAX = 1000
ROWS_MAX = 1_000_000


class NeverIdleError(Exception):
    """A drain finds work again and again: it does not push back what it has done."""


def run_until_idle(*, read_clock: Callable[[], datetime]) -> dict[str, int]:
    """Run every drain until a whole round finds no work; return how many rows each did."""
    done = dict.fromkeys((name for name, _ in DRAINS), 0)
    for _ in range(ROUNDS_MAX):
        before = sum(done.values())
        for name, do_next in DRAINS:
            done[name] += _drain(name, do_next, read_clock=read_clock)
        if sum(done.values()) == before:
            return done
    raise NeverIdleError(f"The drains still find work after {ROUNDS_MAX} rounds: {done}.")


def _drain(name: str, do_next: DoNext, *, read_clock: Callable[[], datetime]) -> int:
    for rows in range(ROWS_MAX):
        if not do_next(now=read_clock()):
            return rows
    raise NeverIdleError(f"{name} still finds work after {ROWS_MAX} rows.")
