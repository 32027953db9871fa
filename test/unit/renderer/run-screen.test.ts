import { describe, expect, it } from 'vitest';
import type { RunEvent, WindowResult } from '../../../src-main/contract/index.ts';
import { RunPlan } from '../../../src-main/contract/index.ts';
import { windowValues } from '../../../src-main/contract/window-values.ts';
import { runCommandLine, streamCommandLine } from '../../../src-main/contract/bench/command-lines.ts';
import { durationForecast, fitsOf } from '../../../src-renderer/screens/run/forecast.ts';
import { liveQuantity, liveStrip, windowValueText } from '../../../src-renderer/screens/run/live.ts';
import { announcement, stepStates, withEvent, type RunView } from '../../../src-renderer/state/run-view.ts';
import { formatQuantity } from '../../../src-main/contract/format-quantity.ts';

const plan = RunPlan.parse({
  mode: 'performance',
  model: { name: 'kws', sha256: 'a'.repeat(64), path: null },
  targetId: 'pico-emulated',
});
const at = '2026-01-01T00:00:00.000Z';
const base = { runId: 7, at };
const window = (index: number, us: number, status: 'finished' | 'excluded' = 'finished'): WindowResult =>
  ({
    index,
    attempt: 0,
    status,
    inferences: 10,
    durationUs: us * 10,
    energy: null,
    exclusion: null,
  }) as unknown as WindowResult;

const told = (...events: RunEvent[]): RunView =>
  events
    .reduce<readonly RunView[]>(
      withEvent,
      [{ ...base, type: 'started', plan, resumed: false } as RunEvent].reduce<readonly RunView[]>(
        withEvent,
        [],
      ),
    )
    .at(-1)!;
const phase = (p: string, from = 'planned') => ({ ...base, type: 'phase', phase: p, from }) as RunEvent;

