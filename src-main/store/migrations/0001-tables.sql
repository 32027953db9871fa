-- The first schema. Documented in docs/database.md. Times are ISO 8601 UTC text, units are in the names,
-- *_json columns hold the value of src-main/contract with the same name.

CREATE TABLE boards (
  id INTEGER PRIMARY KEY,
  board_id TEXT NOT NULL,
  serial TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  UNIQUE (board_id, serial)
) STRICT;

-- One row a monitor and calibration: a recalibrated monitor is another instrument.
CREATE TABLE monitors (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  serial TEXT NOT NULL,
  calibration TEXT NOT NULL,
  firmware TEXT NOT NULL,
  sample_rate_hz REAL NOT NULL,
  emulated INTEGER NOT NULL CHECK (emulated IN (0, 1)),
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  UNIQUE (kind, serial, calibration, firmware, sample_rate_hz)
) STRICT;

CREATE TABLE models (
  sha256 TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  path TEXT,
  first_seen TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE programs (
  id INTEGER PRIMARY KEY,
  program_hash TEXT NOT NULL,
  model_sha256 TEXT NOT NULL REFERENCES models (sha256),
  first_seen TEXT NOT NULL,
  UNIQUE (program_hash, model_sha256)
) STRICT;

-- Programs whose outputs were compared with TensorFlow Lite Micro.
CREATE TABLE reference_checks (
  program_hash TEXT NOT NULL,
  tflm_version TEXT NOT NULL,
  inputs INTEGER NOT NULL CHECK (inputs > 0),
  record TEXT NOT NULL,
  checked_at TEXT NOT NULL,
  PRIMARY KEY (program_hash, tflm_version)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted', 'failed')),
  mode TEXT NOT NULL CHECK (mode IN ('performance', 'energy', 'accuracy')),
  target_id TEXT NOT NULL,
  target_name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('measured', 'emulated', 'predicted', 'published')),
  model_sha256 TEXT NOT NULL REFERENCES models (sha256),
  program_id INTEGER REFERENCES programs (id),
  board_id INTEGER REFERENCES boards (id),
  monitor_id INTEGER REFERENCES monitors (id),
  firmware_hash TEXT,
  plan_json TEXT NOT NULL,
  identity_json TEXT,
  monitor_json TEXT,
  reference_check_json TEXT,
  assumptions_json TEXT NOT NULL,
  clock_plus_minus_ppm REAL,
  input_kind TEXT NOT NULL CHECK (input_kind IN ('dataset', 'random')),
  input_count INTEGER NOT NULL,
  inferences_per_window INTEGER,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  failure_json TEXT,
  -- which process measures, while status is running
  owner_boot TEXT,
  owner_namespace TEXT,
  owner_pid INTEGER,
  owner_started TEXT,
  -- the scores, once the run ended; computed from the rows below, here for lists and views
  latency_us REAL,
  throughput_per_s REAL,
  energy_uj_per_inference REAL,
  score REAL,
  valid INTEGER CHECK (valid IN (0, 1))
) STRICT;
CREATE INDEX runs_by_model ON runs (model_sha256);

