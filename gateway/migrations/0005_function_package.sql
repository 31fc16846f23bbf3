-- 0005_function_package.sql: what functions run of installed packages. Times are Unix epoch milliseconds.

-- One installed package. A function whose module is not here runs the one that came with the program.
CREATE TABLE function_package (
  module     TEXT    PRIMARY KEY,
  version    TEXT    NOT NULL,
  previous   TEXT,                        -- the version before, kept to go back to
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
