import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { calibrationLayers } from '../../../src-main/calibrate/layers.ts';
import type { RunResult } from '../../../src-main/contract/index.ts';
import type { Rig } from '../../../src-main/core/rig.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { root } from '../../needs.ts';
import { openBench, request, tinyAd } from './core-fixture.ts';

const currentOf = (r: RunResult) => r.windows[0]!.energy!.meanCurrentA;

describe('a run on the emulated bench', () => {
  it('the seed of the inputs leaves the emulated hardware as it is; the world seed changes it', async () => {
    await using bench = await openBench();
    const energy = async (seed: number, worldSeed?: number) =>
      orThrow(
        await bench.core.run(
          request({ mode: 'energy', seed, ...(worldSeed === undefined ? {} : { worldSeed }) }),
        ),
      );
    const one = await energy(1);
    const otherInputs = await energy(2);
    const otherWorld = await energy(1, 7);
    expect(one.windows[0]!.inputSha256).not.toBe(otherInputs.windows[0]!.inputSha256);
    expect(one.windows[0]!.inputSha256).toBe(otherWorld.windows[0]!.inputSha256);
    expect(Math.abs(currentOf(otherInputs) / currentOf(one) - 1)).toBeLessThan(0.002);
    expect(Math.abs(currentOf(otherWorld) / currentOf(one) - 1)).toBeGreaterThan(0.01);
    expect(orThrow(bench.core.store.runs.load(otherWorld.runId)).plan).toMatchObject({
      seed: 1,
      worldSeed: 7,
    });
    expect(otherInputs.plan).toMatchObject({ seed: 2, worldSeed: 1 });
  });

  it('energy keeps its uncertainties through the store, the edges of its window, and the hash of its closed trace', async () => {
    await using bench = await openBench();
    const live = orThrow(await bench.core.run(request({ mode: 'energy', windows: 2 })));
    const stored = orThrow(bench.core.result(live.runId));
    expect(stored).toEqual(live);
    const [first] = stored.windows;
    const { energy } = first!;
    expect(energy!.statisticalUj).toBeGreaterThan(0);
    expect(energy!.netStatisticalUj).toBeGreaterThan(energy!.statisticalUj!);
    const gain = (parts: readonly { cause: string; plusMinus: number }[]) =>
      parts.find((p) => p.cause === 'monitor gain')!.plusMinus;
    // idle and window lie in one range of the PPK2: what they share of the gain's error cancels
    expect(gain(energy!.netSystematic!)).toBeLessThan(0.8 * gain(energy!.systematic));
    expect(stored.netEnergyPerInference!.systematic!.plusMinus).toBeLessThan(
      stored.energyPerInference!.systematic!.plusMinus,
    );
    expect(stored.latency!.systematic!.parts.map((p) => p.cause)).toEqual(['sample period', 'monitor clock']);
    const edges = orThrow(bench.core.store.edges.of(energy!.traceId));
    expect(edges).toEqual(
      stored.windows.flatMap((w) => [
        { atUs: w.energy!.traceStartUs, channel: 0, level: 1 },
        { atUs: w.energy!.traceEndUs, channel: 0, level: 0 },
      ]),
    );
    const [trace] = stored.traces;
    expect(trace!.sha256).toBe(sha256Hex(readFileSync(trace!.path)));
    expect(stored.monitor).toMatchObject({
      firmware: 'unknown',
      calibration: expect.stringMatching(/^(device|mixed|defaults):[0-9a-f]{8}$/) as string,
    });
  });

  it.each([5, 1.8, 3.7])('a supply of %d V is refused before anything is switched on', async (supplyV) => {
    await using bench = await openBench();
    const rigs: Rig[] = [];
    const refused = await bench.core.run(request({ mode: 'energy', supplyV }), {
      onRig: (rig) => rigs.push(rig),
    });
    expect(refused).toMatchObject({
      ok: false,
      id: 'run.bad-supply',
      facts: { supplyV, minV: 3.135, maxV: 3.6, point: expect.stringContaining('pin 36') as string },
    });
    expect(rigs).toEqual([]);
    expect(orThrow(bench.core.runs())).toEqual([]);
  });

  it("the prediction is for the plan's voltage", async () => {
    await using bench = await openBench();
    const at = (volts: number) =>
      orThrow(bench.core.predict(tinyAd, 'pico-emulated', volts)).full.prediction.energy!;
    expect(at(3.6).value / at(3.2).value).toBeCloseTo(3.6 / 3.2, 9);
    expect(at(3.2).derivedFrom).toMatchObject({ formula: expect.stringContaining('3.2 V') as string });
    expect(at(3.2).derivedFrom.assumptions.join()).toMatch(/linear regulator.*same current/);
    const run = orThrow(await bench.core.run(request({ supplyV: 3.2 })));
    expect(run.prediction!.energy!.value).toBe(at(3.2).value);
  });

  it('says why it has no prediction, and which cost model it left out', async () => {
    await using bench = await openBench();
    const calibrationsDir = join(bench.dir, 'calibrations');
    mkdirSync(calibrationsDir);
    writeFileSync(join(calibrationsDir, 'cut.json'), '{"format": 1, "bo');
    writeFileSync(join(calibrationsDir, 'other.json'), '{"format": 2}');
    await using blind = await openBench({ calibrationsDir });
    const live = orThrow(await blind.core.run(request()));
    expect(live).toMatchObject({ status: 'finished', prediction: null });
    const { notes } = orThrow(blind.core.result(live.runId));
    expect(notes).toEqual(live.notes);
    const said = notes.join('\n');
    expect(said).toMatch(/cut\.json was left out: .*JSON/);
    expect(said).toMatch(/other\.json was left out: format/);
    expect(said).toMatch(
      /No prediction: predict\.no-calibration .*Nobody has calibrated this target\. Run `microjoule calibrate --target pico-emulated`/,
    );
  });

  it("a model that only has the name of a benchmark's is measured as one's own", async () => {
    await using bench = await openBench();
    const modelPath = join(bench.dir, 'ad01.tflite');
    copyFileSync(tinyAd, modelPath);
    const run = orThrow(await bench.core.run(request({ modelPath })));
    expect(run.plan).toMatchObject({ benchmark: null, scoring: 'top1' });
    expect(run).toMatchObject({ status: 'finished', comparison: { compared: 1, equal: 1 } });
    expect(run.notes[0]).toMatch(/named like ad01, but takes \d+ bytes/);
  });

  it('a stored comparison with TFLM counts where none is committed, a committed one first', async () => {
    await using bench = await openBench();
    const modelPath = join(bench.dir, 'own.tflite');
    writeFileSync(modelPath, writeModel(calibrationLayers(5).find((l) => l.name === 'softmax 0')!.spec));
    const first = orThrow(await bench.core.run(request({ modelPath })));
    expect(first.referenceCheck).toBeNull();
    const check = { programHash: first.identity!.programHash!, tflmVersion: '9', inputs: 25, record: 'own' };
    orThrow(bench.core.store.referenceChecks.put(check));
    const second = orThrow(await bench.core.run(request({ modelPath })));
    expect(second.referenceCheck).toEqual(check);

    const { identity, referenceCheck } = orThrow(await bench.core.run(request()));
    expect(referenceCheck).not.toBeNull();
    orThrow(bench.core.store.referenceChecks.put({ ...check, programHash: identity!.programHash! }));
    expect(orThrow(await bench.core.run(request())).referenceCheck).toEqual(referenceCheck);
  });

  it('a cost model of another build of the firmware predicts nothing, and says which', async () => {
    await using bench = await openBench();
    const calibrationsDir = join(bench.dir, 'calibrations');
    mkdirSync(calibrationsDir);
    const shipped = JSON.parse(
      readFileSync(join(root, 'data/calibrations/pico-emulated.json'), 'utf8'),
    ) as object;
    writeFileSync(
      join(calibrationsDir, 'old.json'),
      JSON.stringify({ ...shipped, firmwareHash: '0badf00d' }),
    );
    await using old = await openBench({ calibrationsDir });
    expect(old.core.predict(tinyAd, 'pico-emulated')).toMatchObject({
      ok: false,
      id: 'predict.other-firmware',
      facts: { calibrated: '0badf00d' },
    });
    const run = orThrow(await old.core.run(request()));
    expect(run.notes.join('\n')).toMatch(/No prediction: predict\.other-firmware .*0badf00d/);
  });
});

