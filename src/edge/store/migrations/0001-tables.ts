/** The first layout of the database: tables, and the view `commits` whose trigger makes one commit one statement. */

/*
 * key = epochs.n · 2^35 + first number: append-only, ordered by epoch and number. `mono` counts from the epoch's opening, `ran0`, `received`
 * and `expires` are running time of this file, `t0` and `t1` wall time; all in ms. `span` numbers are covered, `count` records are inside: fewer
 * only when thinned. `class` 0 is ordinary data; personal data will have its own.
 *
 * The trigger: what goes is deleted first, so that a full file can take what comes. Bodies travel as one blob, cut by offset and length.
 * JSON integers stay exact where a bound number above 2^31 would be REAL. The columns of each JSON row are named by the INSERT above it.
 */
export const tables = `
CREATE TABLE epochs (
  n INTEGER PRIMARY KEY CHECK (n BETWEEN 1 AND 262143),
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  boot TEXT NOT NULL,
  opened INTEGER NOT NULL CHECK (opened >= 0),
  cause TEXT NOT NULL CHECK (cause IN ('start', 'created', 'restored', 'salvaged')),
  ran0 INTEGER NOT NULL CHECK (ran0 >= 0)
) STRICT;

CREATE TABLE readings (
  key INTEGER PRIMARY KEY CHECK (key > 34359738368),
  span INTEGER NOT NULL CHECK (span >= 1),
  count INTEGER NOT NULL CHECK (count BETWEEN 1 AND span),
  mono INTEGER NOT NULL CHECK (mono >= 0),
  t0 INTEGER NOT NULL,
  t1 INTEGER NOT NULL CHECK (t1 >= t0),
  synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
  class INTEGER NOT NULL DEFAULT 0 CHECK (class BETWEEN 0 AND 7),
  body BLOB NOT NULL CHECK (length(body) > 0)
) STRICT;

CREATE TABLE events (
  key INTEGER PRIMARY KEY CHECK (key > 34359738368),
  mono INTEGER NOT NULL CHECK (mono >= 0),
  t0 INTEGER NOT NULL,
  synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  body BLOB NOT NULL CHECK (length(body) > 0)
) STRICT;
CREATE INDEX events_urgent ON events (key) WHERE urgent = 1;

CREATE TABLE marks (
  n INTEGER NOT NULL,
  stream TEXT NOT NULL CHECK (stream IN ('readings', 'events')),
  up_to INTEGER NOT NULL CHECK (up_to >= 0),
  held TEXT NOT NULL CHECK (json_valid(held)),
  PRIMARY KEY (n, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE states (
  key TEXT PRIMARY KEY NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  id TEXT PRIMARY KEY NOT NULL CHECK (length(id) > 0),
  received INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  name TEXT NOT NULL,
  rev TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (name, rev)
) STRICT, WITHOUT ROWID;

CREATE VIEW commits (epoch, cut_readings, cut_events, readings, events, bodies, states, marks, inbox, sent)
  AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

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
  INSERT INTO events (key, mono, t0, synced, urgent, body)
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, substr(NEW.bodies, value->>5, value->>6)
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
