-- Where the cycles of a run's inference went on the emulated board: functions, lines, classes of instructions.
CREATE TABLE code_profiles (
  run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  profile_json TEXT NOT NULL
) STRICT;
