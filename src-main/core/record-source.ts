import { readFileSync } from 'node:fs';
import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { RecordRequest } from '../contract/index.ts';
import { openLink } from '../link/open.ts';
import { listPorts } from '../link/ports.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { ppk2 } from '../monitor/ppk2/descriptor.ts';
import { openPpk2 } from '../monitor/ppk2/driver.ts';
import { createLoadPlayer, parseLoadFile, type LoadStep } from '../sim/monitors/load-file.ts';
import { createPpk2Twin } from '../sim/monitors/ppk2-twin.ts';
import { pulledPpk2 } from '../sim/pulled-ppk2.ts';
import { isSerial, usbPlaceOf } from './usb-place.ts';

export const EMULATED = 'emulated';

/** A monitor that is set up to record. */
export interface RecordSource {
  readonly monitor: Monitor;
  readonly emulated: boolean;
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

/** Opens the monitor and sets its supply. `link.*`, `monitor.*`, `load.*`, `cli.cannot-read`. */
export async function openRecordSource(request: RecordRequest): Promise<Result<RecordSource>> {
  const opened = request.monitor === EMULATED ? await emulated(request) : await real(request);
  if (!opened.ok) return opened;
  const set = await opened.value.setSupply({
    mode: request.mode ?? 'ampere',
    millivolts: request.supplyMv ?? 3300,
  });
  if (!set.ok) {
    await opened.value[Symbol.asyncDispose]();
    return set;
  }
  return ok({ monitor: opened.value, emulated: request.monitor === EMULATED });
}

async function emulated(request: RecordRequest): Promise<Result<Monitor>> {
  const steps = request.load === undefined ? ok(BUILT_IN_LOAD) : loadOf(request.load);
  if (!steps.ok) return steps;
  const volts = (request.supplyMv ?? 3300) / 1000;
  const twin = createPpk2Twin({ seed: request.seed ?? 1, externalVolts: volts });
  const load = createLoadPlayer(steps.value, { repeat: true });
  return openPpk2(pulledPpk2(twin, load), { serial: `emulated-${request.seed ?? 1}` });
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

async function real({ monitor: address }: RecordRequest): Promise<Result<Monitor>> {
  const ports = isSerial(address) ? await listPorts([]) : ok([]);
  const serial = ports.ok ? usbPlaceOf(address, ports.value)?.serial : undefined;
  const link = await openLink(address, { clock: new WallClock(), baud: ppk2.baud });
  if (!link.ok) return link;
  const monitor = await openPpk2(link.value, serial === undefined ? {} : { serial });
  if (!monitor.ok) await link.value[Symbol.asyncDispose]();
  return monitor;
}
