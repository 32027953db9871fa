/** Runs on boards in QEMU: what they count, and what they must never claim. */
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { WallClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { mps2An386, qemuBoards, rv32Virt } from '../../../src-main/board/qemu.ts';
import { elfOfFlash } from '../../../src-main/compile/elf-image.ts';
import { reportInput } from '../../../src-main/core/report-input.ts';
import { reportHtml } from '../../../src-main/report/html.ts';
import { reportMarkdown } from '../../../src-main/report/markdown.ts';
import { buildReport } from '../../../src-main/report/report-model.ts';
import { openQemuBoard } from '../../../src-main/sim/qemu/qemu-board.ts';
import { describeWith, root } from '../../needs.ts';
import { runsOn } from '../../qemu/needs.ts';
import { openBench, request } from './core-fixture.ts';

describe.each(qemuBoards.map((b) => [b.id, b] as const))('a run on %s', (targetId, board) => {
  describeWith([runsOn(board)], 'with QEMU', () => {
    it('gives instructions an operator, equal outputs, and neither time nor energy', async () => {
      await using bench = await openBench();
      const run = orThrow(
        await bench.core.run(
          request({ modelPath: `${root}/models/kws-syn.tflite`, targetId, windows: 2, profile: true }),
        ),
      );
      expect(run).toMatchObject({ status: 'finished', source: 'emulated' });
      expect([run.latency, run.throughput, run.energyPerInference, run.prediction]).toEqual([
        null,
        null,
        null,
        null,
      ]);
      expect(run.windows.map((w) => [w.durationUs, w.outputCheck])).toEqual([
        [null, 'equal'],
        [null, 'equal'],
      ]);
      expect(run.profile!.unit).toBe('instructions');
      expect(run.profile!.ops.every((o) => o.cycles > 0)).toBe(true);
      expect(run.referenceCheck?.inputs).toBeGreaterThanOrEqual(20);
      expect(orThrow(bench.core.result(run.runId))).toEqual(run);
      const report = buildReport(reportInput([run], bench.core.store));
      const text = reportMarkdown(report);
      expect(text).toContain('Instructions per operator');
      expect(text).toContain('QEMU counts instructions');
      expect(text).not.toMatch(/\d (µs|ms|µJ|mJ|inf\/s)|[Cc]ycles|MHz|Latency/);
      expect(reportHtml(report)).toContain('instructions/MAC');
    });
  });
});

describeWith([runsOn(rv32Virt)], 'with QEMU', () => {
  it('accuracy of a labelled set is that of any other target', async () => {
    await using bench = await openBench();
    const accuracy = async (targetId: string) => {
      const run = await bench.core.run(
        request({
          modelPath: `${root}/models/kws-syn.tflite`,
          targetId,
          mode: 'accuracy',
          dataDir: `${root}/models/kws-syn-samples`,
          maxItems: 6,
        }),
      );
      const { accuracy: a, comparison } = orThrow(run);
      return [a!.correct, a!.items, comparison.equal];
    };
    expect(existsSync(`${root}/models/kws-syn-samples`)).toBe(true);
    expect(await accuracy('rv32-virt')).toEqual(await accuracy('pico-emulated'));
  });

  it('a reset begins the firmware anew behind the same link', async () => {
    await using qemu = orThrow(openQemuBoard(rv32Virt, new WallClock()));
    expect(orThrow(await qemu.programmer.reset())).toBeUndefined();
    expect(await qemu.programmer.program(new Uint8Array(64))).toMatchObject({
      ok: false,
      id: 'sim.not-an-elf',
    });
  });
});

describe('what needs time is refused on a board that counts instructions', () => {
  const targetId = mps2An386.id;
  it.each([
    [
      'energy',
      async (b: Awaited<ReturnType<typeof openBench>>) => b.core.run(request({ targetId, mode: 'energy' })),
      'run.no-energy',
    ],
    [
      'prediction',
      async (b: Awaited<ReturnType<typeof openBench>>) =>
        b.core.predict(`${root}/models/tiny-ad.tflite`, targetId),
      'target.instructions-only',
    ],
    [
      'calibration',
      async (b: Awaited<ReturnType<typeof openBench>>) => b.core.calibrate(targetId, 1, {}, {}),
      'target.instructions-only',
    ],
  ] as const)('%s', async (_what, ask, id) => {
    await using bench = await openBench();
    expect(await ask(bench)).toMatchObject({ ok: false, id, facts: expect.anything() as unknown });
  });
});

describe('without an emulator', () => {
  const path = process.env.PATH;
  afterEach(() => (process.env.PATH = path));

  it('a target in QEMU says which program is missing and how to get it', async () => {
    process.env.PATH = '/nonexistent';
    await using qemu = orThrow(openQemuBoard(mps2An386, new WallClock()));
    expect(await qemu.programmer.program(elfOfFlash(mps2An386, new Uint8Array(64)))).toMatchObject({
      ok: false,
      id: 'sim.no-qemu',
      facts: { program: 'qemu-system-arm' },
      next: expect.stringContaining('apt install qemu-system-arm') as string,
    });
  });

  it('there is no machine for a board that is none of QEMU’s', () => {
    expect(openQemuBoard(pico, new WallClock())).toMatchObject({ ok: false, id: 'sim.no-qemu-machine' });
  });
});