describe.each(['monitor', 'dut'] as const)('the %s unplugged in the middle of a window', (wire) => {
  it('pauses the run, voids that window with the reason, goes on when it is back and loses nothing', async () => {
    await using bench = await openBench();
    const rigs: Rig[] = [];
    const seen: string[] = [];
    let pulled = false;
    const run = orThrow(
      await bench.core.run(
        request({ mode: 'energy', windows: 3, windowS: 2 }),
        { onRig: (rig) => rigs.push(rig) },
        {
          onEvent: (e) => {
            if (e.type === 'paused' || e.type === 'resumed') seen.push(e.type);
            if (e.type !== 'progress' || e.text !== 'window 2/3' || pulled) return;
            pulled = true;
            const [rig] = rigs;
            // load, 1 s of idle, then 2 s of window
            void rig!.clock.sleepUntilUs(rig!.clock.nowUs() + 2_000_000).then(() => rig!.unplug!(wire));
          },
        },
      ),
    );
    expect(run).toMatchObject({ status: 'finished', failure: null });
    expect(seen).toEqual(['paused', 'resumed']);
    expect(rigs.length).toBe(2);
    expect(run.windows.map((w) => [w.index, w.attempt, w.status])).toEqual([
      [0, 0, 'finished'],
      [1, 0, 'excluded'],
      [1, 1, 'finished'],
      [2, 0, 'finished'],
    ]);
    expect(run.windows[1]!.exclusion!.id).toMatch(/^(link|monitor|device|trace)\./);
    expect(run.windows[1]!.exclusion!.cause).not.toBe('');
    // the trace from before stays, closed and readable; a new one goes on
    expect(run.traces.length).toBe(2);
    for (const t of run.traces) expect(existsSync(t.path) && sha256Hex(readFileSync(t.path))).toBe(t.sha256);
    const used = new Set(run.windows.filter((w) => w.energy).map((w) => w.energy!.traceId));
    expect(used).toEqual(new Set(run.traces.map((t) => t.id)));
    expect(run.comparison).toMatchObject({ compared: 3, equal: 3 });
    expect(orThrow(bench.core.result(run.runId))).toEqual(run);
  });
});
