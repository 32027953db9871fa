import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { fail, ok, orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { calibrate, type Calibration, type ProfilingDevice } from '../../../src-main/calibrate/calibrate.ts';
import { calibrationLayers } from '../../../src-main/calibrate/layers.ts';
import { candidatesOf } from '../../../src-main/compile/candidates.ts';
import { kernelRecords } from '../../../src-main/compile/kernels.ts';
import { workOf } from '../../../src-main/model/graph-check.ts';
import { viewOp } from '../../../src-main/model/op-view.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { kernelName } from '../../../src-main/predict/features.ts';
import { predictCycles } from '../../../src-main/predict/cost-model.ts';
import { prepare } from '../../../src-main/core.ts';
import { join } from 'node:path';
import { root } from '../../needs.ts';
import { openBench, type Bench } from '../core/core-fixture.ts';

describe('the layers of a calibration', () => {
  it('are at least 60 valid models, nearly all different, the same for the same seed', () => {
    const layers = calibrationLayers(3);
    expect(layers.length).toBeGreaterThanOrEqual(60);
    const files = layers.map((l) => writeModel(l.spec));
    expect(calibrationLayers(3).map((l) => Buffer.from(writeModel(l.spec)).toString('base64'))).toEqual(
      files.map((f) => Buffer.from(f).toString('base64')),
    );
    // small operators of few sizes may be drawn twice
    const different = new Set(files.map((f) => Buffer.from(f).toString('base64'))).size;
    expect(different).toBeGreaterThan(0.95 * layers.length);
  });

  it('are at least five for every kernel that may be chosen for the board', () => {
    const counts = new Map<string, number>();
    for (const layer of calibrationLayers(1)) {
      const graph = orThrow(readModel(writeModel(layer.spec), layer.name));
      const view = viewOp(graph, graph.ops[0]!);
      for (const { record } of candidatesOf(view, workOf(view), pico).able)
        counts.set(kernelName(record.kernel), (counts.get(kernelName(record.kernel)) ?? 0) + 1);
    }
    const wanted = kernelRecords
      .filter((r) => r.cores === 'all' || r.cores.includes(pico.core.id))
      .map((r) => kernelName(r.kernel));
    expect([...counts.keys()].sort()).toEqual([...new Set(wanted)].sort());
    expect([...counts].filter(([, n]) => n < 5)).toEqual([]);
  });
});

/** Their time is that of calls of memcpy; how long the pieces are is none of the features. */
const pieceByPiece = ['Concatenate', 'Move', 'ResizeNearest', 'Split'];

describe('a calibration of the emulated Pico', () => {
  let bench: Bench;
  let done: Calibration;
  beforeAll(async () => {
    bench = await openBench();
    done = orThrow(await bench.core.calibrate('pico-emulated', 2, {}, {}));
  }, 60_000);
  afterAll(() => bench[Symbol.asyncDispose]());

  it('measures at least 60 layers and stores the cost model with every residual', () => {
    const { firmwareHash, board, timingModel } = done.model;
    expect(done.samples.length).toBeGreaterThanOrEqual(60);
    const stored = orThrow(bench.core.store.calibrations.latest({ board, firmwareHash, timingModel }))!;
    expect(stored.model).toEqual(done.model);
    const rows = orThrow(bench.core.store.calibrations.layers(stored.id));
    expect(rows.length).toBe(done.samples.length);
    for (const [kernel, cost] of Object.entries(done.model.kernels)) {
      const residuals = rows
        .filter((r) => r.kernel === kernel)
        .map((r) => Math.abs(r.predictedCycles / r.cycles - 1));
      expect(residuals.length).toBe(cost.n);
      expect(Math.max(...residuals)).toBeCloseTo(cost.residuals.worst, 9);
      expect(cost.residuals.mape, kernel).toBeLessThan(pieceByPiece.includes(kernel) ? 0.5 : 0.1);
    }
  });

  it('is refused for another build of the firmware', () => {
    const { program } = orThrow(prepare(join(root, 'models/kws-syn.tflite'), 'pico-emulated'));
    expect(predictCycles(done.model, program, 'ffffffff', null)).toMatchObject({
      ok: false,
      id: 'predict.other-firmware',
      facts: { calibrated: done.model.firmwareHash, firmware: 'ffffffff' },
    });
  });

  it('predicts a network that is not among the layers within its interval', async () => {
    const modelPath = join(root, 'models/kws-syn.tflite');
    const run = orThrow(
      await bench.core.run({
        modelPath,
        targetId: 'pico-emulated',
        mode: 'performance',
        windows: 1,
        windowS: 0.2,
      }),
    );
    const { latency } = run.prediction!;
    expect(run.prediction!.basis).toContain(`${done.samples.length} layers`);
    expect(run.latency!.value).toBeGreaterThan(latency!.interval.low!);
    expect(run.latency!.value).toBeLessThan(latency!.interval.high!);
    // and the interval says something
    expect(latency!.interval.high! / latency!.interval.low!).toBeLessThan(2);
  });
});

describe('a calibration that cannot be finished', () => {
  const device = (over: Partial<ProfilingDevice>): ProfilingDevice => ({
    identity: { firmwareHash: '12345678', board: 'pico', clockHz: 125e6 },
    load: async () => ok(),
    profile: async () => ok({ ops: [{ index: 0, cycles: 1000 }] }),
    ...over,
  });
  const options = { board: pico, timingModel: 'test', seed: 1 };

  it('is no calibration: stopped, or a board that goes away', async () => {
    const stop = new AbortController();
    const onLayer = (n: number) => {
      if (n === 4) stop.abort();
    };
    expect(await calibrate(device({}), { ...options, signal: stop.signal, onLayer })).toMatchObject({
      ok: false,
      id: 'run.interrupted',
      facts: { layers: 5 },
    });
    const lost = fail('link.closed', {}, 'gone', 'plug it in');
    expect(await calibrate(device({ profile: async () => lost }), options)).toBe(lost);
  });
});
