-- 0001_store.sql: index of segments, registry, ledger, quarantine, alarms. Times are Unix epoch milliseconds, sizes octets.
-- Points themselves lie in journal and segment files beside this database; a row here is what makes a segment file count.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY CHECK (key IN ('epoch', 'record_number')),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id     INTEGER PRIMARY KEY CHECK (id >= 0),
  lane   TEXT NOT NULL CHECK (lane IN ('alarm', 'aggregate', 'live')),
  device TEXT NOT NULL,
  point  TEXT NOT NULL,
  unit   TEXT NOT NULL,
  type   TEXT NOT NULL CHECK (type IN ('gauge', 'counter', 'state'))
) STRICT;
CREATE UNIQUE INDEX series_by_name ON series (device, point, lane);

CREATE TABLE segment (
  lane      TEXT    NOT NULL CHECK (lane IN ('alarm', 'aggregate', 'live')),
  sequence  INTEGER NOT NULL CHECK (sequence > 0),
  state     TEXT    NOT NULL CHECK (state IN ('sealed', 'confirmed', 'expired', 'corrupt', 'pruned')),
  points    INTEGER NOT NULL CHECK (points > 0),
  series    INTEGER NOT NULL CHECK (series > 0),
  first_ms  REAL    NOT NULL,
  last_ms   REAL    NOT NULL CHECK (last_ms >= first_ms),
  bytes     INTEGER NOT NULL CHECK (bytes > 0),
  sealed_ms INTEGER NOT NULL,
  PRIMARY KEY (lane, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_unconfirmed ON segment (lane, sequence, points) WHERE state = 'sealed';
CREATE INDEX segment_by_state ON segment (state, sealed_ms);
CREATE INDEX segment_by_time ON segment (lane, last_ms);

-- Of each lane: accounts in points, last segment sequence given out, and the last journal record whose points are in a segment.
CREATE TABLE ledger (
  lane              TEXT    PRIMARY KEY CHECK (lane IN ('alarm', 'aggregate', 'live')),
  received          INTEGER NOT NULL CHECK (received >= 0),
  stored            INTEGER NOT NULL CHECK (stored >= 0),
  confirmed         INTEGER NOT NULL CHECK (confirmed >= 0),
  quarantined       INTEGER NOT NULL CHECK (quarantined >= 0),
  expired           INTEGER NOT NULL CHECK (expired >= 0),
  shed_series_limit INTEGER NOT NULL CHECK (shed_series_limit >= 0),
  shed_module_output INTEGER NOT NULL CHECK (shed_module_output >= 0),
  last_sequence     INTEGER NOT NULL CHECK (last_sequence >= 0),
  sealed_through    INTEGER NOT NULL CHECK (sealed_through >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger VALUES ('alarm', 0, 0, 0, 0, 0, 0, 0, 0, 0), ('aggregate', 0, 0, 0, 0, 0, 0, 0, 0, 0), ('live', 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- Rejected messages, the newest ones only: the bound is ingest.quarantine_max, the count is in the ledger.
CREATE TABLE quarantine (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms  INTEGER NOT NULL,
  topic  TEXT    NOT NULL,
  reason TEXT    NOT NULL,
  sample BLOB    NOT NULL
) STRICT;

CREATE TABLE alarm (
  series     INTEGER PRIMARY KEY REFERENCES series (id),
  state      TEXT NOT NULL CHECK (state IN ('raised', 'cleared')),
  value      REAL,
  raised_ms  REAL NOT NULL,
  cleared_ms REAL
) STRICT;
