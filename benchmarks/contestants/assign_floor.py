"""Assigns its share of conversations with as little as it takes: lock the team, one statement.

The same lock and the same rows as Relaydesk: person, conversation, assignment, event, decision.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

import psycopg
from uuid_utils.compat import uuid7

LOCK = "SELECT strategy FROM teams_team WHERE id = %s FOR NO KEY UPDATE"
ASSIGN = """
WITH people AS (
  SELECT m.position, u.id, u.name, u.load, u.capacity, u.presence, u.last_assigned_at
  FROM teams_membership m JOIN teams_user u ON u.id = m.user_id
  WHERE m.team_id = %(team)s AND u.is_active AND u.is_receiving AND u.presence = 'online'
    AND (u.capacity IS NULL OR u.load < u.capacity)
), picked AS (
  SELECT id FROM people ORDER BY load, last_assigned_at NULLS FIRST, position LIMIT 1
), person AS (
  UPDATE teams_user u SET load = u.load + 1, last_assigned_at = %(now)s
  FROM picked WHERE u.id = picked.id RETURNING u.id
), conversation AS (
  UPDATE conversations_conversation c
  SET assignee_id = person.id, team_id = %(team)s, version = c.version + 1,
    routing_due_at = NULL, placing_due_at = NULL
  FROM person WHERE c.id = %(conversation)s AND c.assignee_id IS NULL
  RETURNING c.id, c.contact_id, person.id AS user_id
), assignment AS (
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, started_at,
    end_reason)
  SELECT id, %(team)s, user_id, 'rule', %(now)s, '' FROM conversation
  RETURNING id, conversation_id, user_id
), event AS (
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
    actor_label, data, occurred_at)
  SELECT %(event_id)s, 'conversation.assigned', id, contact_id, 'system', '',
    jsonb_build_object('user_id', user_id, 'team_id', %(team)s::bigint), %(now)s
  FROM conversation
)
INSERT INTO routing_decision (public_id, conversation_id, assignment_id, trigger, outcome, facts,
  steps, answer, decided_at)
SELECT %(decision_id)s, conversation_id, id, 'inbound', 'assigned',
  jsonb_build_object('candidates', (SELECT jsonb_agg(to_jsonb(people)) FROM people)),
  jsonb_build_array(jsonb_build_object('candidates',
    (SELECT jsonb_agg(to_jsonb(people)) FROM people))),
  jsonb_build_object('user_id', user_id), %(now)s
FROM assignment
"""


def main() -> None:
    ids = json.loads(sys.stdin.readline())
    team = int(os.environ["BENCHMARK_TEAM"])
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = []
    for conversation_id, _ in ids:
        started = time.perf_counter()
        with connection.transaction():
            connection.execute(LOCK, [team], prepare=True)
            connection.execute(
                ASSIGN,
                {
                    "team": team,
                    "conversation": conversation_id,
                    "event_id": uuid7(),
                    "decision_id": uuid7(),
                    "now": datetime.now(tz=UTC),
                },
                prepare=True,
            )
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
