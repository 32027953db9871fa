import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { openMlperfLayout, parseLabels } from '../../../src-main/dataset/mlperf-layout.ts';
import { describeWith, needs, sharedDir } from '../../needs.ts';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mj-data-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(dir, name), content);

describe('y_labels.csv', () => {
  it('reads files, classes and sliding windows', () => {
    expect(orThrow(parseLabels('a.bin,12,7\nb.bin,2,0,2560,512\n', 'y'))).toEqual([
      { file: 'a.bin', classCount: 12, label: 7, widthBytes: null, strideBytes: null },
      { file: 'b.bin', classCount: 2, label: 0, widthBytes: 2560, strideBytes: 512 },
    ]);
  });

  it('is lenient on spaces, CR, blank lines, comments, a byte-order mark, a header and empty trailing cells', () => {
    const text = '\uFEFFfile,nclasses,class\r\n a.bin , 12 , 7 \r\n\r\n# open division\r\nb.bin, 12, 3,,\r\n';
    expect(orThrow(parseLabels(text, 'y')).map((e) => [e.file, e.classCount, e.label])).toEqual([
      ['a.bin', 12, 7],
      ['b.bin', 12, 3],
    ]);
  });

  it.each([
    ['a.bin,12', '2 cells, expected 3 or 5'],
    ['a.bin,12,12', 'class 12 of 12'],
    ['a.bin,12,-1', 'not a whole number'],
    ['a.bin,12,1.5', 'not a whole number'],
    ['a.bin,12,0x1', 'not a whole number'],
    ['a.bin,0,0', 'no classes'],
    ['a.bin,2,1,0,512', 'width and stride must be positive'],
    ['a.bin,2,1,2560', '4 cells, expected 3 or 5'],
    [',2,1', 'no file name'],
    ['../secret.bin,2,1', 'the file lies outside the folder'],
    ['/etc/passwd,2,1', 'the file lies outside the folder'],
    ['x/../../y,2,1', 'the file lies outside the folder'],
  ])('"%s" is refused with its line: %s', (line, problem) => {
    const r = parseLabels(`ok.bin,2,1\n${line}\n`, 'y');
    expect(r).toMatchObject({ ok: false, id: 'dataset.labels-malformed', facts: { line: 2, problem } });
  });

  it('without an entry is empty', () => {
    expect(parseLabels('file,nclasses,class\n\n', 'y')).toMatchObject({ ok: false, id: 'dataset.empty' });
  });

  it('any bytes give entries or a failure, never a crash', () => {
    const rng = new Rng(5);
    for (let i = 0; i < 2000; i++) {
      const text = Array.from({ length: rng.int(0, 60) }, () =>
        rng.pick([...'ab.,0123456789\n\r\t /\\"-', '\0', '\uFFFF']),
      ).join('');
      const r = parseLabels(text, 'y');
      expect(r.ok || r.id.startsWith('dataset.')).toBe(true);
    }
  });
});

describe('a data-set folder', () => {
  it('gives each input of the right length', () => {
    put('y_labels.csv', 'a.bin,2,1\n');
    put('a.bin', new Uint8Array([1, 2, 3, 4]));
    const set = orThrow(openMlperfLayout(dir));
    expect(orThrow(set.read(0, 4))).toEqual({
      name: 'a.bin',
      label: 1,
      windows: [new Uint8Array([1, 2, 3, 4])],
    });
  });

  it('slides a window: 196 of 2560 bytes every 512 in 102 400 bytes', () => {
    put('y_labels.csv', 'a.bin,2,1,2560,512\n');
    put(
      'a.bin',
      Uint8Array.from({ length: 102_400 }, (_, i) => (i >> 9) & 255),
    );
    const { windows } = orThrow(orThrow(openMlperfLayout(dir)).read(0, 2560));
    expect(windows).toHaveLength(196);
    expect(windows.every((w) => w.length === 2560)).toBe(true);
    expect([windows[0]![0], windows[1]![0], windows[195]![0], windows[195]![2559]]).toEqual([0, 1, 195, 199]);
  });

  it('missing, short, long and wrong files have their own ids and name the file', () => {
    put(
      'y_labels.csv',
      'none.bin,2,1\nshort.bin,2,1\nlong.bin,2,1\nwide.bin,2,1,8,2\nempty.bin,2,0\nfolder.bin,2,0\n',
    );
    put('short.bin', new Uint8Array(3));
    put('long.bin', new Uint8Array(5));
    put('wide.bin', new Uint8Array(16));
    put('empty.bin', new Uint8Array(0));
    mkdirSync(join(dir, 'folder.bin'));
    const set = orThrow(openMlperfLayout(dir));
    const id = (i: number) => {
      const r = set.read(i, 4);
      return r.ok ? 'ok' : r.id;
    };
    expect([0, 1, 2, 3, 4, 5, 6].map(id)).toEqual([
      'dataset.file-missing',
      'dataset.file-short',
      'dataset.file-long',
      'dataset.wrong-width',
      'dataset.file-short',
      'dataset.file-missing',
      'dataset.no-item',
    ]);
    expect(set.read(1, 4)).toMatchObject({ facts: { file: 'short.bin', fileBytes: 3, inputBytes: 4 } });
  });

  it('without a list, and a list that is a folder', () => {
    expect(openMlperfLayout(dir)).toMatchObject({
      ok: false,
      id: 'dataset.no-labels',
      facts: { errno: 'ENOENT' },
    });
    mkdirSync(join(dir, 'y_labels.csv'));
    expect(openMlperfLayout(dir)).toMatchObject({
      ok: false,
      id: 'dataset.no-labels',
      facts: { errno: 'EISDIR' },
    });
  });
});

describeWith([needs.shared], 'the reference data sets', () => {
  it.each([
    ['kws01', 'y_labels.csv', 500, 12],
    ['ic01', 'y_labels.csv', 200, 10],
    ['ad01', 'y_labels.csv', 248, 2],
    ['ad01', 'y_labels_alt.csv', 72, 2],
  ])('%s/%s has %d files of %d classes', (name, list, count, classes) => {
    const set = orThrow(openMlperfLayout(join(sharedDir!, 'data/samples', name), list));
    expect(set.entries).toHaveLength(count);
    expect(set.entries.every((e) => e.classCount === classes)).toBe(true);
  });

  it('of ad01 the short list is taken unless the long one is named', () => {
    expect(orThrow(openMlperfLayout(join(sharedDir!, 'data/samples/ad01'))).labelsFile).toBe(
      'y_labels_alt.csv',
    );
  });

  it('kws01 inputs are 490 bytes and the class stands in the file name', () => {
    const set = orThrow(openMlperfLayout(join(sharedDir!, 'data/samples/kws01')));
    for (let i = 0; i < 20; i++) {
      const item = orThrow(set.read(i, 490));
      expect(item.label).toBe(Number(/_(\d+)\.bin$/.exec(item.name)![1]));
    }
  });
});
