-- 0001_sink.sql: the reference consumer's database. Times are Unix epoch milliseconds.
-- A segment's row and its points are committed together; its identity is what makes receiving it twice harmless.

CREATE TABLE segment (
  id         INTEGER PRIMARY KEY,
  gateway    TEXT    NOT NULL,
  epoch      TEXT    NOT NULL,
  lane       TEXT    NOT NULL,
  sequence   INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  points     INTEGER NOT NULL,
  sha256     TEXT    NOT NULL,
  first_ms   REAL    NOT NULL,
  last_ms    REAL    NOT NULL,
  stored_ms  INTEGER NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 1,
  pruned     INTEGER NOT NULL DEFAULT 0 CHECK (pruned IN (0, 1)),  -- 1: its points were dropped at the sink's own bound
  UNIQUE (gateway, epoch, lane, sequence)
) STRICT;
CREATE INDEX segment_kept ON segment (id) WHERE pruned = 0;

CREATE TABLE series (
  id      INTEGER PRIMARY KEY,
  gateway TEXT    NOT NULL,
  epoch   TEXT    NOT NULL,
  number  INTEGER NOT NULL,                -- the gateway's own identifier
  lane    TEXT    NOT NULL,
  device  TEXT    NOT NULL,
  point   TEXT    NOT NULL,
  unit    TEXT    NOT NULL,
  type    TEXT    NOT NULL,
  UNIQUE (gateway, epoch, number)
) STRICT;

CREATE TABLE point (
  segment INTEGER NOT NULL REFERENCES segment (id),
  row     INTEGER NOT NULL,
  series  INTEGER NOT NULL REFERENCES series (id),
  time_ms REAL    NOT NULL,
  value   REAL,                            -- NULL: a reading without a number (graded bad)
  quality INTEGER NOT NULL,                -- docs/reference/points.md; on the alarm lane 1 raised, 2 cleared
  PRIMARY KEY (segment, row)
) STRICT, WITHOUT ROWID;

-- How far the NDJSON file was written when the last segment was committed: anything beyond is cut off at the next start.
CREATE TABLE ndjson (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  bytes INTEGER NOT NULL
) STRICT;
INSERT INTO ndjson VALUES (1, 0);

CREATE VIEW reading AS
  SELECT segment.gateway, segment.epoch, segment.lane, segment.sequence, point.row, series.device, series.point, series.unit,
         point.time_ms, point.value, point.quality
  FROM point JOIN segment ON segment.id = point.segment JOIN series ON series.id = point.series;
