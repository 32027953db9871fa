/**
 * How fast a trace is recorded: raw words → decode → pyramid, edges, CRC → SQLite file. And without the file and
 * the codec, to see where the time goes.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import { PPK2_DEFAULTS } from '../../src-main/monitor/ppk2/calibration.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { TraceFile } from '../../src-main/store/trace-file.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { ChunkWriter } from '../../src-main/trace/recorder.ts';

export const name = 'ingest';

const SAMPLES = 60_000_000;
const BLOCK = 50_000;

/** An activity of 8 mA with steps every 3 ms, two ranges, and a window pin: what a device sends. */
function words(): Uint32Array {
  const w = new Uint32Array(BLOCK * 64);
  for (let i = 0; i < w.length; i++) {
    const busy = i % 900 < 600;
    const adc = (busy ? 520 : 3000) + ((i * 7919) % 5);
    w[i] = adc | ((busy ? 3 : 2) << 14) | ((i & 63) << 18) | ((busy ? 1 : 0) << 24);
  }
  return w;
}

export async function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'ingest-'));
  try {
    const path = join(folder, 'bench.trace');
    const format = {
      codecId: 'ppk2',
      sampleRateHz: 2_000_000,
      rangeCount: 5,
      monitor: { kind: 'ppk2', serial: null, firmware: null },
    };
    const header = newTraceHeader(format, { traceId: 'bench', title: 'bench', source: 'emulated' });
    using file = orThrow(TraceFile.create(path, header));
    const writer = new ChunkWriter(header, file, ppk2Codec);
    writer.calibration(JSON.stringify({ calibration: PPK2_DEFAULTS, volts: 3.3, filtered: true }));
    const input = words();
    let worstMs = 0;
    const began = performance.now();
    const cpuBegan = process.cpuUsage();
    for (let done = 0; done < SAMPLES; done += BLOCK) {
      const at = done % input.length;
      const blockBegan = performance.now();
      writer.words(input, at, at + BLOCK);
      orThrow(await writer.settle());
      worstMs = Math.max(worstMs, performance.now() - blockBegan);
    }
    orThrow(await writer.sync());
    const seconds = (performance.now() - began) / 1000;
    const cpu = process.cpuUsage(cpuBegan);
    orThrow(await file.finish('complete', 'bench'));
    const rate = SAMPLES / seconds / 1e6;
    return {
      figures: {
        msamplesPerS: rate,
        // what a busy machine leaves of the above
        msamplesPerCpuS: SAMPLES / (cpu.user + cpu.system),
        worstStallMs: worstMs,
        bytesPerSample: statSync(path).size / SAMPLES,
      },
      checks: [{ name: 'ingest Msamples/s', value: rate, limit: 25, ok: rate >= 25 }],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
