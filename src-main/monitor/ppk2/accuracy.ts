import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import { PPK2_DEFAULTS } from './calibration.ts';
import { converterStepA } from './decoder.ts';

/**
 * What the maker states for the PPK2: ± 10 % of average currents between 1 µA and 1 A. Offsets and the sample clock
 * are not stated; two converter steps and a common crystal's 50 ppm are taken. A
 * caller with a dated check of the one device gives its bounds to `openPpk2` instead.
 */
export const PPK2_VENDOR_ACCURACY: MonitorAccuracy = {
  origin: 'maker’s statement for the PPK2 (± 10 %), offset 2 converter steps and clock 50 ppm assumed',
  gainRel: [0.1, 0.1, 0.1, 0.1, 0.1],
  offsetA: converterStepA(PPK2_DEFAULTS.r).map((a) => 2 * a),
  stepA: converterStepA(PPK2_DEFAULTS.r),
  clockRel: 50e-6,
};

/** A device whose calibration table is exact, as the emulated one's is: only what the wire itself loses is left. */
export const PPK2_EXACT_TABLE_ACCURACY: MonitorAccuracy = {
  origin: 'calibration table taken as exact: converter step only',
  gainRel: [0, 0, 0, 0, 0],
  offsetA: [0, 0, 0, 0, 0],
  stepA: converterStepA(PPK2_DEFAULTS.r).map((a) => 1.5 * a),
  clockRel: 0,
};

/** Supply set point: the maker gives no figure; one percent and the regulator's step are taken. */
export function sourceVoltageBoundMv(millivolts: number): number {
  return 0.01 * millivolts + 1;
}
