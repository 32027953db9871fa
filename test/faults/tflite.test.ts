/**
 * Hostile and damaged .tflite files: a stable error id or a valid Program, never an exception or a hang, and bounded
 * memory: the mutants are read in a process whose heap is limited and whose buffers are watched.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';
import { outcome, type Survey } from './tflite-survey.ts';

const HEAP_MB = 128;
/** Of the largest model here, 325 KB: its constants as every kernel wants them, until the choice is made. */
const BUFFER_LIMIT_BYTES = 64 << 20;
const RESIDENT_LIMIT_BYTES = 192 << 20;
const HANG_MS = 90_000;

function limitedChild(which: string, count: number, seed: number) {
  const child = join(import.meta.dirname, 'tflite-child.ts');
  const args = [`--max-old-space-size=${HEAP_MB}`, child, which, `${count}`, `${seed}`];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: HANG_MS });
}

/** Kinds of outcomes of `count` mutants read in a process with little memory. */
function surveyInChild(which: string, count: number, seed: number): Map<string, number> {
  const run = limitedChild(which, count, seed);
  expect(run.signal, run.stderr).toBeNull();
  expect(run.status, run.stderr).toBe(0);
  const { seen, arrayBufferBytes, residentBytes } = JSON.parse(run.stdout) as Survey;
  expect(arrayBufferBytes).toBeLessThan(BUFFER_LIMIT_BYTES);
  expect(residentBytes).toBeLessThan(RESIDENT_LIMIT_BYTES);
  return new Map(Object.entries(seen));
}

const generated = operatorTable.flatMap((r) =>
  [1, 2, 3].map((seed) => writeModel(r.generate(new Rng(seed)))),
);

/** Where field `field` of the table at `at` lies. */
function fieldAt(view: DataView, at: number, field: number): number {
  const vtable = at - view.getInt32(at, true);
  return at + view.getUint16(vtable + 4 + 2 * field, true);
}

const follow = (view: DataView, at: number): number => at + view.getUint32(at, true);

/** Start of the elements of a vector field. */
function elementsAt(view: DataView, table: number, field: number): number {
  return follow(view, fieldAt(view, table, field)) + 4;
}

/** 3 000 tensors that are all the same one, with 4 096 scales: 240 KB that would make 150 MB of objects. */
function amplifier(): Uint8Array {
  const many = Array.from({ length: 3000 }, () => ({ name: '', type: 'int8' as const, shape: [1] }));
  const scales = new Array<number>(4096).fill(1);
  const wide = {
    name: 'w',
    type: 'int8' as const,
    shape: [4096],
    quantization: { scales, zeroPoints: scales },
  };
  const bytes = writeModel({ name: '', tensors: [wide, ...many], ops: [], inputs: [], outputs: [] });
  const view = new DataView(bytes.buffer);
  const tensors = elementsAt(view, follow(view, elementsAt(view, follow(view, 0), 2)), 0);
  const first = follow(view, tensors);
  for (let i = 0; i <= 3000; i++) view.setUint32(tensors + 4 * i, first - (tensors + 4 * i), true);
  return bytes;
}

describe('files made to do harm', () => {
  it('a graph of thousands of tensors that are all alive to the end does not take planning for hours', () => {
    const step = { scales: [1 / 256], zeroPoints: [-128] };
    const tensors = Array.from({ length: 4_200 }, () => ({
      name: '',
      type: 'int8' as const,
      shape: [4],
      quantization: step,
    }));
    const op = { name: 'SOFTMAX', attributes: { kind: 'softmax' as const, beta: 1 } };
    const chain = (count: number) =>
      writeModel({
        name: '',
        tensors: tensors.slice(0, count + 1),
        ops: Array.from({ length: count }, (_, i) => ({ ...op, inputs: [i], outputs: [i + 1] })),
        inputs: [0],
        outputs: Array.from({ length: count }, (_, i) => i + 1),
      });
    expect(outcome(chain(3_900))).toBe('ok');
    expect(outcome(chain(4_100))).toBe('compile.too-many-tensors');
  });

  it('a file that refers thousands of times to one large part is refused before the work is done', () => {
    expect(outcome(amplifier())).toBe('model.too-much-work');
  });
});

describe('mutated models', () => {
  it(`10 000 mutants of small models end in a Program or a named failure, with ${HEAP_MB} MB of heap, and reach many different checks`, () => {
    const seen = surveyInChild('small', 10_000, 1);
    expect([...seen.values()].reduce((a, b) => a + b)).toBe(10_000);
    expect(seen.get('ok')).toBeGreaterThan(100);
    expect(seen.size).toBeGreaterThan(15);
  });

  it('the limit is one: two million small objects do not fit in it', () => {
    expect(limitedChild('hoard', 2_000_000, 0).status).not.toBe(0);
  });

  it('every prefix of a model is refused as truncated or as no model at all', () => {
    const model = generated[0]!;
    for (let length = 0; length < model.length - 16; length++)
      expect(['model.truncated', 'model.not-tflite', 'ok']).toContain(outcome(model.subarray(0, length)));
  });
});

describeWith([needs.shared], 'mutated reference models', () => {
  it.each([
    ['kws01', 1400],
    ['ic01', 300],
    ['ad01', 150],
    ['vww01', 150],
  ])('%s: %i mutants in limited memory', (name, count) => {
    const seen = surveyInChild(join(sharedDir!, `data/models/${name}_int8.tflite`), count, count);
    expect(seen.size).toBeGreaterThan(5);
  });
});
