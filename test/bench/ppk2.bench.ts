/** PPK2 decode, beside ppk2-api on the same words where Python has it; and the emulated PPK2's encoder. */
import { spawnSync } from 'node:child_process';
import { PPK2_DEFAULTS } from '../../src-main/monitor/ppk2/calibration.ts';
import { Ppk2Decoder } from '../../src-main/monitor/ppk2/decoder.ts';
import { createPpk2Twin } from '../../src-main/sim/monitors/ppk2-twin.ts';
import { newDecodedSamples } from '../../src-main/trace/format.ts';
import { python } from '../needs.ts';

export const name = 'ppk2';

const SAMPLES = 100_000;

/** The emulated device under a load that goes through all ranges. */
function stream(samples: number): Uint32Array {
  const twin = createPpk2Twin();
  twin.receive(Uint8Array.of(0x06));
  const loads = [10e-6, 0.02, 200e-6, 0.09, 2e-3];
  for (let t = 0; t < samples * 10; t += 1000) twin.current(t, loads[(t / 1000) % 5]!, t & 1);
  twin.advanceTo(samples * 10);
  const bytes = twin.takeOutput()!;
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

function decodeMs(words: Uint32Array): number {
  const decoder = new Ppk2Decoder({ calibration: PPK2_DEFAULTS, volts: 3.3, filtered: true });
  const out = newDecodedSamples();
  const times: number[] = [];
  for (let round = 0; round < 60; round++) {
    const began = performance.now();
    for (let at = 0; at < SAMPLES; at += 50_000) {
      out.shiftCount = 0;
      decoder.decode(words, at, at + 50_000, out, 0);
    }
    times.push(performance.now() - began);
  }
  return median(times);
}

const PEER = `
import sys, time
from ppk2_api.ppk2_api import PPK2_API
PPK2_API.__init__.__globals__['serial'] = type('s', (), {'Serial': lambda *a, **k: type('p', (), {'close': lambda s: None})()})
p = PPK2_API('x'); p.current_vdd = 3300
data = sys.stdin.buffer.read()
best = 1e9
for _ in range(3):
    t = time.perf_counter(); p.get_samples(data); best = min(best, time.perf_counter() - t)
print(best * 1000)
`;

export async function bench() {
  const words = stream(SAMPLES);
  const ours = decodeMs(words);
  const began = performance.now();
  stream(1_000_000);
  const encodeMs = (performance.now() - began) / 10;
  const figures: Record<string, number> = { decodeMsPer100k: ours, encodeMsPer100k: encodeMs };
  if (python) {
    const peer = spawnSync(python, ['-c', PEER], {
      input: new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
    });
    const ms = Number(peer.stdout.toString().trim());
    if (Number.isFinite(ms) && ms > 0) figures.ppk2ApiMsPer100k = ms;
  }
  return {
    figures,
    checks: [{ name: 'PPK2 decode, ms per 100 000 samples', value: ours, limit: 2, ok: ours <= 2 }],
  };
}
