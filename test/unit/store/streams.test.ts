import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { StreamResult, StreamWindowRow } from '../../../src-main/contract/index.ts';
import { openStore, type StoreOptions } from '../../../src-main/store/store.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mj-streams-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const open = (options: StoreOptions = {}) => orThrow(openStore(join(dir, 'db.sqlite'), options));

const begun = {
  source: 'emulated' as const,
  targetName: 'Fake',
  identity: null,
  programHash: '01234567',
  firmwareHash: null,
  plan: {
    model: { name: 'm', sha256: 'ab'.repeat(32), path: null },
    targetId: 'fake',
    source: { kind: 'generator' as const, name: 'gen:kws', sha256: null, details: ['seed 1'] },
    sampleKind: 'audio' as const,
    channels: 1,
    sampleRateHz: 16000,
    classes: ['yes', 'no'],
    frontEnd: 'device' as const,
    encoding: 'int16',
    reason: 'fits',
    baud: 921_600,
    lineBytesPerS: 33_000,
    lineCapacityBytesPerS: 92_160,
    windowSamples: 15_840,
    hopSamples: 8000,
    detection: { smoothingWindows: 1, threshold: 0.6, refractorySamples: 16_000, ignored: [] },
  },
  startedAt: '2020-01-01T00:00:00Z',
  assumptions: ['assumed'],
  recording: null,
};

const window = (index: number): StreamWindowRow => ({
  index,
  lastSample: 15_839 + 8000 * index,
  topClass: 1,
  topScore: 0.75,
  outputs: [0.25, 0.75],
  frontEndUs: 1.5,
  inferenceUs: 2.5,
  deviceLatencyUs: 3.5,
  latencyUs: 4.5,
  queuedBytes: 7,
  twin: 'equal',
});
const detection = {
  label: 'no',
  score: 0.75,
  windowIndex: 1,
  lastSample: 23_839,
  atUs: 1.5e6,
  twin: 'equal' as const,
};
const gap = { firstSample: 100, sampleCount: 50, cause: 'line' };

const ended = (streamId: number): StreamResult => ({
  streamId,
  ...begun,
  status: 'finished',
  endedAt: '2020-01-01T00:01:00Z',
  durationUs: 2e6,
  counters: { windows: 2 },
  gaps: [gap],
  detections: [detection],
  dropped: [5],
  truth: { kind: 'words', spans: [{ label: 'no', startUs: 1, endUs: 2 }], origin: 'test' },
  figures: null,
  scores: null,
  energy: null,
  notes: ['a note'],
  failure: null,
});

describe('stream runs in the database', () => {
  it('are read back as they ended, by another process too', () => {
    const store = open();
    const id = orThrow(store.streams.begin(begun));
    orThrow(store.streams.append(id, { windows: [window(0)], detections: [], gaps: [gap] }));
    orThrow(store.streams.append(id, { windows: [window(1)], detections: [detection], gaps: [] }));
    orThrow(store.streams.end(ended(id)));
    expect(orThrow(store.streams.result(id))).toEqual(ended(id));
    store.close();
    const reader = open({ readOnly: true });
    expect(orThrow(reader.streams.result(id))).toEqual(ended(id));
    expect(orThrow(reader.streams.windows(id))).toEqual([window(0), window(1)]);
    expect(orThrow(reader.streams.list())).toMatchObject([
      { streamId: id, status: 'finished', modelName: 'm', windows: 2, detections: 1, lostSamples: 50 },
    ]);
    expect(orThrow(reader.views.read('v_stream_detections')).rows).toHaveLength(1);
    reader.close();
  });

  it('are kept up to the last rows when their process dies, and read interrupted', () => {
    const store = open({ self: { boot: 'b', namespace: 'n', pid: 999_999, started: '1' } });
    const id = orThrow(store.streams.begin(begun));
    orThrow(store.streams.append(id, { windows: [window(0)], detections: [], gaps: [] }));
    store.close();
    for (const [liveness, status] of [
      ['dead', 'interrupted'],
      ['alive', 'running'],
    ] as const) {
      const later = open({ liveness: () => liveness });
      expect(orThrow(later.streams.result(id)).status).toBe(status);
      expect(orThrow(later.streams.list())[0]).toMatchObject({ status, windows: 1 });
      expect(orThrow(later.streams.windows(id))).toEqual([window(0)]);
      later.close();
    }
  });

  it('a batch is all or nothing: a window that is there already takes nothing with it', () => {
    const store = open();
    const id = orThrow(store.streams.begin(begun));
    orThrow(store.streams.append(id, { windows: [window(0)], detections: [], gaps: [] }));
    const twice = () =>
      store.streams.append(id, { windows: [window(1), window(0)], detections: [], gaps: [] });
    let failed: boolean;
    try {
      failed = !twice().ok;
    } catch {
      failed = true;
    }
    expect(failed).toBe(true);
    expect(orThrow(store.streams.windows(id))).toEqual([window(0)]);
    store.close();
  });

  it('a number that is none is a clear error', () => {
    const store = open();
    expect(store.streams.result(7)).toMatchObject({ ok: false, id: 'store.no-stream' });
    store.close();
  });
});
