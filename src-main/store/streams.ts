import { z } from 'zod';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import {
  DeviceIdentity,
  FailureDto,
  GroundTruth,
  StreamCountersDto,
  StreamEnergy,
  StreamFigures,
  StreamRunPlan,
  StreamScores,
  type StreamDetectionRow,
  type StreamGapDto,
  type StreamResult,
  type StreamStatus,
  type StreamSummary,
  type StreamWindowRow,
} from '../contract/index.ts';
import { Table, type Row, type StoreContext } from './context.ts';
import { modelRow } from './models.ts';
import { ownerOf } from './owner.ts';
import { jsonOrNull, parsed, parsedOrNull } from './rows.ts';

export type NewStream = Pick<
  StreamResult,
  | 'source'
  | 'targetName'
  | 'identity'
  | 'programHash'
  | 'firmwareHash'
  | 'plan'
  | 'startedAt'
  | 'assumptions'
  | 'recording'
>;

/** What came since the last time; one transaction. */
export interface StreamRows {
  readonly windows: readonly StreamWindowRow[];
  readonly detections: readonly StreamDetectionRow[];
  readonly gaps: readonly StreamGapDto[];
}

/** Stream runs and all that belongs to them. */
export class Streams {
  readonly #t: Table;

  constructor(context: StoreContext) {
    this.#t = new Table(context);
  }

