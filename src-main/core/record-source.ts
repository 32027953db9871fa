import { readFileSync } from 'node:fs';
import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { RecordRequest } from '../contract/index.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { openPpk2 } from '../monitor/ppk2/driver.ts';
import { parseLoadFile, type LoadStep } from '../sim/monitors/load-file.ts';
import { createPpk2Twin } from '../sim/monitors/ppk2-twin.ts';
import { pulledPpk2 } from '../sim/pulled-ppk2.ts';
import type { MonitorAccuracy } from '../trace/accuracy.ts';
import { openMonitorAt } from './open-monitor.ts';
import type { CheckedMonitor } from './checked-accuracy.ts';

export const EMULATED = 'emulated';

/** A monitor that is set up to record. */
export interface RecordSource {
  readonly monitor: Monitor;
  readonly emulated: boolean;
  /** Of its newest check where there is one, else what its driver states. */
  readonly accuracy: MonitorAccuracy;
}

/** A sensor node: sleeps at 40 µA, wakes every 100 ms for 6 ms with D0 high, and sends for 1 ms of them. */
const BUILT_IN_LOAD: readonly LoadStep[] = [
  { timeUs: 0, currentA: 40e-6, logic: 0 },
  { timeUs: 40_000, currentA: 4.2e-3, logic: 1 },
  { timeUs: 44_000, currentA: 21e-3, logic: 3 },
  { timeUs: 45_000, currentA: 4.2e-3, logic: 1 },
  { timeUs: 46_000, currentA: 40e-6, logic: 0 },
  { timeUs: 100_000, currentA: 40e-6, logic: 0 },
];

/** Opens the monitor and sets its supply. `link.*`, `monitor.*`, `load.*`, `cli.unknown-monitor`, `cli.no-monitor-address`. */
export async function openRecordSource(
  request: RecordRequest,
  checkOf: (monitor: Monitor, supplyMv: number) => CheckedMonitor | null,
): Promise<Result<RecordSource>> {
  const opened =
    request.monitor === EMULATED
      ? await emulated(request)
      : await openMonitorAt(request.monitor, { unfiltered: request.unfiltered ?? false });
  if (!opened.ok) return opened;
  const monitor = opened.value;
  const supplyMv = request.supplyMv ?? 3300;
  const check = checkOf(monitor, supplyMv);
  const supplied = await supply(monitor, request, supplyMv, check);
  if (!supplied.ok) {
    await monitor[Symbol.asyncDispose]();
    return supplied;
  }
  const emulates = request.monitor === EMULATED;
  return ok({ monitor, emulated: emulates, accuracy: check?.accuracy ?? monitor.accuracy });
}

/** A monitor that supplies the device switches it on. */
async function supply(
  monitor: Monitor,
  { mode }: RecordRequest,
  millivolts: number,
  check: CheckedMonitor | null,
): Promise<Result<void>> {
  const how = mode ?? (monitor.descriptor.canMeasureInline ? 'ampere' : 'source');
  const plusMinus = check?.supplyPlusMinusMv ?? null;
  const set = await monitor.setSupply({
    mode: how,
    millivolts,
    ...(plusMinus === null ? {} : { uncertaintyMv: plusMinus }),
  });
  if (!set.ok || how === 'ampere') return set;
  return monitor.setDutPower(true);
}

async function emulated(request: RecordRequest): Promise<Result<Monitor>> {
  const steps = request.load === undefined ? ok(BUILT_IN_LOAD) : loadOf(request.load);
  if (!steps.ok) return steps;
  const volts = (request.supplyMv ?? 3300) / 1000;
  const twin = createPpk2Twin({ seed: request.seed ?? 1, externalVolts: volts });
  return openPpk2(pulledPpk2(twin, steps.value, request.realTime ? new WallClock() : undefined), {
    serial: `emulated-${request.seed ?? 1}`,
    filtered: !(request.unfiltered ?? false),
  });
}

function loadOf(path: string): Result<LoadStep[]> {
  try {
    return parseLoadFile(readFileSync(path, 'utf8'));
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code ?? String(e);
    return fail(
      'load.cannot-read',
      { path, code },
      'The load file cannot be read.',
      'Check path and permissions.',
    );
  }
}
