-- What other programs may read: these views keep their columns (new ones are added at the end), tables may change.

CREATE VIEW v_runs AS
SELECT
  r.id AS run_id, r.status, r.mode, r.source, r.target_id, r.target_name,
  m.name AS model, r.model_sha256, p.program_hash, r.firmware_hash,
  b.board_id AS board, b.serial AS board_serial,
  mo.kind AS monitor, mo.serial AS monitor_serial, mo.calibration AS monitor_calibration,
  json_extract(r.plan_json, '$.benchmark') AS benchmark,
  json_extract(r.plan_json, '$.windows') AS windows_planned,
  (SELECT count(*) FROM windows w WHERE w.run_id = r.id AND w.status = 'finished') AS windows_finished,
  (SELECT count(*) FROM windows w WHERE w.run_id = r.id AND w.status = 'excluded') AS windows_excluded,
  (SELECT count(*) FROM accuracy_items a WHERE a.run_id = r.id) AS items,
  r.inferences_per_window, r.latency_us, r.throughput_per_s, r.energy_uj_per_inference, r.score, r.valid,
  json_extract(r.failure_json, '$.id') AS failure,
  r.started_at, r.ended_at
FROM runs r
JOIN models m ON m.sha256 = r.model_sha256
LEFT JOIN programs p ON p.id = r.program_id
LEFT JOIN boards b ON b.id = r.board_id
LEFT JOIN monitors mo ON mo.id = r.monitor_id;

CREATE VIEW v_windows AS
SELECT
  w.run_id, r.mode, r.source, w.window_index, w.attempt, w.status, json_extract(w.exclusion_json, '$.id') AS exclusion,
  w.input_name, w.input_sha256, w.inferences, w.warm_up, w.duration_us,
  w.duration_us / w.inferences AS latency_us,
  w.inferences * 1e6 / w.duration_us AS throughput_per_s,
  e.energy_uj, e.net_uj, e.energy_uj / w.inferences AS energy_uj_per_inference,
  e.net_uj / w.inferences AS net_uj_per_inference,
  e.mean_current_a, e.idle_current_a, e.supply_v, e.supply_plus_minus_v, e.supply_how,
  e.sample_count, e.lost_samples, e.coverage, e.trace_id, e.trace_start_us, e.trace_end_us,
  w.output_check, w.started_at
FROM windows w
JOIN runs r ON r.id = w.run_id
LEFT JOIN window_energies e USING (run_id, window_index, attempt);

CREATE VIEW v_items AS
SELECT
  a.run_id, r.source, m.name AS model, a.item_index, a.name, a.label, a.predicted,
  a.predicted = a.label AS correct, a.scores_json, a.inferences, a.output_check
FROM accuracy_items a
JOIN runs r ON r.id = a.run_id
JOIN models m ON m.sha256 = r.model_sha256;

CREATE VIEW v_op_profile AS
SELECT
  c.run_id, r.source, m.name AS model, r.target_id, r.firmware_hash, c.op_index, c.kernel, c.name, c.macs, c.cycles,
  1.0 * c.cycles / nullif(c.macs, 0) AS cycles_per_mac,
  1.0 * c.cycles / o.total_cycles AS share,
  c.cycles * 1e6 / o.clock_hz AS time_us,
  p.cycles AS predicted_cycles,
  p.cycles / c.cycles - 1 AS residual
FROM op_cycles c
JOIN op_profiles o USING (run_id)
JOIN runs r ON r.id = c.run_id
JOIN models m ON m.sha256 = r.model_sha256
LEFT JOIN predicted_ops p USING (run_id, op_index);

CREATE VIEW v_predictions AS
SELECT
  p.run_id, m.name AS model, r.target_id, p.basis,
  json_extract(p.latency_json, '$.value') AS predicted_latency_us, r.latency_us,
  json_extract(p.latency_json, '$.value') / r.latency_us - 1 AS latency_residual,
  json_extract(p.energy_json, '$.value') AS predicted_energy_uj, r.energy_uj_per_inference,
  json_extract(p.energy_json, '$.value') / r.energy_uj_per_inference - 1 AS energy_residual
FROM predictions p
JOIN runs r ON r.id = p.run_id
JOIN models m ON m.sha256 = r.model_sha256;

CREATE VIEW v_traces AS
SELECT rt.run_id, t.id AS trace_id, t.path, t.sha256, t.started_at, t.sample_rate_hz, t.sample_count
FROM run_traces rt
JOIN traces t ON t.id = rt.trace_id;

CREATE VIEW v_events AS
SELECT id, run_id, at, type, event_json FROM events;

CREATE VIEW v_notes AS
SELECT id, run_id, at, text FROM notes;
