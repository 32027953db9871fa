/** Records at 100 ksps of wall time into the file named on the command line, and prints how many samples it was given. */
import { setTimeout as sleep } from 'node:timers/promises';
import { orThrow } from '../../src-main/base/errors.ts';
import { WallClock } from '../../src-main/base/clock.ts';
import { ThreadedTraceFile } from '../../src-main/store/threaded-trace-file.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { float32Calibration, float32Codec } from '../../src-main/trace/float32.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import type { SampleSource } from '../../src-main/trace/source.ts';

const rate = 100_000;
const clock = new WallClock();
const source: SampleSource = {
  clock,
  streamFormat: {
    codecId: 'float32',
    sampleRateHz: rate,
    rangeCount: 1,
    monitor: { kind: 'test', serial: null, firmware: null },
  },
  async stream(receiver) {
    receiver.calibration(float32Calibration());
    receiver.supply({ volts: 3, uncertaintyV: 0, origin: 'set-point' });
    const values = new Float32Array(rate);
    const words = new Uint32Array(values.buffer);
    const beganUs = clock.nowUs();
    for (let sent = 0; ;) {
      await sleep(5);
      const due = Math.floor(((clock.nowUs() - beganUs) * rate) / 1e6);
      const n = Math.min(rate, due - sent);
      for (let i = 0; i < n; i++) values[i] = ((sent + i) % 1000) * 1e-6;
      receiver.words(words, 0, n);
      sent += n;
      orThrow(await receiver.settle());
      process.stdout.write(`${sent}\n`);
    }
  },
  async stopStream() {
    // it is killed
  },
};
const header = newTraceHeader(source.streamFormat, { traceId: 'child', title: 'child', source: 'emulated' });
const store = orThrow(await ThreadedTraceFile.create(process.argv[2]!, header));
await recordTrace(source, store, float32Codec, { whenFull: 'gap' }).ended;
