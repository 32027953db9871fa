import { describe, expect, it } from 'vitest';
import { HarnessMode } from '../../../src-main/abi/generated.ts';
import { orThrow, type Result } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { withMode } from '../../../src-main/compile/image.ts';
import type { WiringStep } from '../../../src-main/contract/bench/wiring-step.ts';
import { checkWiring, judgeClock, judgeIdle } from '../../../src-main/core/check-wiring.ts';
import { prepare, type Prepared } from '../../../src-main/core/prepare.ts';
import { realRigs } from '../../../src-main/core/real-rig.ts';
import type { RigFactory } from '../../../src-main/core/rig.ts';
import { simulatedRigs } from '../../../src-main/core/simulated-rig.ts';
import { carry } from '../../../src-main/sim/carriers.ts';
import { openSimulatedBench } from '../../../src-main/sim/simulated-bench.ts';
import { TimeKeeper } from '../../../src-main/sim/time-keeper.ts';
import { openBench, tinyAd } from './core-fixture.ts';

async function check(
  rigs: RigFactory,
  over: { prepared?: Prepared; withMonitor?: boolean; program?: boolean } = {},
): Promise<{ steps: Map<string, WiringStep>; ended: Result<void> }> {
  const steps = new Map<string, WiringStep>();
  const ended = await checkWiring(over.prepared ?? orThrow(prepare(tinyAd, 'pico-emulated')), {
    rigs,
    withMonitor: over.withMonitor ?? true,
    supplyV: 3.3,
    checked: () => null,
    nowIso: () => '',
    program: over.program ?? true,
    windowUs: 300_000,
    signal: new AbortController().signal,
    onStep: (step) => steps.set(step.id, step),
  });
  return { steps, ended };
}
const states = (steps: ReadonlyMap<string, WiringStep>) => [...steps.values()].map((s) => [s.id, s.state]);

describe('the wiring of the emulated bench', () => {
  it('passes every step, with what was seen at each', async () => {
    const { steps, ended } = await check(simulatedRigs(1, 10));
    expect(ended.ok).toBe(true);
    expect(states(steps)).toEqual([
      ['open', 'passed'],
      ['ping', 'passed'],
      ['edge', 'passed'],
      ['idle', 'passed'],
      ['clock', 'passed'],
    ]);
    expect(steps.get('ping')!.seen).toMatch(/^answers as tiny-ad at 9600 baud: our firmware [0-9a-f]{8}$/);
    expect(steps.get('edge')!.seen).toMatch(
      /^D0 shows GPIO 2 high for (?:2|3)\d\d ms; operator pins count right$/,
    );
    // one virtual time: the clocks can only differ by what sampling leaves open
    const [, ppm, plusMinus] = /^([+−]\d+\.\d) ± (\d+\.\d) ppm$/.exec(steps.get('clock')!.seen)!;
    expect(Math.abs(Number(ppm!.replace('−', '-')))).toBeLessThanOrEqual(Number(plusMinus));
  });

  it('without a monitor asks the board and skips the rest', async () => {
    const { steps, ended } = await check(simulatedRigs(1, 10), { withMonitor: false });
    expect(ended.ok).toBe(true);
    expect(states(steps).slice(1)).toEqual([
      ['ping', 'passed'],
      ['edge', 'skipped'],
      ['idle', 'skipped'],
      ['clock', 'skipped'],
    ]);
  });

  it('a window pin that is not wired fails at the edge, with what to do, and what follows is not tried', async () => {
    const prepared = orThrow(prepare(tinyAd, 'pico-emulated'));
    const board = { ...pico, pins: { ...pico.pins, window: { gpio: 2, channel: 7 } } };
    const { steps, ended } = await check(simulatedRigs(1, 10), {
      prepared: { ...prepared, target: { ...prepared.target, board } },
    });
    expect(ended.ok).toBe(false);
    expect(states(steps).slice(2)).toEqual([
      ['edge', 'failed'],
      ['idle', 'skipped'],
      ['clock', 'skipped'],
    ]);
    expect(steps.get('edge')!.failure!.next.length).toBeGreaterThan(10);
  });

  it('a monitor that cannot see windows is refused at once', async () => {
    const { steps } = await check(simulatedRigs(1, 10, 'ina'));
    expect(steps.get('open')).toMatchObject({ state: 'failed', failure: { id: 'monitor.no-window-input' } });
  });

  it('leaves no trace in the folder of traces', async () => {
    await using bench = await openBench();
    orThrow(
      await bench.core.checkWiring(
        tinyAd,
        'pico-emulated',
        {},
        {
          program: true,
          windowUs: 300_000,
          signal: new AbortController().signal,
          onStep: () => {},
        },
      ),
    );
    expect(bench.core.trace.list().traces).toEqual([]);
  });
});

