import type { MonitorDescriptor } from '../monitor.ts';
import { ppk2Codec } from './decoder.ts';

/** Nordic Semiconductor Power Profiler Kit II. */
export const ppk2: MonitorDescriptor = {
  id: 'ppk2',
  name: 'Nordic Power Profiler Kit II',
  usb: [{ vendorId: 0x1915, productId: 0xc00a }],
  baud: 115_200,
  sampleRateHz: 100_000,
  logicChannels: 8,
  windowInput: 'level',
  fullScaleA: 1,
  source: { minMv: 800, maxMv: 5000 },
  canMeasureInline: true,
  codec: ppk2Codec,
};
