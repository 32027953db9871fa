import { float32Codec } from '../../trace/float32.ts';
import type { MonitorDescriptor } from '../monitor.ts';

/** A source meter that speaks SCPI over a TCP socket. Limits are those of its profile. */
export const scpi: MonitorDescriptor = {
  id: 'scpi',
  name: 'SCPI source meter',
  usb: [],
  baud: 115_200,
  sampleRateHz: 1000,
  logicChannels: 0,
  windowInput: 'none',
  fullScaleA: null,
  source: { minMv: 0, maxMv: 20_000 },
  canMeasureInline: false,
  codec: float32Codec,
};