describe('a run as its events tell it', () => {
  it('steps are done, now and to come; tuning that was left out of a resumed run is left out', () => {
    const view = told(phase('deploying'), phase('identifying'), phase('measuring'));
    expect(stepStates(view)).toEqual(['done', 'done', 'skipped', 'now', 'next', 'next']);
    expect(stepStates(told(phase('deploying')))).toEqual(['now', 'next', 'next', 'next', 'next', 'next']);
  });

  it('a finished run is done where it was and left out where it was not', () => {
    const phases = ['deploying', 'identifying', 'measuring', 'checking', 'finished'].map((p) => phase(p));
    expect(stepStates(told(...phases))).toEqual(['done', 'done', 'skipped', 'done', 'skipped', 'done']);
  });

  it('a pulled cable is shown until the run goes on', () => {
    const failure = { id: 'link.closed', facts: {}, cause: 'The cable was pulled.', next: 'Plug it back.' };
    const paused = told(phase('measuring'), phase('paused', 'measuring'), {
      ...base,
      type: 'paused',
      failure,
      window: 6,
      of: 20,
    });
    expect(paused.paused).toMatchObject({ window: 6, of: 20 });
    expect(announcement(paused)).toBe('Paused at window 7 of 20. Plug the board back in.');
    expect(stepStates(paused)[3]).toBe('now');
    const on = withEvent([paused], { ...base, type: 'resumed', window: 6, of: 20 }).at(-1)!;
    expect(on.paused).toBeNull();
  });

  it('the demo is three runs, told apart by their number', () => {
    const started = (runId: number) => ({ type: 'started', runId, at, plan, resumed: false }) as RunEvent;
    const runs = [
      started(1),
      { type: 'window', runId: 1, at, window: window(0, 5) } as RunEvent,
      started(2),
    ].reduce<readonly RunView[]>(withEvent, []);
    expect(runs.map((r) => [r.runId, r.windows.length])).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('announces windows, not progress', () => {
    const view = told(phase('measuring'), { ...base, type: 'window', window: window(0, 100) });
    expect(announcement(view)).toBe('1 of 5 windows measured.');
  });
});

describe('the value so far', () => {
  const view = (...windows: WindowResult[]): RunView => ({ ...told(phase('measuring')), windows });

  it('is the median with a t interval, and says which windows it stands on', () => {
    const q = liveQuantity(
      view(window(0, 98), window(1, 99), window(2, 100), window(3, 101), window(4, 102)),
      'emulated',
    )!;
    expect(q).toMatchObject({
      value: 100,
      n: 5,
      source: 'emulated',
      interval: { method: 't', confidence: 0.95 },
    });
    expect(q.derivedFrom).toMatchObject({ runId: 7, windows: [0, 1, 2, 3, 4] });
    expect(formatQuantity(q).line).toBe('100.0 µs ± 2.0 (95 %, t)');
  });

  it('an energy so far is not finer than what its windows have in common', () => {
    const energies = [1000, 1001, 1002].map((uJ, i) => ({
      ...window(i, 100),
      energy: {
        energyUj: uJ * 10,
        systematic: [{ cause: 'monitor gain', plusMinus: 1100, basis: 'data sheet' }],
      },
    })) as unknown as WindowResult[];
    const q = liveQuantity({ ...view(...energies), plan: { ...plan, mode: 'energy' } }, 'emulated')!;
    expect(q.systematic).toMatchObject({ combined: 'linear', plusMinus: 110 });
    expect(formatQuantity(q).line).toBe('1000 µJ/inf ± 2.5 (95 %, t) ± 110 systematic');
  });

  it('one window claims no interval and not seven digits', () => {
    const one = [window(0, 13_675.83)];
    expect(liveQuantity(view(...one), 'measured')!.interval).toMatchObject({ method: 'none', low: null });
    expect(windowValueText(one[0]!, 'performance', windowValues('performance', one))).toBe('13.68');
  });

  it('a column of windows has the digits of their interval', () => {
    const windows = [
      window(0, 98_000.4),
      window(1, 99_000),
      window(2, 100_000),
      window(3, 101_000),
      window(4, 102_000),
    ];
    expect(windowValueText(windows[0]!, 'performance', windowValues('performance', windows))).toBe('98.0');
    expect(windowValueText({ ...windows[0]!, durationUs: null }, 'performance', null)).toBe('—');
  });

  it('an excluded window is a cross in the strip', () => {
    const windows = [window(0, 98_000), window(1, 99_000), window(2, 500_000, 'excluded')];
    const svg = liveStrip(view(...windows), windowValues('performance', windows)!);
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).toContain('window 3: 500');
  });
});

describe('the forecast', () => {
  const of = {
    mode: 'performance',
    windows: 5,
    windowS: 10,
    warmUp: 5,
    maxItems: 100,
    until: false,
  } as const;
  it('counts windows, warm-up and what lies between', () => {
    // 8 s of programming + 5 · (10 + 5 · 0.15 + 0.5)
    expect(durationForecast(of, 150_000)).toBe('about 1 min 4 s');
    expect(durationForecast({ ...of, until: true, windows: 20 }, 150_000)).toBe('at most 3 min 53 s');
    expect(durationForecast({ ...of, mode: 'accuracy' }, 150_000)).toBe('about 23 s');
    expect(durationForecast({ ...of, mode: 'accuracy', maxItems: null }, 150_000)).toBe(
      'one inference an item',
    );
  });

  it('fits are shares of what the board has', () => {
    const fits = fitsOf({
      arenaBytes: 50,
      arenaAvailableBytes: 200,
      flashBytes: 1,
      flashAvailableBytes: 4,
    } as Parameters<typeof fitsOf>[0]);
    expect(fits.map((f) => f.share)).toEqual([0.25, 0.25]);
  });
});

describe('the command that does the same', () => {
  const request = { model: 't', targetId: 'pico-emulated', mode: 'performance' as const };
  it('leaves defaults out', () => {
    expect(runCommandLine({ ...request, windows: 5, windowS: 10, warmUp: 5, supplyV: 3.3 }, 'kws')).toBe(
      'microjoule run kws.tflite --target pico-emulated',
    );
  });

  it('names the stop rule in percent, the supply of an energy run, and where the hardware is', () => {
    expect(
      runCommandLine(
        {
          ...request,
          targetId: 'pico',
          mode: 'energy',
          windows: 20,
          untilRel: 0.005,
          supplyV: 3.45,
          wiring: { port: '/dev/ttyACM0', monitor: 'ppk2:/dev/ttyACM1' },
        },
        'kws',
      ),
    ).toBe(
      'microjoule run kws.tflite --target pico --mode energy --windows 20 --until 0.5 --supply 3.45 --port /dev/ttyACM0 --monitor ppk2:/dev/ttyACM1',
    );
  });

  it('a name with blanks, quotes or orders to the shell is one word', () => {
    expect(runCommandLine({ ...request, wiring: { port: "/dev/o'neill x" } }, "a; rm -rf ~ 'b")).toBe(
      "microjoule run 'a; rm -rf ~ '\\''b.tflite' --target pico-emulated --port '/dev/o'\\''neill x'",
    );
  });
});

describe('the command line of a stream', () => {
  const choice = { model: 't', targetId: 'pico-emulated' };
  it('says what was chosen and leaves defaults out', () => {
    expect(
      streamCommandLine(
        { ...choice, source: { kind: 'generator', name: 'kws', word: 'yes' }, durationS: 30 },
        'kws',
      ),
    ).toBe(
      'microjoule stream kws.tflite --source gen:kws --word yes --for 30s --target pico-emulated --record DIR',
    );
    expect(
      streamCommandLine(
        {
          ...choice,
          targetId: 'pico',
          source: { kind: 'board', protocol: 'text', port: '/dev/ttyACM2' },
          durationS: null,
          threshold: 0.7,
          smoothingWindows: 3,
          hopMs: 250,
          frontEnd: 'host',
          energy: true,
          keep: false,
          wiring: { port: '/dev/ttyACM0', monitor: 'ppk2:/dev/ttyACM1' },
        },
        'kws',
      ),
    ).toBe(
      'microjoule stream kws.tflite --source text:/dev/ttyACM2 --target pico --port /dev/ttyACM0 --front-end host --hop 250 --threshold 0.7 --smoothing 3 --monitor ppk2:/dev/ttyACM1',
    );
  });
});
