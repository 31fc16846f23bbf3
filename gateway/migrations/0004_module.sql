-- 0004_module.sql: which modules run, and how far each has come. Times are Unix epoch milliseconds.

-- One use of a module. Packages lie in files beside this database.
CREATE TABLE module_use (
  name       TEXT    PRIMARY KEY,
  module     TEXT    NOT NULL,
  version    TEXT,                        -- null: the one that came with the program
  previous   TEXT,                        -- the version before, kept to go back to
  enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  inputs     TEXT    NOT NULL CHECK (json_valid(inputs)),
  origin     TEXT    NOT NULL CHECK (origin IN ('file', 'installed')),
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The highest version of each module that was ever installed: older ones do not come back.
CREATE TABLE module_floor (
  module  TEXT PRIMARY KEY,
  version TEXT NOT NULL
) STRICT, WITHOUT ROWID;
