/**
 * A load whose operators draw what the hidden current model draws by a seed, seen through an emulated PPK2: the trace the
 * analysis gets, and the energy of each operator summed up here from the steps of the load.
 */
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { ppk2Codec } from '../../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../../src-main/monitor/ppk2/driver.ts';
import { createPicoCurrentModel } from '../../../src-main/sim/current-model.ts';
import type { MonitorAccuracy } from '../../../src-main/trace/accuracy.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../../src-main/trace/recording.ts';
import type { Trace } from '../../../src-main/trace/trace.ts';
import type { TraceWindow } from '../../../src-main/trace/windows.ts';
import { ppk2Bench, type Step } from '../monitor/ppk2-bench.ts';

export interface HiddenLoad {
  readonly operators: number;
  readonly inferences: number;
  /** µs of each operator, the same in every inference. */
  readonly durationsUs: readonly number[];
}

export interface HiddenOptions {
  /** Every edge on the pins is off by a uniform ± so many µs; D0 too. */
  readonly jitterUs?: number;
  /** The monitor's clock against the world's. */
  readonly driftPpm?: number;
}

export interface Measured {
  readonly trace: Trace;
  readonly window: TraceWindow;
  readonly accuracy: MonitorAccuracy;
  /** Energy of each operator per inference and of the idle stretch's current, J and A, from the steps of the load. */
  readonly truthJ: readonly number[];
  readonly idleA: number;
}

const VOLTS = 3.3;
/** Idle before the window: enough for the idle reading. */
const START_US = 1_100_000.37;
const gray = (n: number) => (n ^ (n >> 1)) & 7;

export function randomLoad(rng: Rng, shortestUs: number, longestUs: number): HiddenLoad {
  const operators = rng.int(5, 20);
  const spread = Math.log(longestUs / shortestUs);
  const durationsUs = Array.from({ length: operators }, () => shortestUs * Math.exp(spread * rng.float()));
  return { operators, inferences: rng.int(12, 30), durationsUs };
}

/** What the world does at one moment: levels of the pins, asleep or not. */
interface Moment {
  readonly timeUs: number;
  readonly pins: number;
  readonly asleep: boolean;
}

function moments(load: HiddenLoad): Moment[] {
  const { window, operator } = pico.pins;
  const pinsOf = (inWindow: boolean, code: number) =>
    (inWindow ? 1 << window.gpio : 0) |
    operator.reduce((bits, pin, n) => bits | (((code >> n) & 1) << pin.gpio), 0);
  const list: Moment[] = [{ timeUs: 0, pins: 0, asleep: true }];
  let timeUs = START_US;
  for (let i = 0; i < load.operators * load.inferences; i++) {
    list.push({ timeUs, pins: pinsOf(true, gray(i & 7)), asleep: false });
    timeUs += load.durationsUs[i % load.operators]!;
  }
  list.push({ timeUs, pins: 0, asleep: true });
  return list;
}

/** Current from the true moments, logic from the jittered ones, both on the monitor's clock. */
function stepsOf(list: readonly Moment[], seed: number, load: HiddenLoad, options: HiddenOptions) {
  const rng = new Rng(seed ^ 0x6a09);
  const currents: number[] = [];
  const logics: number[] = [];
  const model = createPicoCurrentModel({ seed, operatorsPerInference: load.operators });
  model.connect({
    current: (_timeUs, currentA, logic) => {
      currents.push(currentA);
      logics.push(logic);
    },
  });
  const events: { timeUs: number; currentA?: number; logic?: number }[] = [];
  const scale = 1 + (options.driftPpm ?? 0) * 1e-6;
  for (const [i, m] of list.entries()) {
    model.activity({ ...m, powered: true, clkSysHz: 125e6 });
    const offUs = i === 0 ? 0 : (2 * rng.float() - 1) * (options.jitterUs ?? 0);
    events.push({ timeUs: m.timeUs * scale, currentA: currents[i]! });
    events.push({ timeUs: (m.timeUs + offUs) * scale, logic: logics[i]! });
  }
  // an edge never overtakes the one before it by more than its own jitter: the order of levels is kept
  events.sort((a, b) => a.timeUs - b.timeUs);
  const steps: Step[] = [];
  let currentA = 0;
  let logic = 0;
  for (const e of events) {
    currentA = e.currentA ?? currentA;
    logic = e.logic ?? logic;
    steps.push({ timeUs: e.timeUs, currentA, logic });
  }
  return { steps, currents };
}

export async function measureHidden(
  load: HiddenLoad,
  seed: number,
  options: HiddenOptions = {},
): Promise<Measured> {
  const list = moments(load);
  const { steps, currents } = stepsOf(list, seed, load, options);
  const truthJ = new Array<number>(load.operators).fill(0);
  for (let i = 1; i + 1 < list.length; i++) {
    const joules = VOLTS * currents[i]! * (list[i + 1]!.timeUs - list[i]!.timeUs) * 1e-6;
    truthJ[(i - 1) % load.operators]! += joules / load.inferences;
  }
  const bench = ppk2Bench(steps, { seed });
  const monitor = orThrow(await openPpk2(bench.link));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: VOLTS * 1000, uncertaintyMv: 0 }));
  const store = new MemoryTraceStore(
    newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' }),
  );
  await using recording = recordTrace(monitor, store, ppk2Codec);
  const end = list.at(-1)!.timeUs + 20_000;
  const window = orThrow(await recording.waitForWindow(0, bench.clock.nowUs() + end + 1e6));
  await recording.stop();
  return { trace: recording.trace, window, accuracy: monitor.accuracy, truthJ, idleA: currents[0]! };
}
