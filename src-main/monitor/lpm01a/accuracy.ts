import type { MonitorAccuracy } from '../../trace/accuracy.ts';

export type Lpm01aFormat = 'ascii' | 'binary';

/** Half a step of the printed number, relative: four decimal digits; twelve bits of which the first four may be 1. */
const FORMAT_REL: Readonly<Record<Lpm01aFormat, number>> = { ascii: 0.5e-3, binary: 2 ** -9 };

/**
 * ± 2 % of what the maker states for dynamic acquisition between 100 nA and 50 mA; the offset is taken as that lowest
 * current and the clock as a common crystal's. The resolution of the number follows its size, so it counts as gain.
 */
export function lpm01aVendorAccuracy(format: Lpm01aFormat): MonitorAccuracy {
  return {
    origin: 'maker’s statement for the LPM01A (± 2 %), offset 100 nA and clock 50 ppm assumed',
    gainRel: [0.02 + FORMAT_REL[format]],
    offsetA: [100e-9],
    stepA: [0],
    clockRel: 50e-6,
  };
}

/** A device that measures exactly, as the emulated one does: only what the format loses is left. */
export function lpm01aFormatAccuracy(format: Lpm01aFormat): MonitorAccuracy {
  return {
    origin: 'number format of the LPM01A only',
    gainRel: [FORMAT_REL[format]],
    offsetA: [0],
    stepA: [0],
    clockRel: 0,
  };
}

/** Set point: the maker states ± 2 % in all; taken for the voltage as well. */
export function lpm01aVoltageBoundMv(millivolts: number): number {
  return 0.02 * millivolts;
}
