import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BugError, orThrow } from '../../../src-main/base/errors.ts';
import { openMlperfLayout } from '../../../src-main/dataset/mlperf-layout.ts';
import { writeMlperfLayout } from '../../../src-main/dataset/mlperf-writer.ts';

describe('MLPerf data-set writer', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'mj-layout-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('writes what the reader reads', () => {
    const items = [
      { file: 'tst_000000_down_0.bin', label: 0, bytes: Uint8Array.of(1, 2, 255) },
      { file: 'tst_000001_yes_9.bin', label: 9, bytes: Uint8Array.of(0, 128, 127) },
    ];
    const into = join(dir, 'new/folder');
    writeMlperfLayout(into, 12, items);
    const layout = orThrow(openMlperfLayout(into));
    expect(layout.entries.map((e) => [e.file, e.classCount, e.label])).toEqual(
      items.map((i) => [i.file, 12, i.label]),
    );
    items.forEach((item, i) => expect([...orThrow(layout.read(i, 3)).windows[0]!]).toEqual([...item.bytes]));
  });

  it.each([
    ['a path', [{ file: '../x.bin', label: 0, bytes: new Uint8Array(1) }]],
    ['a class that is not there', [{ file: 'x.bin', label: 2, bytes: new Uint8Array(1) }]],
    ['the same name twice', [0, 1].map((label) => ({ file: 'x.bin', label, bytes: new Uint8Array(1) }))],
  ])('%s is a bug of the caller', (_, items) => {
    expect(() => writeMlperfLayout(dir, 2, items)).toThrow(BugError);
  });
});
