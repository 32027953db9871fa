/** Power spectral density against scipy.signal.welch on the same samples. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { spectrum } from '../../src-main/trace/navigation-spectrum.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { describeWith, needs, python } from '../needs.ts';
import { plainCodec, plainWord } from '../unit/trace/plain-codec.ts';
import { plainHeader, writePlain } from '../unit/trace/written-trace.ts';

const WELCH = `
import sys, json
import numpy as np
from scipy.signal import welch
x = np.frombuffer(sys.stdin.buffer.read(), dtype='<f8')
n = int(sys.argv[1])
f, p = welch(x, fs=100000.0, window='hann', nperseg=n, noverlap=n // 2, detrend='constant', scaling='density')
print(json.dumps({'f': f.tolist(), 'p': p.tolist()}))
`;

describeWith([needs.python], 'a spectrum', () => {
  it.each([256, 4096])('with segments of %i samples equals scipy.signal.welch', async (segment) => {
    const rng = new Rng(2);
    const nanoAmperes = Array.from({ length: 150_000 }, (_, i) =>
      Math.round(
        1e6 + 4e5 * Math.sin((2 * Math.PI * 3000 * i) / 1e5) + 1e5 * Math.cos(i / 400) + rng.int(0, 50_000),
      ),
    );
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(
      store,
      Uint32Array.from(nanoAmperes, (n) => plainWord(n)),
    );
    const trace = new Trace(store, plainCodec);
    const [from, to] = [1234, 140_001];
    const ours = orThrow(spectrum(trace, from, to, segment));
    const input = Float64Array.from(nanoAmperes.slice(from, to), (n) => n * 1e-9);
    const peer = spawnSync(python!, ['-c', WELCH, String(segment)], {
      input: new Uint8Array(input.buffer),
      maxBuffer: 1 << 26,
    });
    const truth = JSON.parse(peer.stdout.toString()) as { f: number[]; p: number[] };
    expect(ours.frequencyHz.length).toBe(truth.f.length);
    const peak = Math.max(...truth.p);
    for (let k = 0; k < truth.f.length; k++) {
      expect(ours.frequencyHz[k]).toBeCloseTo(truth.f[k]!, 6);
      const error = Math.abs(ours.densityA2PerHz[k]! - truth.p[k]!);
      expect(error).toBeLessThanOrEqual(1e-9 * truth.p[k]! + 1e-15 * peak);
    }
  });

  it('leaves out segments with gaps and says how many, and refuses a span that has nothing else', async () => {
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, new Uint32Array(100_000).fill(plainWord(5)), [{ at: 10_000, missing: 7 }]);
    const trace = new Trace(store, plainCodec);
    const s = orThrow(spectrum(trace, 0, 20_480, 1024));
    expect(s.segmentsInSpan).toBe(39);
    expect(s.segmentsWithGaps).toBe(2);
    expect(s.segmentsUsed).toBe(37);
    expect(spectrum(trace, 9800, 10_100, 256)).toMatchObject({ ok: false, id: 'trace.window-empty' });
    for (const segment of [0, 1000, 1 << 20, 15])
      expect(spectrum(trace, 0, 20_480, segment)).toMatchObject({ ok: false, id: 'trace.bad-segment' });
  });
});
