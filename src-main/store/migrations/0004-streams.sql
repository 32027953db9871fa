-- Stream runs: live samples into a device, its answers back. Samples themselves are kept in a recording folder, if any.

CREATE TABLE streams (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted', 'failed')),
  target_id TEXT NOT NULL,
  target_name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('measured', 'emulated', 'predicted', 'published')),
  model_sha256 TEXT NOT NULL REFERENCES models (sha256),
  program_hash TEXT NOT NULL,
  firmware_hash TEXT,
  plan_json TEXT NOT NULL,
  identity_json TEXT,
  assumptions_json TEXT NOT NULL,
  recording TEXT,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  -- what follows is written once the stream ended
  duration_us REAL NOT NULL DEFAULT 0,
  counters_json TEXT NOT NULL DEFAULT '{}',
  dropped_json TEXT NOT NULL DEFAULT '[]',
  truth_json TEXT,
  figures_json TEXT,
  scores_json TEXT,
  energy_json TEXT,
  notes_json TEXT NOT NULL DEFAULT '[]',
  failure_json TEXT,
  -- which process streams, while status is running
  owner_boot TEXT,
  owner_namespace TEXT,
  owner_pid INTEGER,
  owner_started TEXT
) STRICT;
CREATE INDEX streams_by_model ON streams (model_sha256);

CREATE TABLE stream_windows (
  stream_id INTEGER NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  window_index INTEGER NOT NULL,
  last_sample INTEGER NOT NULL,
  top_class INTEGER NOT NULL,
  top_score REAL NOT NULL,
  outputs_json TEXT NOT NULL,
  front_end_us REAL NOT NULL,
  inference_us REAL NOT NULL,
  device_latency_us REAL NOT NULL,
  latency_us REAL NOT NULL,
  queued_bytes INTEGER NOT NULL,
  twin TEXT NOT NULL CHECK (twin IN ('equal', 'differs', 'unknown')),
  PRIMARY KEY (stream_id, window_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_detections (
  stream_id INTEGER NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  window_index INTEGER NOT NULL,
  last_sample INTEGER NOT NULL,
  label TEXT NOT NULL,
  score REAL NOT NULL,
  at_us REAL NOT NULL,
  twin TEXT NOT NULL CHECK (twin IN ('equal', 'differs', 'unknown')),
  PRIMARY KEY (stream_id, window_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_gaps (
  stream_id INTEGER NOT NULL REFERENCES streams (id) ON DELETE CASCADE,
  first_sample INTEGER NOT NULL,
  sample_count INTEGER NOT NULL,
  cause TEXT NOT NULL,
  PRIMARY KEY (stream_id, first_sample, sample_count)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_streams AS
SELECT
  s.id AS stream_id, s.status, s.source, s.target_id, s.target_name, m.name AS model, s.model_sha256, s.program_hash,
  s.firmware_hash, json_extract(s.plan_json, '$.source.kind') AS source_kind,
  json_extract(s.plan_json, '$.source.name') AS sample_source,
  json_extract(s.plan_json, '$.sampleRateHz') AS sample_rate_hz,
  json_extract(s.plan_json, '$.frontEnd') AS front_end, json_extract(s.plan_json, '$.encoding') AS encoding,
  s.duration_us,
  (SELECT count(*) FROM stream_windows w WHERE w.stream_id = s.id) AS windows,
  (SELECT count(*) FROM stream_windows w WHERE w.stream_id = s.id AND w.twin = 'equal') AS windows_equal,
  (SELECT count(*) FROM stream_detections d WHERE d.stream_id = s.id) AS detections,
  (SELECT coalesce(sum(g.sample_count), 0) FROM stream_gaps g WHERE g.stream_id = s.id) AS lost_samples,
  json_extract(s.figures_json, '$.latency.medianUs') AS latency_median_us,
  json_extract(s.figures_json, '$.latency.p99Us') AS latency_p99_us,
  json_extract(s.figures_json, '$.realTimeFactor') AS real_time_factor,
  json_extract(s.figures_json, '$.frontEndDuty') AS front_end_duty,
  json_extract(s.figures_json, '$.inferenceDuty') AS inference_duty,
  json_extract(s.scores_json, '$.words.truePositives') AS true_positives,
  json_extract(s.scores_json, '$.words.falseNegatives') AS false_negatives,
  json_extract(s.scores_json, '$.words.falsePositives') AS false_positives,
  json_extract(s.scores_json, '$.segments.accuracy') AS segment_accuracy,
  json_extract(s.energy_json, '$.energyUj') AS energy_uj,
  json_extract(s.failure_json, '$.id') AS failure, s.started_at, s.ended_at
FROM streams s
JOIN models m ON m.sha256 = s.model_sha256;

CREATE VIEW v_stream_windows AS
SELECT
  stream_id, window_index, last_sample, top_class, top_score, front_end_us, inference_us, device_latency_us, latency_us,
  queued_bytes, twin
FROM stream_windows;

CREATE VIEW v_stream_detections AS
SELECT stream_id, window_index, last_sample, label, score, at_us, twin FROM stream_detections;
