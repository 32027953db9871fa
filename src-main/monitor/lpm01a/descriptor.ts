import type { MonitorDescriptor } from '../monitor.ts';
import { lpm01aCodec } from './codec.ts';

/** ST X-NUCLEO-LPM01A and the PowerShield of the STM32L562E-DK. Facts: UM2269, PROTOCOLS §4. */
export const lpm01a: MonitorDescriptor = {
  id: 'lpm01a',
  name: 'ST X-NUCLEO-LPM01A',
  usb: [{ vendorId: 0x0483, productId: 0x5740 }],
  baud: 3_686_400,
  sampleRateHz: 100_000,
  logicChannels: 1,
  windowInput: 'events',
  fullScaleA: 0.05,
  source: { minMv: 1800, maxMv: 3300 },
  canMeasureInline: false,
  codec: lpm01aCodec,
};

/** What `freq` takes. */
export const LPM01A_RATES_HZ: readonly number[] = [
  100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1,
];
/** In ASCII the line holds so many samples a second without end. */
export const LPM01A_ASCII_LIMIT_HZ = 5_000;