describe('the wiring of a real rig', () => {
  it('asks whatever runs on the board, over links that are not simulated, in real pace', async () => {
    const image = orThrow(withMode(orThrow(prepare(tinyAd, 'pico')).image, HarnessMode.Energy));
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'ppk2', historyUs: 1e6 }));
    orThrow(await bench.programmer.program(image.uf2));
    bench.followBoardRate();
    await using keeper = new TimeKeeper(bench, 'real');
    const place = { kind: 'tcp', port: 0 } as const;
    await using dut = orThrow(await carry({ wire: bench.dut, name: 'dut' }, keeper, place));
    await using monitor = orThrow(await carry({ wire: bench.monitor!, name: 'monitor' }, keeper, place));
    const rigs = realRigs({ board: pico, port: dut.address, monitorPort: `ppk2:${monitor.address}` });
    const { steps, ended } = await check(rigs, {
      prepared: orThrow(prepare(tinyAd, 'pico')),
      program: false,
    });
    expect([...steps.values()].map((s) => s.failure?.id ?? s.state)).toEqual(Array(5).fill('passed'));
    expect(ended.ok).toBe(true);
    expect(steps.get('open')!.seen).toContain(dut.address);
  }, 30_000);

  it('a port that nobody listens on fails at once', async () => {
    const { steps } = await check(realRigs({ board: pico, port: 'tcp://127.0.0.1:1', monitorPort: null }), {
      prepared: orThrow(prepare(tinyAd, 'pico')),
      withMonitor: false,
      program: false,
    });
    expect(steps.get('open')).toMatchObject({ state: 'failed' });
    expect(steps.get('open')!.failure!.id).toMatch(/^link\./);
  });
});

describe('the idle current of a Pico', () => {
  const judge = (idleCurrentA: number | null) => judgeIdle({ idleCurrentA, meanCurrentA: 0.027 }, pico);

  it('some milliamperes are a board at rest', () => {
    expect(judge(0.0106)).toEqual({ ok: true, value: '10.6 mA idle, 27 mA in the window' });
  });

  it('microamperes: it lives from its USB cable, and where to feed it is said', () => {
    expect(judge(20e-6)).toMatchObject({ ok: false, id: 'bench.wiring-idle-low' });
    expect(judge(20e-6)).toMatchObject({ next: expect.stringContaining('3V3 (pin 36)') as string });
  });

  it('a fifth of an ampere is no Pico, and no quiet stretch at all is said', () => {
    expect(judge(0.2)).toMatchObject({ ok: false, id: 'bench.wiring-idle-high' });
    expect(judge(null)).toMatchObject({ ok: false, id: 'bench.wiring-no-idle' });
  });
});

describe('clock drift', () => {
  const window = (durationUs: number, dutUs: number | null) => ({
    durationUs,
    sampleCount: Math.round(durationUs / 10),
    lostSamples: 0,
    dut: dutUs === null ? null : { startUs: 0, durationUs: dutUs },
  });

  it('is in ppm of the board, with what two sample periods and two µs leave open', () => {
    // 5 000 150 / 5 000 000 − 1 = 30 ppm; 2 · (10 + 1) µs / 5 s = 4.4 ppm
    expect(judgeClock(window(5_000_150, 5_000_000))).toEqual({ ok: true, value: '+30.0 ± 4.4 ppm' });
    expect(judgeClock(window(4_999_900, 5_000_000))).toEqual({ ok: true, value: '−20.0 ± 4.4 ppm' });
  });

  it('more than crystals differ by is refused', () => {
    expect(judgeClock(window(5_003_000, 5_000_000))).toMatchObject({ ok: false, id: 'bench.wiring-clock' });
  });

  it('a firmware that tells no times passes without a figure', () => {
    expect(judgeClock(window(5_000_000, null))).toMatchObject({ ok: true });
  });
});
