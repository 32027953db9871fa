import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok, orThrow } from '../../../src-main/base/errors.ts';
import type { ModelGraph, TensorHistogram } from '../../../src-main/contract/bench/graphs.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../../src-main/contract/bench/methods.ts';
import type { RunResult } from '../../../src-main/contract/index.ts';
import { createCore, prepare, type Core } from '../../../src-main/core.ts';
import { modelGraph } from '../../../src-main/core/model-graph.ts';
import { BenchService } from '../../../src-main/hosts/bench/service.ts';
import { kernelName } from '../../../src-main/predict/features.ts';
import { reportHtml } from '../../../src-main/report/html.ts';
import { buildReport } from '../../../src-main/report/report-model.ts';
import { reportInput } from '../../../src-main/core/report-input.ts';
import { root } from '../../needs.ts';

const shipped = ['tiny-ad', 'har-syn', 'kws-syn'] as const;
let dir: string;
let core: Core;
let service: BenchService;

/** A cost model of today's firmware and kernels, whatever was calibrated: what it says only has to be a prediction. */
function plausibleCostModel(folder: string): string {
  const prepared = shipped.map((name) =>
    orThrow(prepare(join(root, `models/${name}.tflite`), 'pico-emulated')),
  );
  const { target, image } = prepared[0]!;
  const kernels = new Set(prepared.flatMap((p) => p.program.ops.map((op) => kernelName(op.kernel))));
  const cost = { a: 6, b: 9, c: 0.5, d: 900, n: 8, residuals: { mape: 0.1, worst: 0.2, std: 0.1 } };
  const model = {
    format: 1,
    board: target.board.id,
    firmwareHash: image.firmwareHash,
    timingModel: target.timingModel,
    clockHz: target.board.clockHz,
    kernels: Object.fromEntries([...kernels].map((k) => [k, { ...cost, maxMacs: 1e6, maxOutputs: 1e5 }])),
  };
  mkdirSync(folder);
  writeFileSync(join(folder, 'pico.json'), JSON.stringify(model));
  return folder;
}

