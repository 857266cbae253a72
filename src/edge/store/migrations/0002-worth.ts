/** Adds to events what they are worth (`event-worth.ts`), so that refusals can go before readings do. */

/*
 * The view keeps its columns: the release before this one names an event by seven values, and the eighth is then 1. The trigger is the one of the
 * first layout but for that value.
 */
export const worth = `
ALTER TABLE events ADD COLUMN worth INTEGER NOT NULL DEFAULT 1 CHECK (worth BETWEEN 0 AND 2);
CREATE INDEX events_cheap ON events (key) WHERE worth = 0;
DROP TRIGGER commits_fan_out;
CREATE TRIGGER commits_fan_out INSTEAD OF INSERT ON commits BEGIN
  INSERT INTO epochs (n, id, boot, opened, cause, ran0)
    SELECT NEW.epoch->>0, NEW.epoch->>1, NEW.epoch->>2, NEW.epoch->>3, NEW.epoch->>4, NEW.epoch->>5
    WHERE NEW.epoch IS NOT NULL AND NOT EXISTS (SELECT 1 FROM epochs WHERE id = NEW.epoch->>1);
  DELETE FROM readings WHERE key IN (
    SELECT r.key FROM json_each(NEW.cut_readings) AS c CROSS JOIN readings AS r
    WHERE r.key BETWEEN c.value->>0 AND c.value->>1 AND r.key + r.span - 1 <= c.value->>1);
  DELETE FROM events WHERE key IN (
    SELECT e.key FROM json_each(NEW.cut_events) AS c CROSS JOIN events AS e WHERE e.key BETWEEN c.value->>0 AND c.value->>1);
  INSERT INTO readings (key, span, count, mono, t0, t1, synced, body)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, substr(NEW.bodies, value->>7, value->>8)
    FROM json_each(NEW.readings);
  INSERT INTO events (key, mono, t0, synced, urgent, body, worth)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, substr(NEW.bodies, value->>5, value->>6), coalesce(value->>7, 1)
    FROM json_each(NEW.events);
  DELETE FROM states WHERE key IN (SELECT key FROM json_each(NEW.states) WHERE type = 'null');
  INSERT INTO states (key, body)
    SELECT key, value FROM json_each(NEW.states) WHERE type = 'text'
    ON CONFLICT (key) DO UPDATE SET body = excluded.body;
  INSERT INTO marks (n, stream, up_to, held)
    SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(NEW.marks) WHERE true
    ON CONFLICT (n, stream) DO UPDATE SET up_to = excluded.up_to, held = excluded.held;
  INSERT INTO inbox (id, received, expires, state, body)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(NEW.inbox) WHERE true
    ON CONFLICT (id) DO UPDATE SET expires = excluded.expires, state = excluded.state, body = excluded.body;
  UPDATE events SET urgent = 0 WHERE key IN (SELECT value FROM json_each(NEW.sent));
END;
`;
