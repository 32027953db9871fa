import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { INA_ASSUMED_ACCURACY } from '../../../src-main/monitor/ina/accuracy.ts';
import { windowEnergy } from '../../../src-main/trace/energy.ts';
import { float32Buffer, float32Calibration, float32Codec } from '../../../src-main/trace/float32.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { Trace } from '../../../src-main/trace/trace.ts';

it('a window of fewer than ten samples is flagged', async () => {
  const header = newTraceHeader(
    {
      codecId: 'float32',
      sampleRateHz: 100,
      rangeCount: 1,
      monitor: { kind: 'ina', serial: null, firmware: null },
    },
    { traceId: 't', title: 't', source: 'emulated' },
  );
  const store = new MemoryTraceStore(header);
  const writer = new ChunkWriter(header, store, float32Codec);
  writer.calibration(float32Calibration());
  writer.supply({ volts: 3.3, uncertaintyV: 0.02, origin: 'measured' });
  const { words, amperes } = float32Buffer(300);
  amperes.fill(0.01);
  writer.words(words, 0, 300);
  orThrow(await writer.sync());
  const trace = new Trace(store, float32Codec);
  const notesOf = (startSample: number, endSample: number) =>
    orThrow(
      windowEnergy(
        trace,
        { ordinal: 0, startSample, endSample, startUncertainSamples: 1, endUncertainSamples: 1 },
        { accuracy: INA_ASSUMED_ACCURACY },
      ),
    ).notes.filter((n) => n.startsWith('few-samples'));
  expect(notesOf(150, 159)).toEqual([expect.stringContaining('9.0')]);
  expect(notesOf(150, 160)).toEqual([]);
});
