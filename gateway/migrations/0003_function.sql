-- 0003_function.sql: events that wait for functions, dead letters, and when timers fired last. Times are Unix epoch milliseconds.

CREATE TABLE function_event (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  function   TEXT    NOT NULL CHECK (length(function) BETWEEN 1 AND 32),
  event      BLOB    NOT NULL,                  -- as docs/reference/module-abi.md says under Events
  state      TEXT    NOT NULL CHECK (state IN ('queued', 'dead')),
  attempts   INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  due_ms     INTEGER NOT NULL,                  -- of a queued event: not before; of a dead letter: since when it is one
  error      TEXT,                              -- of the last try
  created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX function_event_queued ON function_event (function, due_ms, id) WHERE state = 'queued';
CREATE INDEX function_event_dead ON function_event (function, due_ms, id) WHERE state = 'dead';

CREATE TABLE function_timer (
  function TEXT    NOT NULL,
  schedule TEXT    NOT NULL,
  last_ms  INTEGER NOT NULL,                    -- the last firing, or when the timer was first seen
  PRIMARY KEY (function, schedule)
) STRICT, WITHOUT ROWID;
