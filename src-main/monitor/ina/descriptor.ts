import { float32Codec } from '../../trace/float32.ts';
import type { MonitorDescriptor } from '../monitor.ts';

/** An INA219, INA226 or INA228 behind a microcontroller that prints its readings. */
export const ina: MonitorDescriptor = {
  id: 'ina',
  name: 'INA2xx over serial text',
  // any microcontroller may be it
  usb: [],
  baud: 115_200,
  sampleRateHz: 1000,
  logicChannels: 0,
  windowInput: 'none',
  fullScaleA: 3.2,
  source: null,
  canMeasureInline: true,
  codec: float32Codec,
};
