-- What one call of the Assignment API costs at the very least: everything in one function. It reads
-- what must be read, takes the locks that Relaydesk takes, and writes the rows that it writes:
-- person, conversation, assignment, event, decision, and the answer that is kept.
CREATE OR REPLACE FUNCTION floor_assign(
  the_prefix text, the_hash text, the_lock bigint, the_once text, the_fingerprint text,
  the_conversation uuid, the_code text, the_reason text, ids uuid[], at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  caller record;
  kept record;
  choice record;
  chat record;
  team record;
  person record;
  the_assignment bigint;
  explained jsonb;
  answer text;
BEGIN
  SELECT k.id, k.name, k.user_id INTO caller
  FROM teams_apikey k JOIN teams_user u ON u.id = k.user_id
  WHERE k.prefix = the_prefix AND k.hashed_key = the_hash AND NOT k.revoked AND u.is_active
    AND COALESCE(k.expiry_date > at, true) AND k.scopes ? 'assign';
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;

  IF NOT pg_try_advisory_xact_lock(the_lock) THEN
    RETURN NULL;
  END IF;
  SELECT s.fingerprint, s.body INTO kept
  FROM teams_storedanswer s WHERE s.api_key_id = caller.id AND s.key = the_once;
  IF FOUND THEN
    RETURN CASE WHEN kept.fingerprint = the_fingerprint THEN kept.body END;
  END IF;

  SELECT c.id, c.contact_id, c.channel_id, c.version, c.status, t.public_id AS contact
  INTO chat
  FROM conversations_conversation c JOIN conversations_contact t ON t.id = c.contact_id
  WHERE c.public_id = the_conversation AND c.assignee_id IS NULL
    AND c.status IN ('new', 'in_progress')
  FOR UPDATE OF c;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;

  -- Lock the team, then read its people: whoever queues here sees what the one before did.
  SELECT t.id, t.public_id, t.code, t.name, t.strategy, t.cursor_member_id INTO team
  FROM teams_team t WHERE t.code = the_code AND t.is_active FOR NO KEY UPDATE;
  SELECT jsonb_agg(jsonb_build_object('user_id', u.id, 'name', u.name, 'presence', u.presence,
      'load', u.load, 'capacity', u.capacity, 'is_active', u.is_active,
      'is_receiving', u.is_receiving, 'last_assigned_at', u.last_assigned_at)
      ORDER BY m.position, m.id) AS people,
    CASE team.strategy
      WHEN 'least_busy' THEN (array_agg(u.id ORDER BY u.load, u.last_assigned_at NULLS FIRST,
        m.position, m.id))[1]
      ELSE (array_agg(u.id ORDER BY
        m.position <= COALESCE((SELECT c.position FROM teams_membership c
          WHERE c.team_id = team.id AND c.user_id = team.cursor_member_id), -1),
        m.position, m.id))[1]
    END AS picked
  INTO choice
  FROM teams_membership m JOIN teams_user u ON u.id = m.user_id
  WHERE m.team_id = team.id AND u.is_active AND u.is_receiving AND u.presence = 'online'
    AND (u.capacity IS NULL OR u.load < u.capacity);

  UPDATE teams_user SET load = load + 1, last_assigned_at = at WHERE id = choice.picked
  RETURNING id, public_id, name, email, code INTO person;
  IF team.strategy = 'round_robin' THEN
    UPDATE teams_team SET cursor_member_id = person.id WHERE id = team.id;
  END IF;
  UPDATE conversations_conversation
  SET assignee_id = person.id, team_id = team.id, version = version + 1, routing_due_at = NULL,
    placing_due_at = NULL
  WHERE id = chat.id;
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, actor_id,
    started_at, end_reason)
  VALUES (chat.id, team.id, person.id, 'manual', caller.user_id, at, '')
  RETURNING id INTO the_assignment;
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
    actor_id, actor_label, data, occurred_at)
  VALUES (ids[1], 'conversation.assigned', chat.id, chat.contact_id, 'api', caller.user_id,
    caller.name, jsonb_build_object('decision', ids[2], 'outcome', 'assigned',
      'user_id', person.id, 'team_id', team.id), at);
  explained := jsonb_build_array(
    jsonb_build_object('stage', 'manual', 'outcome', 'matched', 'code', 'assigned',
      'facts', jsonb_build_object('actor', caller.name, 'reason', the_reason)),
    jsonb_build_object('stage', 'strategy', 'outcome', 'matched', 'code', team.strategy,
      'facts', jsonb_build_object('desk', team.name, 'chosen_id', person.id,
        'chosen', person.name, 'candidates', choice.people)));
  INSERT INTO routing_decision (public_id, conversation_id, assignment_id, trigger, outcome, facts,
    steps, answer, decided_at)
  VALUES (ids[2], chat.id, the_assignment, 'manual', 'assigned',
    jsonb_build_object(
      'situation', jsonb_build_object('at', at, 'channel_id', chat.channel_id,
        'asked_by', caller.name, 'reason', the_reason),
      'desks', jsonb_build_array(jsonb_build_object('name', team.name, 'strategy', team.strategy,
        'cursor_user_id', team.cursor_member_id, 'candidates', choice.people)),
      'targets', jsonb_build_array(jsonb_build_object('kind', 'team', 'id', team.id))),
    explained,
    jsonb_build_object('user_id', person.id, 'team_id', team.id, 'via', 'manual'), at);

  answer := jsonb_build_object('conversation_id', the_conversation, 'contact_id', chat.contact,
    'type', 'manual', 'status', chat.status, 'version', chat.version + 1,
    'team', jsonb_build_object('id', team.public_id, 'code', team.code, 'name', team.name),
    'member', jsonb_build_object('id', person.public_id, 'name', person.name,
      'email', person.email, 'code', person.code),
    'changed', true, 'assigned_at', at,
    'decision', jsonb_build_object('id', ids[2], 'trigger', 'manual', 'outcome', 'assigned',
      'decided_at', at, 'explanation', explained));
  INSERT INTO teams_storedanswer (api_key_id, key, fingerprint, status, body, created_at)
  VALUES (caller.id, the_once, the_fingerprint, 200, answer, at);
  RETURN answer;
END $$;