  begin(stream: NewStream): Result<number> {
    const t = this.#t;
    const { self } = t.context;
    return t.write(() => {
      modelRow(t, stream.plan.model, stream.startedAt);
      return t.run(
        `INSERT INTO streams (status, target_id, target_name, source, model_sha256, program_hash, firmware_hash, plan_json,
           identity_json, assumptions_json, recording, started_at, owner_boot, owner_namespace, owner_pid, owner_started)
         VALUES ('running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        stream.plan.targetId,
        stream.targetName,
        stream.source,
        stream.plan.model.sha256,
        stream.programHash,
        stream.firmwareHash,
        JSON.stringify(stream.plan),
        jsonOrNull(stream.identity),
        JSON.stringify(stream.assumptions),
        stream.recording,
        stream.startedAt,
        self.boot,
        self.namespace,
        self.pid,
        self.started,
      );
    });
  }

  append(streamId: number, rows: StreamRows): Result<void> {
    const t = this.#t;
    return t.write(() => {
      for (const w of rows.windows) putStreamWindow(t, streamId, w);
      for (const d of rows.detections) putDetection(t, streamId, d);
      for (const g of rows.gaps) putGap(t, streamId, g);
    });
  }

  end(result: StreamResult): Result<void> {
    const t = this.#t;
    return t.write(
      () =>
        void t.run(
          `UPDATE streams SET status = ?, ended_at = ?, duration_us = ?, counters_json = ?, dropped_json = ?, truth_json = ?, figures_json = ?, scores_json = ?,
             energy_json = ?, notes_json = ?, failure_json = ?, owner_boot = NULL, owner_namespace = NULL,
             owner_pid = NULL, owner_started = NULL WHERE id = ?`,
          result.status,
          result.endedAt,
          result.durationUs,
          JSON.stringify(result.counters),
          JSON.stringify(result.dropped),
          jsonOrNull(result.truth),
          jsonOrNull(result.figures),
          jsonOrNull(result.scores),
          jsonOrNull(result.energy),
          JSON.stringify(result.notes),
          jsonOrNull(result.failure),
          result.streamId,
        ),
    );
  }

  /** As stored; a stream whose process died in the middle reads `interrupted`. */
  result(streamId: number): Result<StreamResult> {
    const t = this.#t;
    const read = t.read((): StreamResult | null => {
      const row = t.get('SELECT * FROM streams WHERE id = ?', streamId);
      return row ? this.#resultOf(row) : null;
    });
    if (!read.ok) return read;
    return read.value === null ? noStream(t.context.path, streamId) : ok(read.value);
  }

  windows(streamId: number): Result<StreamWindowRow[]> {
    const t = this.#t;
    return t.read(() =>
      t.all('SELECT * FROM stream_windows WHERE stream_id = ? ORDER BY window_index', streamId).map(windowOf),
    );
  }

  /** Newest first. */
  list(limit = 1000): Result<StreamSummary[]> {
    const t = this.#t;
    return t.read(() =>
      t
        .all(
          `SELECT v.*, s.owner_boot, s.owner_namespace, s.owner_pid, s.owner_started
           FROM v_streams v JOIN streams s ON s.id = v.stream_id ORDER BY v.stream_id DESC LIMIT ?`,
          limit,
        )
        .map((r) => this.#summaryOf(r)),
    );
  }

  #statusOf(row: Row): StreamStatus {
    const status = row.status as StreamStatus;
    return status === 'running' && this.#t.context.liveness(ownerOf(row)) === 'dead' ? 'interrupted' : status;
  }

  #resultOf(row: Row): StreamResult {
    const text = (column: string) => row[column] as string | null;
    const id = row.id as number;
    const json = <S extends z.ZodType>(schema: S, column: string) =>
      parsedOrNull(schema, `streams.${column}`, text(column));
    return {
      streamId: id,
      status: this.#statusOf(row),
      source: row.source as StreamResult['source'],
      targetName: text('target_name')!,
      identity: json(DeviceIdentity, 'identity_json'),
      programHash: text('program_hash')!,
      firmwareHash: text('firmware_hash'),
      plan: parsed(StreamRunPlan, 'streams.plan_json', text('plan_json')!),
      startedAt: text('started_at')!,
      endedAt: text('ended_at'),
      durationUs: row.duration_us as number,
      counters: parsed(StreamCountersDto, 'streams.counters_json', text('counters_json')!),
      gaps: gapsOf(this.#t, id),
      detections: detectionsOf(this.#t, id),
      dropped: parsed(z.array(z.number()), 'streams.dropped_json', text('dropped_json')!),
      truth: json(GroundTruth, 'truth_json'),
      figures: json(StreamFigures, 'figures_json'),
      scores: json(StreamScores, 'scores_json'),
      energy: json(StreamEnergy, 'energy_json'),
      recording: text('recording'),
      assumptions: parsed(z.array(z.string()), 'streams.assumptions_json', text('assumptions_json')!),
      notes: parsed(z.array(z.string()), 'streams.notes_json', text('notes_json')!),
      failure: json(FailureDto, 'failure_json'),
    };
  }

  #summaryOf(r: Row): StreamSummary {
    return {
      streamId: r.stream_id as number,
      status: this.#statusOf(r),
      modelName: r.model as string,
      targetId: r.target_id as string,
      source: r.source as StreamSummary['source'],
      sampleSource: r.sample_source as string,
      startedAt: r.started_at as string,
      durationUs: r.duration_us as number,
      windows: r.windows as number,
      detections: r.detections as number,
      lostSamples: r.lost_samples as number,
      latencyMedianUs: r.latency_median_us as number | null,
      realTimeFactor: r.real_time_factor as number | null,
    };
  }
}

function putStreamWindow(t: Table, streamId: number, w: StreamWindowRow): void {
  t.run(
    `INSERT INTO stream_windows (stream_id, window_index, last_sample, top_class, top_score, outputs_json, front_end_us,
       inference_us, device_latency_us, latency_us, queued_bytes, twin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    streamId,
    w.index,
    w.lastSample,
    w.topClass,
    w.topScore,
    JSON.stringify(w.outputs),
    w.frontEndUs,
    w.inferenceUs,
    w.deviceLatencyUs,
    w.latencyUs,
    w.queuedBytes,
    w.twin,
  );
}

function putDetection(t: Table, streamId: number, d: StreamDetectionRow): void {
  t.run(
    `INSERT INTO stream_detections (stream_id, window_index, last_sample, label, score, at_us, twin)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    streamId,
    d.windowIndex,
    d.lastSample,
    d.label,
    d.score,
    d.atUs,
    d.twin,
  );
}

function putGap(t: Table, streamId: number, g: StreamGapDto): void {
  t.run(
    'INSERT INTO stream_gaps (stream_id, first_sample, sample_count, cause) VALUES (?, ?, ?, ?)',
    streamId,
    g.firstSample,
    g.sampleCount,
    g.cause,
  );
}

function windowOf(r: Row): StreamWindowRow {
  return {
    index: r.window_index as number,
    lastSample: r.last_sample as number,
    topClass: r.top_class as number,
    topScore: r.top_score as number,
    outputs: parsed(z.array(z.number()), 'stream_windows.outputs_json', r.outputs_json as string),
    frontEndUs: r.front_end_us as number,
    inferenceUs: r.inference_us as number,
    deviceLatencyUs: r.device_latency_us as number,
    latencyUs: r.latency_us as number,
    queuedBytes: r.queued_bytes as number,
    twin: r.twin as StreamWindowRow['twin'],
  };
}

function detectionsOf(t: Table, streamId: number): StreamDetectionRow[] {
  return t
    .all('SELECT * FROM stream_detections WHERE stream_id = ? ORDER BY window_index', streamId)
    .map((r) => ({
      label: r.label as string,
      score: r.score as number,
      windowIndex: r.window_index as number,
      lastSample: r.last_sample as number,
      atUs: r.at_us as number,
      twin: r.twin as StreamDetectionRow['twin'],
    }));
}

function gapsOf(t: Table, streamId: number): StreamGapDto[] {
  return t.all('SELECT * FROM stream_gaps WHERE stream_id = ? ORDER BY first_sample', streamId).map((r) => ({
    firstSample: r.first_sample as number,
    sampleCount: r.sample_count as number,
    cause: r.cause as string,
  }));
}

function noStream(path: string, streamId: number): Failure {
  return fail(
    'store.no-stream',
    { path, streamId },
    'The database has no stream run with this number.',
    'List them with microjoule stream list.',
  );
}
