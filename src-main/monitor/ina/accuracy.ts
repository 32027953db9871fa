import type { MonitorAccuracy } from '../../trace/accuracy.ts';

/**
 * INA219 with the usual 0.1 Ω 1 % shunt at its 3.2 A setting: 1 % of the shunt, 0.5 % of the chip, 1 mA of offset (100 µV
 * at most) and 0.1 mA a step. The microcontroller's clock is taken as a ceramic resonator's, half a percent.
 */
export const INA_ASSUMED_ACCURACY: MonitorAccuracy = {
  origin: 'assumed for an INA219 with a 0.1 Ω 1 % shunt (± 1.5 %, ± 1 mA), clock 0.5 %',
  gainRel: [0.015],
  offsetA: [1e-3],
  stepA: [1e-4],
  clockRel: 5e-3,
};

/** Bus voltage: half a percent and one step of 4 mV. */
export function inaVoltageBound(volts: number): number {
  return 0.005 * volts + 0.004;
}
