import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { formatSi } from '../base/units.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { wiringSteps, type WiringStep, type WiringStepId } from '../contract/bench/wiring-step.ts';
import type { DeviceIdentity, WindowEnergy } from '../contract/index.ts';
import type { Device } from '../run/ports.ts';
import { inferencesFor, latencyByProfile } from '../run/tuning.ts';
import { benchOf, type BenchOf } from './bench-of.ts';
import type { Prepared } from './prepare.ts';
import type { RigBench } from './rig-bench.ts';
import { failureDto } from './trace-views.ts';

export interface WiringCheckOptions extends Omit<BenchOf, 'tracesDir' | 'onTrace'> {
  /** Puts our firmware on the board first; without it whatever runs there is asked. */
  readonly program: boolean;
  /** How long the window is; the longer, the better the drift of the clocks is known. Default 5 s. */
  readonly windowUs?: number;
  readonly signal: AbortSignal;
  readonly onStep: (step: WiringStep) => void;
}

/** Long enough for the clocks: two sample periods of a PPK2 are 4 ppm of it. */
const WINDOW_US = 5_000_000;
/** Without `mj prof` nobody knows how long an inference takes. */
const BLIND_INFERENCES = 10;
/** A board that lives from elsewhere draws almost nothing through the monitor; one with a short draws much more. */
const IDLE_LOW_REL = 0.02;
const IDLE_HIGH_REL = 4;
/** Crystals of board and monitor differ by less. */
const CLOCKS_PPM = 500;

/** A step that was not passed ends the check; the others are then skipped. */
class Steps {
  readonly #onStep: (step: WiringStep) => void;
  readonly #left = new Set<WiringStepId>(wiringSteps);

  constructor(onStep: (step: WiringStep) => void) {
    this.#onStep = onStep;
  }

  running(id: WiringStepId, seen: string): void {
    this.#onStep({ id, state: 'running', seen, failure: null });
  }

  passed(id: WiringStepId, seen: string): void {
    this.#left.delete(id);
    this.#onStep({ id, state: 'passed', seen, failure: null });
  }

  failed(id: WiringStepId, failure: Failure): Failure {
    this.#left.delete(id);
    this.#onStep({ id, state: 'failed', seen: '', failure: failureDto(failure) });
    this.skipRest('not tried');
    return failure;
  }