CREATE TABLE traces (
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  sha256 TEXT,
  started_at TEXT NOT NULL,
  sample_rate_hz REAL NOT NULL,
  sample_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_traces (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  trace_id TEXT NOT NULL REFERENCES traces (id),
  PRIMARY KEY (run_id, trace_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  window_index INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('finished', 'excluded')),
  exclusion_json TEXT,
  input_name TEXT NOT NULL,
  input_sha256 TEXT NOT NULL,
  inferences INTEGER NOT NULL,
  warm_up INTEGER NOT NULL,
  duration_us REAL,
  output_check TEXT NOT NULL CHECK (output_check IN ('equal', 'equal-in-print', 'different', 'not-compared')),
  started_at TEXT NOT NULL,
  PRIMARY KEY (run_id, window_index, attempt)
) STRICT, WITHOUT ROWID;
-- a window counts once, whatever the number of tries
CREATE UNIQUE INDEX windows_finished_once ON windows (run_id, window_index) WHERE status = 'finished';

CREATE TABLE window_energies (
  run_id INTEGER NOT NULL,
  window_index INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  energy_uj REAL NOT NULL,
  net_uj REAL,
  idle_current_a REAL,
  mean_current_a REAL NOT NULL,
  duration_us REAL NOT NULL,
  supply_v REAL NOT NULL,
  supply_plus_minus_v REAL NOT NULL,
  supply_how TEXT NOT NULL CHECK (supply_how IN ('set-point', 'measured')),
  systematic_json TEXT NOT NULL,
  sample_count INTEGER NOT NULL,
  lost_samples INTEGER NOT NULL,
  coverage REAL NOT NULL,
  trace_id TEXT NOT NULL REFERENCES traces (id),
  trace_start_us REAL NOT NULL,
  trace_end_us REAL NOT NULL,
  warnings_json TEXT NOT NULL,
  PRIMARY KEY (run_id, window_index, attempt),
  FOREIGN KEY (run_id, window_index, attempt) REFERENCES windows (run_id, window_index, attempt) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE accuracy_items (
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  item_index INTEGER NOT NULL,
  name TEXT NOT NULL,
  label INTEGER NOT NULL,
  predicted INTEGER,
  scores_json TEXT NOT NULL,
  inferences INTEGER NOT NULL,
  output_check TEXT NOT NULL CHECK (output_check IN ('equal', 'equal-in-print', 'different', 'not-compared')),
  difference_json TEXT,
  PRIMARY KEY (run_id, item_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE op_profiles (
  run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  total_cycles INTEGER NOT NULL,
  clock_hz REAL NOT NULL,
  arena_high_bytes INTEGER,
  arena_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE op_cycles (
  run_id INTEGER NOT NULL REFERENCES op_profiles (run_id) ON DELETE CASCADE,
  op_index INTEGER NOT NULL,
  kernel TEXT NOT NULL,
  name TEXT NOT NULL,
  macs INTEGER NOT NULL,
  cycles INTEGER NOT NULL,
  PRIMARY KEY (run_id, op_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
  run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  basis TEXT NOT NULL,
  latency_json TEXT,
  energy_json TEXT
) STRICT;

CREATE TABLE predicted_ops (
  run_id INTEGER NOT NULL REFERENCES predictions (run_id) ON DELETE CASCADE,
  op_index INTEGER NOT NULL,
  kernel TEXT NOT NULL,
  cycles REAL NOT NULL,
  PRIMARY KEY (run_id, op_index)
) STRICT, WITHOUT ROWID;

-- Coefficients of a cost model, valid for one firmware and one timing model only.
CREATE TABLE calibrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  board_id TEXT NOT NULL,
  firmware_hash TEXT NOT NULL,
  timing_model TEXT NOT NULL,
  created_at TEXT NOT NULL,
  model_json TEXT NOT NULL
) STRICT;
CREATE INDEX calibrations_by_key ON calibrations (board_id, firmware_hash, timing_model, id);

CREATE TABLE calibration_layers (
  calibration_id INTEGER NOT NULL REFERENCES calibrations (id) ON DELETE CASCADE,
  layer_index INTEGER NOT NULL,
  kernel TEXT NOT NULL,
  macs INTEGER NOT NULL,
  outputs INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  cycles REAL NOT NULL,
  predicted_cycles REAL NOT NULL,
  PRIMARY KEY (calibration_id, layer_index)
) STRICT, WITHOUT ROWID;

-- Logic levels of a trace from this time on, where they were exported for queries; the trace file has them all.
CREATE TABLE edges (
  trace_id TEXT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
  at_us REAL NOT NULL,
  channel INTEGER NOT NULL,
  level INTEGER NOT NULL CHECK (level IN (0, 1)),
  PRIMARY KEY (trace_id, channel, at_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  event_json TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run_id, id);
