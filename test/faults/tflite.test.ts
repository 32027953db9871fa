/**
 * Hostile and damaged .tflite files: a stable error id or a valid Program, never an exception, a hang or memory
 * beyond the file's own size.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { failureText } from '../../src-main/base/errors.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { describeWith, needs, root, sharedDir } from '../needs.ts';
import { mutate, targetOf, type Target } from './tflite-mutator.ts';

const ID = /^(model|compile)\.[a-z]+(-[a-z0-9]+)*$/;

/** Reads and, when that succeeds, compiles; gives the outcome's id. */
function outcome(bytes: Uint8Array): string {
  const graph = readModel(bytes, 'mutant');
  const result = graph.ok ? compile(graph.value, pico) : graph;
  if (result.ok) return 'ok';
  expect(result.id).toMatch(ID);
  expect(failureText(result).length).toBeLessThan(20_000);
  expect(result.cause).not.toBe('');
  expect(result.next).not.toBe('');
  return result.id;
}

function survey(seed: number, targets: readonly Target[], count: number): Map<string, number> {
  const rng = new Rng(seed);
  const seen = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const id = outcome(mutate(rng, rng.pick(targets)));
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return seen;
}

const tiny = new Uint8Array(readFileSync(join(root, 'models/tiny-ad.tflite')));
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
  it('10 000 mutants of small models end in a Program or a named failure, and reach many different checks', () => {
    const seen = survey(1, [...generated, tiny].map(targetOf), 10000);
    expect([...seen.values()].reduce((a, b) => a + b)).toBe(10000);
    expect(seen.get('ok')).toBeGreaterThan(100);
    expect(seen.size).toBeGreaterThan(15);
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
  ])('%s: %i mutants', (name, count) => {
    const original = new Uint8Array(readFileSync(join(sharedDir!, `data/models/${name}_int8.tflite`)));
    const seen = survey(count, [targetOf(original)], count);
    expect(seen.size).toBeGreaterThan(5);
  });
});