/** Runs 1–3: one of each model that comes with the product; 4: energy of the first. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mj-bench-results-'));
  core = orThrow(
    await createCore({
      dbPath: join(dir, 'bench.db'),
      calibrationsDir: plausibleCostModel(join(dir, 'calibrations')),
    }),
  );
  service = new BenchService(core, {
    host: 'in-process',
    modelsDir: join(root, 'models'),
    version: '0',
    printPdf: (html) => Promise.resolve(ok(new TextEncoder().encode(`printed ${html.length}`))),
  });
  const plan = { targetId: 'pico-emulated', windowS: 0.05 } as const;
  for (const name of shipped)
    orThrow(
      await core.run({
        ...plan,
        modelPath: join(root, `models/${name}.tflite`),
        mode: 'performance',
        windows: 2,
      }),
    );
  orThrow(
    await core.run({ ...plan, modelPath: join(root, 'models/tiny-ad.tflite'), mode: 'energy', windows: 3 }),
  );
}, 60_000);
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await core[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const ask = async <M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>> =>
  orThrow(await service.request(method, input)) as MethodOutput<M>;
const refused = async (method: string, input: unknown): Promise<string> => {
  const answer = await service.request(method, input);
  return answer.ok ? 'answered' : answer.id;
};

describe('results over the bench', () => {
  it('rows carry every figure with its uncertainty and every window', async () => {
    const rows = await ask('results.list', {});
    expect(rows.map((r) => [r.run.runId, r.run.modelName, r.run.mode])).toEqual([
      [4, 'tiny-ad', 'energy'],
      [3, 'kws-syn', 'performance'],
      [2, 'har-syn', 'performance'],
      [1, 'tiny-ad', 'performance'],
    ]);
    const [energy] = rows;
    expect(energy!.energy?.unit).toBe('uJ/inf');
    expect(energy!.windows.filter((w) => !w.excluded)).toHaveLength(3);
    // the dots are what the median is the median of
    const sorted = energy!.windows
      .filter((w) => !w.excluded)
      .map((w) => w.value)
      .sort((a, b) => a - b);
    expect(energy!.energy!.value).toBeCloseTo(sorted[1]!, 9);
    expect(energy).toMatchObject({ hasProfile: true, hasLayers: true, hasPrediction: true, notes: 0 });
    expect(await ask('results.list', { limit: 1 })).toHaveLength(1);
  });

  it('a window that is left out by hand is out at once, and in again', async () => {
    // the last try of the window: one before it may have been voided
    const excluded = async () =>
      (await ask('results.list', {})).find((r) => r.run.runId === 4)!.windows.findLast((w) => w.index === 1)!
        .excluded;
    expect(await excluded()).toBe(false);
    await ask('runs.excludeWindow', { runId: 4, window: 1, reason: 'the door slammed' });
    expect(await excluded()).toBe(true);
    await ask('runs.countWindow', { runId: 4, window: 1 });
    expect(await excluded()).toBe(false);
  });

  it('compares as the command line does', async () => {
    const [compared] = await ask('results.compare', { baseline: 1, runs: [3] });
    expect(compared).toMatchObject({ baseline: 1, runId: 3, sameBench: true });
    expect(compared!.figures).toMatchObject([{ figure: 'latency', verdict: 'worse' }]);
    expect(await refused('results.compare', { baseline: 99, runs: [1] })).toBe('store.no-run');
    expect(await refused('results.compare', { baseline: 1, runs: [0] })).toBe('bench.bad-input');
  });

  it('notes are written, removed, and put back where they were', async () => {
    const note = await ask('results.addNote', { runId: 1, text: '  jumper on J3 ' });
    expect(note).toMatchObject({ runId: 1, text: 'jumper on J3' });
    const second = await ask('results.addNote', { runId: 1, text: 'second' });
    expect((await ask('results.list', {})).find((r) => r.run.runId === 1)!.notes).toBe(2);
    expect((await ask('runs.get', { runId: 1 })).notes).toContain('jumper on J3');
    const removed = await ask('results.removeNote', { runId: 1, id: note.id });
    expect(await ask('results.notes', { runId: 1 })).toEqual([second]);
    expect(await ask('results.restoreNote', removed)).toEqual(note);
    expect(await ask('results.notes', { runId: 1 })).toEqual([note, second]);
    expect(await refused('results.removeNote', { runId: 2, id: note.id })).toBe('store.no-note');
    expect(await refused('results.addNote', { runId: 99, text: 'x' })).toBe('store.no-run');
    expect(await refused('results.addNote', { runId: 1, text: ' ' })).toBe('bench.bad-input');
  });

  it('a code profile is there once it was kept', async () => {
    expect(await ask('results.codeProfile', { runId: 1 })).toBeNull();
    const kept = orThrow(await core.profileRun(1, { inferences: 1, seed: 1 }));
    expect(await ask('results.codeProfile', { runId: 1 })).toEqual(kept);
  });
});

describe('predict vs measure over the bench', () => {
  it('gives each operator of each Program once, from its newest run', async () => {
    const { operators, figures } = await ask('predictor.points', {});
    const ofTiny = operators.filter((p) => p.modelName === 'tiny-ad');
    expect(new Set(ofTiny.map((p) => p.index)).size).toBe(ofTiny.length);
    expect(new Set(ofTiny.map((p) => `${p.runId} ${p.runs}`))).toEqual(new Set(['4 2']));
    expect(operators.every((p) => p.measuredCycles > 0 && p.predictedCycles > 0)).toBe(true);
    expect(figures.filter((p) => p.figure === 'energy').map((p) => p.runId)).toEqual([4]);
    expect((await ask('predictor.points', { runs: [2] })).operators.every((p) => p.runId === 2)).toBe(true);
  });

  it('refits on three models, judged on layers the fit has not seen, and keeps it until it is taken back', async () => {
    const { fits, refused: none, leftOut } = await ask('predictor.recalibrate', {});
    expect([none, leftOut]).toEqual([[], []]);
    const [fit] = fits;
    expect(fit!.programs.map((p) => p.modelName).sort()).toEqual([...shipped].sort());
    expect(fit!.layers).toBe(fit!.programs.reduce((n, p) => n + p.layers, 0));
    // what is before is the prediction the runs were made with
    const { operators } = await ask('predictor.points', {});
    const mape =
      operators.reduce((n, p) => n + Math.abs(p.predictedCycles / p.measuredCycles - 1), 0) /
      operators.length;
    expect(fit!.before.mape).toBeCloseTo(mape, 9);
    const predicted = () =>
      orThrow(core.predict(join(root, 'models/kws-syn.tflite'), 'pico-emulated')).full.cycles;
    const before = predicted();
    const { targetId, firmwareHash } = fit!;
    const { calibrationId } = await ask('predictor.keep', { targetId, firmwareHash });
    const after = predicted();
    const factor = new Map(fit!.factors.map((f) => [f.kernel, f.factor]));
    after.ops.forEach((o, i) => {
      const was = before.ops[i]!;
      expect(o.cycles - o.flashCycles).toBeCloseTo((was.cycles - was.flashCycles) * factor.get(o.kernel)!, 3);
      expect(o.flashCycles).toBe(was.flashCycles);
    });
    await ask('predictor.forget', { calibrationId });
    expect(predicted().cycles).toBe(before.cycles);
    expect(await refused('predictor.forget', { calibrationId })).toBe('store.no-calibration');
  });

  it('is honest with too few models, and with a target nobody measured', async () => {
    const few = await ask('predictor.recalibrate', { runs: [1, 2, 4] });
    expect(few.fits).toEqual([]);
    expect(few.refused).toMatchObject([
      { failure: { id: 'predict.too-few-programs', facts: { programs: 2 } } },
    ]);
    const key = { targetId: 'pico', firmwareHash: '00000000' };
    expect(await refused('predictor.keep', key)).toBe('predict.nothing-to-refit');
  });
});

describe('the graph over the bench', () => {
  const token = async (name: string) => (await ask('models.list', {})).find((m) => m.name === name)!.token;

  it('of a run: every operator with its kernel, what was predicted, counted and read from the trace', async () => {
    const graph = await ask('graphs.open', { runId: 4 });
    const run = orThrow(core.result(4));
    expect(graph).toMatchObject({ modelName: 'tiny-ad', runId: 4, source: 'emulated', remarks: [] });
    const planned = graph.nodes.filter((n) => n.operator !== null);
    expect(planned.map((n) => n.measuredCycles)).toEqual(run.profile!.ops.map((o) => o.cycles));
    expect(planned.map((n) => n.kernel)).toEqual(run.profile!.ops.map((o) => o.kernel));
    expect(planned.map((n) => n.predictedCycles)).toEqual(run.prediction!.ops.map((o) => o.cycles));
    expect(planned.map((n) => n.measuredEnergy?.energyUj)).toEqual(run.layerEnergies!.map((l) => l.energyUj));
    expect(planned.reduce((n, p) => n + p.macs, 0)).toBe(run.profile!.ops.reduce((n, o) => n + o.macs, 0));
  });

  it('of a run that another build made: its own kernels and figures, or none where operators differ', () => {
    const run = orThrow(core.result(4));
    const path = join(root, 'models/tiny-ad.tflite');
    const open = (change: Partial<RunResult>) =>
      orThrow(
        modelGraph(
          { modelPath: path, targetId: 'pico-emulated', run: { ...run, ...change }, supplyV: 3.3 },
          { prepare, predict: (p, t) => core.predict(p, t) },
        ),
      );
    const identity = { ...run.identity!, programHash: '00000000' };
    const ops = run.profile!.ops.map((o) => ({ ...o, kernel: 'OlderKernel', cycles: 7 }));
    const older = open({ identity, profile: { ...run.profile!, ops } });
    expect(older.remarks.join()).toContain('another Program today');
    const planned = older.nodes.filter((n) => n.operator !== null);
    expect(new Set(planned.map((n) => `${n.kernel} ${n.measuredCycles}`))).toEqual(
      new Set(['OlderKernel 7']),
    );
    const other = open({ identity, profile: { ...run.profile!, ops: ops.slice(1) } });
    expect(other.remarks.join()).toContain('does not belong to these operators');
    expect(other.nodes.every((n) => n.measuredCycles === null && n.kernel !== 'OlderKernel')).toBe(true);
  });

  it('of a model: predicted only, on the emulated board unless another target is named', async () => {
    const graph: ModelGraph = await ask('graphs.open', { model: await token('kws-syn') });
    expect(graph).toMatchObject({ runId: null, source: null, targetId: 'pico-emulated' });
    expect(graph.nodes.every((n) => n.measuredCycles === null && n.measuredEnergy === null)).toBe(true);
    const conv = graph.nodes.find((n) => n.name === 'CONV_2D')!;
    expect(conv.predictedCycles).toBeGreaterThan(1000);
    expect(conv.attributes).toContainEqual(['padding', 'same']);
    expect(conv.attributes.find(([name]) => name === 'stride')![1]).toMatch(/^\d × \d$/);
    // a RESHAPE renames bytes: it is in the file, not in the Program
    expect(graph.nodes.filter((n) => n.name === 'RESHAPE').map((n) => n.operator)).toEqual([null]);
    const elsewhere = await ask('graphs.open', { model: await token('kws-syn'), targetId: 'pico' });
    expect(elsewhere.targetId).toBe('pico');
  });

  it('shows how the values of a constant are distributed, as counted here', async () => {
    const model = await token('tiny-ad');
    const graph = await ask('graphs.open', { model });
    const weights = graph.tensors.find((t) => t.constant && t.type === 'int8')!;
    const h: TensorHistogram = await ask('graphs.tensor', { model, tensor: weights.index });
    expect(h.count).toBe(weights.shape.reduce((a, b) => a * b, 1));
    expect(h.bins.reduce((a, b) => a + b, 0)).toBe(h.count);
    expect(h.min).toBeGreaterThanOrEqual(-128);
    expect(h.max).toBeLessThanOrEqual(127);
    expect(h.from + h.bins.length * h.binWidth).toBeGreaterThan(h.max);
    const activation = graph.tensors.find((t) => !t.constant)!;
    expect(await refused('graphs.tensor', { model, tensor: activation.index })).toBe('model.no-constant');
    expect(await refused('graphs.tensor', { model, tensor: 9999 })).toBe('model.no-constant');
  });

  it('refuses what is not there', async () => {
    expect(await refused('graphs.open', {})).toBe('bench.no-graph-asked');
    expect(await refused('graphs.open', { model: 'nobody' })).toBe('bench.no-model');
    expect(await refused('graphs.open', { runId: 99 })).toBe('store.no-run');
    expect(await refused('graphs.open', { model: await token('tiny-ad'), targetId: 'moon' })).toBe(
      'cli.unknown-target',
    );
  });
});

describe('reports over the bench', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  it('the preview is the file: the very HTML the command line writes', async () => {
    const rendered = await ask('reports.render', { runs: [2], format: 'html' });
    const written = reportHtml(buildReport(reportInput([orThrow(core.result(2))], core.store)));
    expect(text(rendered.bytes)).toBe(written);
    expect(rendered).toMatchObject({
      name: 'microjoule-har-syn-run-2.html',
      mediaType: 'text/html',
      cli: 'microjoule report 2 --html microjoule-har-syn-run-2.html',
    });
  });

  it('the baseline comes into the report, once', async () => {
    const rendered = await ask('reports.render', { runs: [3, 1, 3], format: 'md', baseline: 1 });
    expect(text(rendered.bytes)).toContain('## Compared with run 1');
    expect(rendered.cli).toBe(
      'microjoule report 1 3 --baseline 1 --md microjoule-tiny-ad-kws-syn-runs-1-3.md',
    );
  });

  it('every format can be written; the PDF by the printer of the host', async () => {
    const formats = await ask('reports.formats', {});
    expect(formats.map((f) => f.failure)).toEqual(formats.map(() => null));
    for (const { format } of formats) {
      const { bytes } = await ask('reports.render', { runs: [1, 4], format });
      expect(bytes.length, format).toBeGreaterThan(10);
    }
    const pdf = await ask('reports.render', { runs: [2], format: 'pdf' });
    const html = await ask('reports.render', { runs: [2], format: 'html' });
    expect(text(pdf.bytes)).toBe(`printed ${text(html.bytes).length}`);
  });

  it('refuses runs that are not there, none, or too many', async () => {
    expect(await refused('reports.render', { runs: [99], format: 'html' })).toBe('store.no-run');
    expect(await refused('reports.render', { runs: [1], format: 'html', baseline: 99 })).toBe('store.no-run');
    expect(await refused('reports.render', { runs: [], format: 'html' })).toBe('bench.bad-input');
    expect(await refused('reports.render', { runs: [1], format: 'docx' })).toBe('bench.bad-input');
  });
});
