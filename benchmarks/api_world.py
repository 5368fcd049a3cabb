"""Fills a database with what the API is measured on: `world.py`, a key, conversations to give out.

Run by the benchmarks in a process of its own, with the environment of the house to fill:
BENCHMARK_CONVERSATIONS that are open and that nobody has.
"""

import json
import os

import world
from django.db import connection

from teams.models import Team
from teams.scopes import Scope
from tests.factories import make_administrator, make_api_key


def main() -> None:
    made = world.fill()
    key = make_api_key(user=make_administrator(), scopes=[Scope.ASSIGN])
    codes = Team.objects.filter(pk__in=made["teams"]).order_by("pk").values_list("code", flat=True)
    with connection.cursor() as cursor:
        count = os.environ["BENCHMARK_CONVERSATIONS"]
        cursor.execute(OPEN, {"count": count, "channel": made["channel_id"]})
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps({**made, "key": key, "team_codes": [*codes]}))


OPEN = """
WITH contact AS (
  INSERT INTO conversations_contact (public_id, name, phone, language, tags, attributes,
    created_at)
  SELECT gen_random_uuid(), 'Other ' || n, '', '', '[]', '{}', now()
  FROM generate_series(1, %(count)s::integer) n RETURNING id
), identity AS (
  INSERT INTO conversations_identity (contact_id, medium, address, created_at)
  SELECT id, 'whatsapp', '+9' || id, now() FROM contact RETURNING id, contact_id
)
INSERT INTO conversations_conversation (public_id, contact_id, identity_id, channel_id, status,
  priority, tags, version, message_count, resolution_count, opened_at, last_message_at,
  waiting_since, placing_due_at)
SELECT gen_random_uuid(), contact_id, id, %(channel)s, 'new', 0, '[]', 1, 0, 0, now(), now(),
  now(), now() + interval '1 day'
FROM identity
"""


if __name__ == "__main__":
    main()
