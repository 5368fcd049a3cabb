"""Places a whole queue with one statement: first in the queue, first served, in turn.

The same rows as Relaydesk: people, conversations, assignments, events, decisions.
"""

import json
import os
import sys
import time

import psycopg

LOCK = "SELECT strategy FROM teams_team WHERE id = %s FOR NO KEY UPDATE"
PLACE = """
WITH people AS (
  SELECT u.id, u.name, u.load, u.capacity, u.presence, m.position
  FROM teams_membership m JOIN teams_user u ON u.id = m.user_id
  WHERE m.team_id = %(team)s AND u.is_active AND u.is_receiving AND u.presence = 'online'
), seen AS (
  SELECT jsonb_agg(to_jsonb(first)) AS candidates
  FROM (SELECT * FROM people ORDER BY load, position LIMIT 20) first
), places AS (
  SELECT people.id AS user_id, row_number() OVER (ORDER BY slot, position) AS place
  FROM people, generate_series(load + 1, capacity) slot
), queue AS (
  SELECT id, contact_id, row_number() OVER (ORDER BY priority DESC, waiting_since, id) AS place
  FROM conversations_conversation
  WHERE team_id = %(team)s AND assignee_id IS NULL AND status IN ('new', 'in_progress')
), pairs AS (
  SELECT queue.id, queue.contact_id, places.user_id FROM queue JOIN places USING (place)
), moved AS (
  UPDATE conversations_conversation c
  SET assignee_id = pairs.user_id, version = version + 1, placing_due_at = NULL
  FROM pairs WHERE c.id = pairs.id
), counted AS (
  UPDATE teams_user u SET load = load + given.count, last_assigned_at = now()
  FROM (SELECT user_id, count(*) FROM pairs GROUP BY user_id) given WHERE u.id = given.user_id
), assigned AS (
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, started_at,
    end_reason)
  SELECT id, %(team)s, user_id, 'strategy', now(), '' FROM pairs
  RETURNING id, conversation_id, user_id
), told AS (
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
    actor_label, data, occurred_at)
  SELECT gen_random_uuid(), 'conversation.assigned', id, contact_id, 'system', '',
    jsonb_build_object('user_id', user_id, 'team_id', %(team)s::bigint), now()
  FROM pairs
)
INSERT INTO routing_decision (public_id, conversation_id, assignment_id, trigger, outcome, facts,
  steps, answer, decided_at)
SELECT gen_random_uuid(), conversation_id, id, 'waiting', 'assigned',
  jsonb_build_object('candidates', candidates),
  jsonb_build_array(jsonb_build_object('candidates', candidates)),
  jsonb_build_object('user_id', user_id), now()
FROM assigned, seen
"""


def main() -> None:
    sys.stdin.readline()
    team = int(os.environ["BENCHMARK_TEAM"])
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    with connection.transaction():
        connection.execute(LOCK, [team])
        connection.execute(PLACE, {"team": team})
    print(json.dumps([time.perf_counter() - started] * 2))


if __name__ == "__main__":
    main()