  skipRest(why: string): void {
    for (const id of this.#left) this.#onStep({ id, state: 'skipped', seen: why, failure: null });
    this.#left.clear();
  }
}

/**
 * Ping, sync edge, idle current, clock drift: each step with what was seen or with its failure and fix. Without a monitor
 * only the board is asked. Nothing is stored. All of `link.*`, `device.*`, `monitor.*`, and `bench.wiring-…`.
 */
export async function checkWiring(prepared: Prepared, options: WiringCheckOptions): Promise<Result<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'microjoule-wiring-'));
  try {
    return await checkIn(folder, prepared, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkIn(
  tracesDir: string,
  prepared: Prepared,
  options: WiringCheckOptions,
): Promise<Result<void>> {
  const steps = new Steps(options.onStep);
  await using bench = benchOf(prepared, { ...options, tracesDir });
  steps.running('open', 'opening the ports');
  const opened = await bench.open();
  if (!opened.ok) return steps.failed('open', opened);
  steps.passed('open', opened.value);
  const asked = await ping(bench, options, steps);
  if (!asked.ok) return steps.failed('ping', asked);
  const { device, identity } = asked.value;
  steps.passed('ping', identityText(identity));
  if (!bench.meter) {
    steps.skipRest('no monitor is wired: performance and accuracy only');
    return ok();
  }
  steps.running('edge', 'measuring one window');
  const window = await measure(bench, device, identity, options);
  if (!window.ok) return steps.failed('edge', window);
  steps.passed('edge', edgeText(window.value, prepared.target.board));
  const idle = judgeIdle(window.value, prepared.target.board);
  if (!idle.ok) return steps.failed('idle', idle);
  steps.passed('idle', idle.value);
  const clock = judgeClock(window.value);
  if (!clock.ok) return steps.failed('clock', clock);
  steps.passed('clock', clock.value);
  return ok();
}

async function ping(
  bench: RigBench,
  { program, signal }: WiringCheckOptions,
  steps: Steps,
): Promise<Result<{ readonly device: Device; readonly identity: DeviceIdentity }>> {
  const onProgress = (fraction: number, text: string): void =>
    steps.running('ping', `${text} ${Math.round(fraction * 100)} %`);
  steps.running('ping', program ? 'programming' : 'asking who is there');
  const device = program ? await bench.deploy('energy', { signal, onProgress }) : await bench.attach();
  if (!device.ok) return device;
  const identity = await device.value.identity({ signal });
  return identity.ok ? ok({ device: device.value, identity: identity.value }) : identity;
}

async function measure(
  bench: RigBench,
  device: Device,
  identity: DeviceIdentity,
  { signal, windowUs = WINDOW_US }: WiringCheckOptions,
): Promise<Result<WindowEnergy>> {
  const loaded = await bench.loadZeros();
  if (!loaded.ok) return loaded;
  let inferences = BLIND_INFERENCES;
  if (identity.hasMj && identity.clockHz !== null) {
    const latencyUs = await latencyByProfile(device, identity.clockHz, { signal });
    if (!latencyUs.ok) return latencyUs;
    inferences = inferencesFor(windowUs, latencyUs.value);
  }
  const opened = await bench.meter!.openWindow(inferences, { signal });
  if (!opened.ok) return opened;
  const reply = await Promise.race([device.infer(inferences, 0, { signal }), opened.value.ended]);
  if (!reply.ok) return (await opened.value.abandon()) ?? reply;
  const energy = await opened.value.finish({ signal });
  if (!energy.ok) return energy;
  const dut = 'dutWindow' in reply.value ? reply.value.dutWindow : null;
  return ok({ ...energy.value, dut: dut ?? null });
}

function identityText(i: DeviceIdentity): string {
  const firmware = i.hasMj ? `our firmware ${i.firmwareHash ?? 'unknown'}` : `${i.vendor}, without mj`;
  return `answers as ${i.modelName} at ${i.baud} baud: ${firmware}`;
}

function edgeText(w: WindowEnergy, board: BoardDescriptor): string {
  const { gpio, channel } = board.pins.window;
  const operators = w.layers ? 'operator pins count right' : 'operator pins were not seen';
  return `D${channel} shows GPIO ${gpio} high for ${formatSi(w.durationUs / 1e6, 's')}; ${operators}`;
}

/** Is it this board that the monitor feeds? */
export function judgeIdle(
  { idleCurrentA, meanCurrentA }: Pick<WindowEnergy, 'idleCurrentA' | 'meanCurrentA'>,
  { power, supply }: BoardDescriptor,
): Result<string> {
  if (idleCurrentA === null)
    return fail(
      'bench.wiring-no-idle',
      { meanCurrentA },
      'No quiet stretch was seen before the window: the board never waits, or samples are missing there.',
      'Program our firmware onto the board and check again.',
    );
  const facts = { idleCurrentA, meanCurrentA, usualIdleA: power.sleepA };
  if (idleCurrentA < IDLE_LOW_REL * power.sleepA)
    return fail(
      'bench.wiring-idle-low',
      facts,
      'Almost no current flows through the monitor: the board lives from another supply, usually its USB cable.',
      `Feed it at ${supply.point} and unplug its USB cable, or cut that cable's 5 V.`,
    );
  if (idleCurrentA > IDLE_HIGH_REL * power.runA)
    return fail(
      'bench.wiring-idle-high',
      facts,
      'Far more current flows than this board draws: something else hangs on the supply, or a pin is shorted.',
      'Take everything else off the supply and check the wires.',
    );
  return ok(`${formatSi(idleCurrentA, 'A')} idle, ${formatSi(meanCurrentA, 'A')} in the window`);
}

/** How the monitor's clock runs against the board's. */
export function judgeClock({
  dut,
  durationUs,
  sampleCount,
  lostSamples,
}: Pick<WindowEnergy, 'dut' | 'durationUs' | 'sampleCount' | 'lostSamples'>): Result<string> {
  if (!dut) return ok('this firmware does not tell its own times');
  const periodUs = durationUs / Math.max(1, sampleCount + lostSamples);
  const ppm = (durationUs / dut.durationUs - 1) * 1e6;
  const plusMinus = ((2 * (periodUs + 1)) / dut.durationUs) * 1e6;
  if (Math.abs(ppm) > CLOCKS_PPM + plusMinus)
    return fail(
      'bench.wiring-clock',
      { driftPpm: Math.round(ppm), limitPpm: CLOCKS_PPM },
      'The clocks of board and monitor differ by more than crystals do: samples are lost, or the board runs at another clock.',
      'Plug the monitor straight into the computer; check the clock of the board.',
    );
  return ok(`${ppm >= 0 ? '+' : '−'}${Math.abs(ppm).toFixed(1)} ± ${plusMinus.toFixed(1)} ppm`);
}
