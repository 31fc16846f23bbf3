-- 0002_saga.sql: sagas and their timelines. Times are Unix epoch milliseconds.
-- A row says what is about to be tried (step and phase) before it is tried, so that a restart resumes there.

CREATE TABLE saga (
  id         TEXT    PRIMARY KEY,
  definition TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('pending', 'executing', 'succeeded', 'compensating', 'compensated', 'failed')),
  priority   INTEGER NOT NULL DEFAULT 0,   -- smaller first
  ordinal    INTEGER NOT NULL DEFAULT 0,   -- order within a priority
  step       INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0),
  attempt    INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  generation INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),
  parameters TEXT    NOT NULL CHECK (json_valid(parameters)),
  results    TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(results)),
  error      TEXT,
  created_ms INTEGER NOT NULL,
  step_ms    INTEGER NOT NULL,             -- when the present step was entered: deadlines count from here
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX saga_pending ON saga (definition, priority, ordinal) WHERE state = 'pending';
CREATE INDEX saga_active ON saga (created_ms) WHERE state IN ('executing', 'compensating');
CREATE INDEX saga_final ON saga (updated_ms) WHERE state IN ('succeeded', 'compensated', 'failed');

CREATE TABLE saga_event (
  saga_id    TEXT    NOT NULL REFERENCES saga (id) ON DELETE CASCADE,
  number     INTEGER NOT NULL,
  at_ms      INTEGER NOT NULL,
  kind       TEXT    NOT NULL CHECK (kind IN ('started', 'step', 'done', 'retry', 'undo', 'undone', 'again', 'ended')),
  step       TEXT,
  attempt    INTEGER NOT NULL,
  detail     TEXT,
  PRIMARY KEY (saga_id, number)
) STRICT, WITHOUT ROWID;
