import { ok, type Result } from '../base/errors.ts';
import { openMonitor } from '../monitor/catalog.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Link } from '../link/link.ts';
import type { Rig } from './rig.ts';

/** The board's capacitors run empty. */
const POWER_DOWN_US = 100_000;
/** Converter and capacitors of the board settle before it is programmed. */
const POWER_UP_US = 200_000;

/** Opens the monitor of a rig, of the kind, at the rate and with the serial number that are known of it. */
export function openRigMonitor(rig: Rig, link: Link): Promise<Result<Monitor>> {
  const { serials, monitorKind, monitorRateHz } = rig;
  return openMonitor(monitorKind ?? 'ppk2', link, {
    ...(serials.monitor === null ? {} : { serial: serials.monitor }),
    ...(monitorRateHz === undefined ? {} : { sampleRateHz: monitorRateHz }),
  });
}

/**
 * With a monitor in source mode the board lives from it: voltage first, then power, then a moment to settle. Off before:
 * after a lost link the board may still be busy with something that nobody sees any more. `uncertaintyMv`: of the voltage
 * by a dated check, the monitor's own where it is null.
 */
export async function supplyBoard(
  { clock }: Pick<Rig, 'clock'>,
  monitor: Monitor,
  supplyV: number,
  uncertaintyMv: number | null = null,
): Promise<Result<void>> {
  const off = await monitor.setDutPower(false);
  if (!off.ok) return off;
  const set = await monitor.setSupply({
    mode: 'source',
    millivolts: Math.round(supplyV * 1000),
    ...(uncertaintyMv === null ? {} : { uncertaintyMv }),
  });
  if (!set.ok) return set;
  await clock.sleepUntilUs(clock.nowUs() + POWER_DOWN_US);
  const on = await monitor.setDutPower(true);
  if (!on.ok) return on;
  await clock.sleepUntilUs(clock.nowUs() + POWER_UP_US);
  return ok();
}
