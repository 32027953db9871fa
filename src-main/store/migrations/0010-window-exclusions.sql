-- Windows that a person left out of a finished run, with the reason. An annotation: the window itself stays as it was
-- measured, and the row is deleted when the exclusion is undone.
CREATE TABLE window_exclusions (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  window_index INTEGER NOT NULL CHECK (window_index >= 0),
  excluded_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (run_id, window_index)
) STRICT, WITHOUT ROWID;
