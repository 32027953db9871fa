/** What pyarrow reads from the Parquet file of a trace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ok, orThrow } from '../../src-main/base/errors.ts';
import { exportParquet } from '../../src-main/trace/formats/parquet.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { Trace } from '../../src-main/trace/trace.ts';
import { describeWith, needs, python } from '../needs.ts';
import { plainCodec, plainWord } from '../unit/trace/plain-codec.ts';
import { plainHeader, writePlain } from '../unit/trace/written-trace.ts';

const READER = `
import sys, json, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
m = pq.ParquetFile(sys.argv[1])
c = t.column('current_a').to_pylist()
print(json.dumps({
  'columns': t.column_names, 'rows': t.num_rows, 'groups': m.num_row_groups,
  'rate': m.metadata.metadata[b'sample_rate_hz'].decode(),
  'nulls': [i for i, a in enumerate(c) if a is None],
  'sum': sum(a for a in c if a is not None),
  'some': [t.column('sample')[70000].as_py(), t.column('time_s')[70000].as_py(), c[70000], t.column('logic')[70000].as_py()],
}))
`;

describeWith([needs.python], 'Parquet of a trace', () => {
  it('has every sample, null where it is missing, for pyarrow', async () => {
    const words = Uint32Array.from({ length: 99_000 }, (_, i) => plainWord((i * 37) % 4_000_000, 1, i >> 12));
    const store = new MemoryTraceStore(plainHeader());
    await writePlain(store, words, [{ at: 65_530, missing: 10 }]);
    const trace = new Trace(store, plainCodec);
    const dir = mkdtempSync(join(tmpdir(), 'microjoule-parquet-'));
    try {
      const path = join(dir, 'trace.parquet');
      const pieces: Uint8Array[] = [];
      const sink = {
        write: async (bytes: Uint8Array) => {
          pieces.push(bytes);
          return ok();
        },
      };
      orThrow(await exportParquet(trace, 0, trace.lengthSamples, sink));
      writeFileSync(path, Buffer.concat(pieces));
      const seen: unknown = JSON.parse(execFileSync(python!, ['-c', READER, path], { encoding: 'utf8' }));
      const nanoA = (word: number) => (word * 37) % 4_000_000;
      const total = Array.from({ length: 99_000 }, (_, i) => nanoA(i) * 1e-9).reduce((a, b) => a + b, 0);
      expect(seen).toMatchObject({
        columns: ['sample', 'time_s', 'current_a', 'logic'],
        rows: 99_010,
        groups: 2,
        rate: '100000',
        nulls: [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 65_536, 65_537, 65_538, 65_539],
        some: [70_000, 0.7, nanoA(69_990) * 1e-9, (69_990 >> 12) & 255],
      });
      expect((seen as { sum: number }).sum).toBeCloseTo(total, 9);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
