import type { MonitorCheck } from '../contract/index.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Store } from '../store/store.ts';
import type { MonitorAccuracy } from '../trace/accuracy.ts';

/** Bounds of one device that a dated check found. */
export interface CheckedMonitor {
  readonly accuracy: MonitorAccuracy;
  /** Half width of the bound on the supply voltage; null where it was not checked. */
  readonly supplyPlusMinusMv: number | null;
}

/** Standard errors of the zero that its bound takes in. */
const ZERO_ERRORS = 3;

/**
 * The bounds of one instrument as its check found them: gain in the ranges in which a known resistor was measured, offset
 * in the range of the zero; elsewhere the bounds it had before. `base` is what the driver says.
 */
export function accuracyOf(check: MonitorCheck, base: MonitorAccuracy): MonitorAccuracy {
  const gainRel = [...base.gainRel];
  const offsetA = [...base.offsetA];
  for (const { range } of check.resistors) {
    if (range >= gainRel.length) continue;
    // several resistors in one range: the worst of them
    const own = check.resistors.filter((r) => r.range === range).map((r) => r.boundRel);
    gainRel[range] = Math.max(...own);
  }
  const { zero } = check;
  if (zero && zero.range < offsetA.length)
    offsetA[zero.range] = Math.abs(zero.meanA) + (ZERO_ERRORS * zero.noiseA) / Math.sqrt(zero.samples);
  const checked = new Set(check.resistors.map((r) => r.range));
  const left = gainRel.flatMap((_, range) => (checked.has(range) ? [] : [range]));
  const where = left.length === 0 ? '' : `; gain of range ${left.join(', ')}: ${base.origin}`;
  return { ...base, origin: `check of ${check.checkedAt}${where}`, gainRel, offsetA };
}

/** Half width of the bound on the supply voltage, mV; null where the voltage was not checked. */
export function supplyBoundMv(check: MonitorCheck, supplyMv: number): number | null {
  const { voltage } = check;
  if (!voltage) return null;
  const errorRel = Math.abs(voltage.measuredMv / voltage.setMv - 1);
  return (errorRel + voltage.toleranceRel) * supplyMv;
}

export function checkedMonitor(check: MonitorCheck, base: MonitorAccuracy, supplyMv: number): CheckedMonitor {
  return { accuracy: accuracyOf(check, base), supplyPlusMinusMv: supplyBoundMv(check, supplyMv) };
}

/** `device:1a2b3c4d`: another calibration is another instrument. */
export function calibrationWord({ identity: { calibration } }: Pick<Monitor, 'identity'>): string {
  return `${calibration.origin}:${calibration.hash}`;
}

/** What the newest check of this very instrument says; null without one, or where its serial number is not known. */
export function latestCheck(store: Store, monitor: Monitor, supplyMv: number): CheckedMonitor | null {
  const { kind, serial } = monitor.identity;
  if (serial === null) return null;
  const check = store.monitorChecks.latest(kind, serial, calibrationWord(monitor));
  // a database that cannot be read stops the run where it writes; here the bounds of the maker do
  return check.ok && check.value ? checkedMonitor(check.value, monitor.accuracy, supplyMv) : null;
}
