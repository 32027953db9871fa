/** A monitor that samples current and voltage together, as fast as its words are taken. For tests and benchmarks. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../src-main/base/clock.ts';
import { float32Calibration } from '../src-main/trace/float32.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../src-main/trace/source.ts';

const BLOCK = 20_000;
const PATTERN = BLOCK * 32;

/** Sample k: this current and this voltage. */
export function currentAt(k: number): number {
  return Math.fround(k % 5000 < 3000 ? 2e-3 + (k % 7) * 1e-5 : 5e-6);
}
export function voltageAt(k: number): number {
  return Math.fround(3.3 - (k % 5000 < 3000 ? 0.02 : 0) + (k % 5) * 1e-4);
}

function bitsOf(value: (k: number) => number): Uint32Array {
  const values = Float32Array.from({ length: PATTERN }, (_, k) => value(k));
  return new Uint32Array(values.buffer);
}

/** Both repeat after 640 000 samples. Its clock is that of its samples. */
export function twoChannelSource(sampleRateHz: number): SampleSource {
  const current = bitsOf(currentAt);
  const voltage = bitsOf(voltageAt);
  let sent = 0;
  let stopped = false;
  const clock: Clock = {
    kind: 'virtual',
    nowUs: () => (sent / sampleRateHz) * 1e6,
    sleepUntilUs: () => nextTurn(),
  };
  return {
    clock,
    streamFormat: {
      codecId: 'float32',
      sampleRateHz,
      rangeCount: 1,
      moreChannels: [{ id: 'voltage', unit: 'V', codecId: 'float32', rangeCount: 1 }],
      monitor: { kind: 'two-channel', serial: null, firmware: null },
    },
    async stream(receiver: SampleReceiver): Promise<StreamEnd> {
      for (const channel of [0, 1]) receiver.calibration(float32Calibration(), channel);
      receiver.supply({ volts: 3.3, uncertaintyV: 0.01, origin: 'measured' });
      while (!stopped) {
        const at = sent % PATTERN;
        receiver.words(current, at, at + BLOCK, 0);
        receiver.words(voltage, at, at + BLOCK, 1);
        sent += BLOCK;
        const settled = await receiver.settle();
        if (!settled.ok) return { kind: 'refused', failure: settled };
        await nextTurn();
      }
      return { kind: 'stopped' };
    },
    async stopStream() {
      stopped = true;
    },
  };
}
