"""When each drain is nudged. The rows hold what is due; a missed nudge costs one interval."""

from typing import Any

# name of the drain: (its Celery task, seconds between two nudges)
BEAT: dict[str, tuple[str, float]] = {
    "start_shifts": ("teams.tasks.start_shifts", 1),
    "fire_callbacks": ("callbacks.tasks.fire_callbacks", 1),
    "follow_callbacks": ("callbacks.tasks.follow_callbacks", 1),
    "place_waiting": ("routing.tasks.place_waiting", 1),
    "answer_waiting": ("routing.tasks.answer_waiting", 1),
    "run_flows": ("routing.tasks.run_flows", 1),
    "publish_rules": ("routing.tasks.publish_rules", 1),
    "place_calls": ("callbacks.tasks.place_calls", 1),
    "hang_up_calls": ("callbacks.tasks.hang_up_calls", 1),
    "look_up_calls": ("callbacks.tasks.look_up_calls", 2),
    "settle_lost_calls": ("callbacks.tasks.settle_lost_calls", 5),
    "publish_events": ("conversations.tasks.publish_events", 1),
    "deliver_events": ("conversations.tasks.deliver_events", 1),
    "route_due": ("routing.tasks.route_due", 2),
    "fetch_files": ("conversations.tasks.fetch_files", 2),
    "send_queued": ("conversations.tasks.send_queued", 2),
    "wake_snoozed": ("conversations.tasks.wake_snoozed", 2),
    "lapse_presences": ("teams.tasks.lapse_presences", 5),
    "reassign_overdue": ("routing.tasks.reassign_overdue", 5),
    "settle_lost_sends": ("conversations.tasks.settle_lost_sends", 5),
    "look_up_doubts": ("conversations.tasks.look_up_doubts", 5),
    "ask_for_ratings": ("conversations.tasks.ask_for_ratings", 15),
    "resolve_inactive": ("conversations.tasks.resolve_inactive", 30),
    "close_expired_surveys": ("conversations.tasks.close_expired_surveys", 30),
    "fetch_missed": ("routing.tasks.fetch_missed", 30),
    "sync_templates": ("channels.tasks.sync_templates", 30),
    "drop_old_tokens": ("channels.tasks.drop_old_tokens", 30),
    "remove_old_files": ("conversations.tasks.remove_old_files", 30),
    "remove_abandoned_uploads": ("conversations.tasks.remove_abandoned_uploads", 30),
    "forget_deliveries": ("conversations.tasks.forget_deliveries", 30),
    "forget_import_rows": ("teams.tasks.forget_import_rows", 30),
    "replay_history": ("routing.tasks.replay_history", 2),
    "let_go_of_callbacks": ("callbacks.tasks.let_go_of_callbacks", 5),
    "recompute_callbacks": ("callbacks.tasks.recompute_callbacks", 30),
    "forget_answers": ("teams.tasks.forget_answers", 30),
}


def build_schedule() -> dict[str, dict[str, Any]]:
    """Return Celery's schedule. What is sent when nobody takes it: `config.nudging`."""
    return {name: {"task": task, "schedule": every} for name, (task, every) in BEAT.items()}
