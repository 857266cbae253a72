/** The platform's database as SQL: what a consumer of the contract must remember, and nothing more. */

/** Strict, keyed by the identity of a record (gateway, epoch, stream, seq). Monotonic times are ms since the epoch opened. */
export const schema = `
CREATE TABLE IF NOT EXISTS epochs (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL,
  n INTEGER,                        -- counts the epochs of one gateway database; null until 'state' or 'epoch.opened' says
  boot TEXT, cause TEXT,
  opened INTEGER,                   -- the gateway's kernel monotonic clock when the epoch opened, ms
  PRIMARY KEY (gateway, epoch)) STRICT, WITHOUT ROWID;

-- The set of numbers held, as ranges; written in the transaction that inserts their rows.
-- by = 'record': the rows are here. by = 'ledger': named as lost by a 'ledger.gap' with kept 0.
CREATE TABLE IF NOT EXISTS ranges (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL CHECK (stream IN ('readings', 'events')),
  by TEXT NOT NULL CHECK (by IN ('record', 'ledger')),
  lo INTEGER NOT NULL CHECK (lo > 0), hi INTEGER NOT NULL CHECK (hi >= lo),
  PRIMARY KEY (gateway, epoch, stream, by, lo)) STRICT, WITHOUT ROWID;

-- What became known of the time of unsynced records, held now or arriving later: 'clock.corrected' gives offsetMs, to be added, and
-- what they may still be wrong by; 'clock.bounded' gives notBefore and notAfter. No number lies in two ranges: it is settled once.
CREATE TABLE IF NOT EXISTS settled (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL CHECK (stream IN ('readings', 'events')),
  lo INTEGER NOT NULL CHECK (lo > 0), hi INTEGER NOT NULL CHECK (hi >= lo),
  offsetMs REAL, boundMs REAL, notBefore REAL, notAfter REAL,
  CHECK ((offsetMs IS NULL) = (boundMs IS NULL) AND (offsetMs IS NULL) <> (notAfter IS NULL)),
  PRIMARY KEY (gateway, epoch, stream, lo)) STRICT, WITHOUT ROWID;

-- Numbers that arrived again: reported, not judged.
CREATE TABLE IF NOT EXISTS repeats (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch, stream)) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS readings (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  source TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
  value TEXT NOT NULL,              -- JSON
  quality TEXT NOT NULL, code TEXT, mono REAL NOT NULL, wall REAL NOT NULL, clock TEXT NOT NULL,
  live INTEGER NOT NULL, arrived INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch, seq)) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS events (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL, asset TEXT, device TEXT,
  since REAL NOT NULL, at REAL NOT NULL, mono REAL NOT NULL, clock TEXT NOT NULL, body TEXT NOT NULL,
  live INTEGER NOT NULL, arrived INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch, seq)) STRICT, WITHOUT ROWID;

-- Copies sent ahead of their event. What could not be stored has no seq and is known by its id.
CREATE TABLE IF NOT EXISTS urgent (
  gateway TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER, id TEXT NOT NULL, kind TEXT NOT NULL,
  late INTEGER NOT NULL, body TEXT NOT NULL, arrived INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS urgent_once ON urgent (gateway, epoch, coalesce(seq, id));

-- The newest retained message of each topic under 'up/': state, catalog, alarms, reported, assets/{asset}.
CREATE TABLE IF NOT EXISTS current (
  gateway TEXT NOT NULL, topic TEXT NOT NULL, epoch TEXT, seq INTEGER, body TEXT NOT NULL, arrived INTEGER NOT NULL,
  PRIMARY KEY (gateway, topic)) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS commands (
  id TEXT PRIMARY KEY, gateway TEXT NOT NULL, body TEXT NOT NULL, expires INTEGER NOT NULL,
  state TEXT, result TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS malformed (
  topic TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (topic, reason)) STRICT, WITHOUT ROWID;

-- Wall times as they are to be used: bodies are never rewritten, what became known is applied when reading. Where only bounds are
-- known, true_wall and true_at are null. The 'since' of an event is in the time of its 'at' unless it says otherwise.
DROP VIEW IF EXISTS timeline;
CREATE VIEW timeline AS
  SELECT r.*, CASE WHEN r.clock = 'synced' THEN r.wall ELSE r.wall + s.offsetMs END AS true_wall, s.boundMs, s.notBefore, s.notAfter
  FROM readings r LEFT JOIN settled s ON r.clock = 'unsynced' AND s.gateway = r.gateway AND s.epoch = r.epoch
    AND s.stream = 'readings' AND r.seq BETWEEN s.lo AND s.hi;
DROP VIEW IF EXISTS event_timeline;
CREATE VIEW event_timeline AS
  SELECT e.*, CASE WHEN e.clock = 'synced' THEN e.at ELSE e.at + s.offsetMs END AS true_at,
    CASE WHEN e.body ->> '$.sinceEpoch' IS NOT NULL THEN NULL
      WHEN e.clock = 'synced' OR e.body ->> '$.sinceClock' = 'synced' THEN e.since ELSE e.since + s.offsetMs END AS true_since,
    s.boundMs, s.notBefore, s.notAfter
  FROM events e LEFT JOIN settled s ON e.clock = 'unsynced' AND s.gateway = e.gateway AND s.epoch = e.epoch
    AND s.stream = 'events' AND e.seq BETWEEN s.lo AND s.hi;
`;
