-- What one inbound message costs at the very least: everything in one function, planned once.
-- It writes the rows that Relaydesk writes, with the same content and under the same keys and locks.
CREATE OR REPLACE FUNCTION floor_take(
  the_channel bigint, the_team bigint, the_rule text, sid text, the_signature text,
  the_content_type text, raw bytea, the_address text, the_name text, the_text text,
  ids uuid[], at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  the_envelope bigint;
  the_contact bigint;
  the_identity bigint;
  the_conversation bigint;
  the_sequence integer;
  the_assignment bigint;
  picked bigint;
  team record;
  people jsonb;
BEGIN
  INSERT INTO channels_envelope (channel_id, dedupe_key, signature, content_type, raw_body, outcome,
    reason, received_at)
  VALUES (the_channel, sid, the_signature, the_content_type, raw, 'accepted', '', at)
  ON CONFLICT DO NOTHING RETURNING id INTO the_envelope;
  IF the_envelope IS NULL THEN
    RETURN 'duplicate';
  END IF;

  SELECT i.id, i.contact_id INTO the_identity, the_contact
  FROM conversations_identity i WHERE i.medium = 'whatsapp' AND i.address = the_address;
  IF the_contact IS NOT NULL THEN
    UPDATE conversations_conversation c
    SET message_count = c.message_count + 1, last_message_at = at, last_inbound_at = at,
      waiting_since = COALESCE(c.waiting_since, at)
    WHERE c.contact_id = the_contact AND c.channel_id = the_channel
      AND c.status IN ('bot', 'new', 'in_progress')
    RETURNING c.id, c.message_count INTO the_conversation, the_sequence;
  END IF;

  IF the_conversation IS NOT NULL THEN
    INSERT INTO conversations_message (public_id, conversation_id, channel_id, sequence, direction,
      author_kind, kind, body, media, provider_message_id, created_at, delivery_status, error_code,
      error_detail, attempt)
    VALUES (ids[1], the_conversation, the_channel, the_sequence, 'inbound', 'contact', 'text',
      the_text, '[]', sid, at, '', '', '', 0);
    INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
      actor_label, data, occurred_at)
    VALUES (ids[2], 'message.received', the_conversation, the_contact, 'contact', '',
      jsonb_build_object('message', ids[1]), at);
    RETURN 'appended';
  END IF;

  -- One live conversation per contact and channel is settled by unique keys, as in Relaydesk.
  IF the_contact IS NULL THEN
    INSERT INTO conversations_contact (public_id, name, phone, language, tags, attributes, created_at)
    VALUES (ids[3], the_name, left(the_address, 16), '', '[]', '{}', at)
    RETURNING id INTO the_contact;
    INSERT INTO conversations_identity (contact_id, medium, address, created_at)
    VALUES (the_contact, 'whatsapp', the_address, at)
    RETURNING id INTO the_identity;
  END IF;

  -- Lock the team, then read its people: whoever queues here sees what the one before did.
  SELECT t.id, t.name, t.strategy, t.cursor_member_id INTO team
  FROM teams_team t WHERE t.id = the_team FOR NO KEY UPDATE;
  SELECT jsonb_agg(jsonb_build_object('user_id', u.id, 'name', u.name, 'presence', u.presence,
      'load', u.load, 'capacity', u.capacity, 'is_active', u.is_active,
      'is_receiving', u.is_receiving, 'last_assigned_at', u.last_assigned_at)
      ORDER BY m.position, m.id),
    CASE team.strategy
      WHEN 'least_busy' THEN (array_agg(u.id ORDER BY u.load, u.last_assigned_at NULLS FIRST,
        m.position, m.id))[1]
      ELSE (array_agg(u.id ORDER BY
        m.position <= COALESCE((SELECT c.position FROM teams_membership c
          WHERE c.team_id = the_team AND c.user_id = team.cursor_member_id), -1),
        m.position, m.id))[1]
    END
  INTO people, picked
  FROM teams_membership m JOIN teams_user u ON u.id = m.user_id
  WHERE m.team_id = the_team AND u.is_active AND u.is_receiving AND u.presence = 'online'
    AND (u.capacity IS NULL OR u.load < u.capacity);

  UPDATE teams_user SET load = load + 1, last_assigned_at = at WHERE id = picked;
  IF team.strategy = 'round_robin' THEN
    UPDATE teams_team SET cursor_member_id = picked WHERE id = the_team;
  END IF;
  INSERT INTO conversations_conversation (public_id, contact_id, identity_id, channel_id, status,
    priority, tags, version, message_count, resolution_count, opened_at, last_message_at,
    last_inbound_at, waiting_since, team_id, assignee_id)
  VALUES (ids[4], the_contact, the_identity, the_channel, 'new', 0, '[]', 2, 1, 0, at, at, at, at,
    the_team, picked)
  RETURNING id INTO the_conversation;
  INSERT INTO conversations_message (public_id, conversation_id, channel_id, sequence, direction,
    author_kind, kind, body, media, provider_message_id, created_at, delivery_status, error_code,
    error_detail, attempt)
  VALUES (ids[1], the_conversation, the_channel, 1, 'inbound', 'contact', 'text', the_text, '[]',
    sid, at, '', '', '', 0);
  INSERT INTO conversations_assignment (conversation_id, team_id, user_id, kind, started_at,
    end_reason)
  VALUES (the_conversation, the_team, picked, 'rule', at, '')
  RETURNING id INTO the_assignment;
  INSERT INTO conversations_event (public_id, type, conversation_id, contact_id, actor_kind,
    actor_label, data, occurred_at)
  VALUES
    (ids[5], 'conversation.created', the_conversation, the_contact, 'contact', '', '{}', at),
    (ids[2], 'message.received', the_conversation, the_contact, 'contact', '',
      jsonb_build_object('message', ids[1]), at),
    (ids[6], 'conversation.assigned', the_conversation, the_contact, 'system', '',
      jsonb_build_object('decision', ids[7], 'outcome', 'assigned', 'user_id', picked,
        'team_id', the_team), at);
  INSERT INTO routing_decision (public_id, conversation_id, assignment_id, trigger, outcome, facts,
    steps, answer, decided_at)
  VALUES (ids[7], the_conversation, the_assignment, 'inbound', 'assigned',
    jsonb_build_object('situation', jsonb_build_object('at', at, 'channel_id', the_channel,
      'text', the_text), 'desks', jsonb_build_array(jsonb_build_object('name', team.name,
      'strategy', team.strategy, 'candidates', people))),
    jsonb_build_array(jsonb_build_object('stage', 'rule', 'code', 'matched', 'rule', the_rule),
      jsonb_build_object('stage', 'strategy', 'code', team.strategy, 'candidates', people)),
    jsonb_build_object('user_id', picked, 'team_id', the_team, 'via', 'rule'), at);
  RETURN 'assigned';
END $$;
