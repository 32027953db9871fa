/** kill -9 of the command line itself, in the middle of an energy run on the emulated bench. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { ppk2 } from '../../src-main/monitor/ppk2/descriptor.ts';
import { openStore } from '../../src-main/store/store.ts';
import { TraceFile } from '../../src-main/store/trace-file.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { microjoule, scratch } from '../e2e/cli-process.ts';
import { root } from '../needs.ts';

let place: ReturnType<typeof scratch>;
beforeEach(() => void (place = scratch()));
afterEach(() => place.remove());

const cli = join(root, 'src-main/hosts/cli/bin.mjs');
const model = join(root, 'models/tiny-ad.tflite');

it('keeps database, finished windows and the trace up to its last commit; --resume finishes the run', async () => {
  const db = join(place.dir, 'bench.db');
  // in a process group of its own: the pinned Node is a child of the launcher
  const child = spawn(
    process.execPath,
    [cli, 'run', model, '--mode', 'energy', '--window-s', '2', '--windows', '5', '--db', db],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  let said = '';
  await new Promise<void>((inThird, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('window 3/5')) inThird();
    });
    void closed.then(() => reject(new Error(`ended before window 3: ${said}`)));
  });
  process.kill(-child.pid!, 'SIGKILL');
  await closed;

  const store = orThrow(openStore(db));
  expect(store.recovered).toEqual([1]);
  orThrow(store.integrity());
  const left = orThrow(store.runs.result(1));
  store.close();
  expect(left).toMatchObject({ status: 'interrupted', failure: { id: 'run.process-died' } });
  expect(left.windows.map((w) => [w.index, w.status])).toEqual([
    [0, 'finished'],
    [1, 'finished'],
  ]);

  const [reference] = left.traces;
  expect(existsSync(reference!.path)).toBe(true);
  {
    using file = orThrow(TraceFile.open(reference!.path));
    const trace = new Trace(file, ppk2.codec);
    const rate = trace.header.sampleRateHz;
    for (const w of left.windows) {
      const { traceStartUs, traceEndUs, meanCurrentA } = w.energy!;
      expect(trace.lengthSamples).toBeGreaterThanOrEqual((traceEndUs * rate) / 1e6);
      const span = orThrow(trace.span((traceStartUs * rate) / 1e6, (traceEndUs * rate) / 1e6));
      expect(span.ampereSamples / span.coveredSamples).toBeCloseTo(meanCurrentA, 12);
    }
  }

  const resumed = await microjoule(['run', '--resume', '1', '--db', db, '--json']);
  expect(resumed.code, resumed.stderr).toBe(0);
  const done = orThrow(openStore(db, { readOnly: true }));
  const result = orThrow(done.runs.result(1));
  done.close();
  expect(result).toMatchObject({ status: 'finished', failure: null });
  expect(result.windows.map((w) => w.index)).toEqual([0, 1, 2, 3, 4]);
  expect(result.windows.slice(0, 2)).toEqual(left.windows);
  expect(result.traces.length).toBe(2);
}, 60_000);
