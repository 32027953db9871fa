/** The reader against LiteRT's, on files by others and by our writer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import type { Graph } from '../../src-main/model/graph.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { describeWith, needs, python, root, sharedDir } from '../needs.ts';

interface LiteRtModel {
  readonly tensors: readonly {
    readonly index: number;
    readonly name: string;
    readonly shape: readonly number[];
    readonly type: string;
    readonly scales: readonly number[];
    readonly zeroPoints: readonly number[];
    readonly axis: number;
  }[];
  readonly ops: readonly { readonly name: string; readonly inputs: number[]; readonly outputs: number[] }[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly loads: boolean;
  readonly error?: string;
}

function litert(paths: readonly string[]): LiteRtModel[] {
  const script = join(root, 'test/oracle/litert_models.py');
  const run = spawnSync(python!, [script], {
    input: paths.join('\n'),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LiteRtModel);
}

/** Our reading, in LiteRT's words. LiteRT counts temporaries of its kernels as tensors too, behind the model's. */
function ourWords(graph: Graph): Omit<LiteRtModel, 'loads'> {
  return {
    tensors: graph.tensors.map((t) => ({
      index: t.index,
      name: t.name,
      shape: [...t.shape],
      type: t.type,
      scales: t.quantization?.scales ?? [],
      zeroPoints: t.quantization?.zeroPoints ?? [],
      axis: t.quantization?.axis ?? 0,
    })),
    ops: graph.ops.map((op) => ({ name: op.name, inputs: [...op.inputs], outputs: [...op.outputs] })),
    inputs: graph.inputs,
    outputs: graph.outputs,
  };
}

function expectSameReading(path: string, theirs: LiteRtModel): void {
  const ours = ourWords(orThrow(readModel(readFileSync(path), 'm')));
  const { tensors, ops, inputs, outputs } = theirs;
  // our reader resolves the handles of variables: what is left are the same operators on the same inputs and outputs
  if (ops.some((op) => op.name === 'VAR_HANDLE')) {
    const names = ops.map((op) => op.name).filter((name) => name !== 'VAR_HANDLE' && name !== 'CALL_ONCE');
    expect({ names, inputs, outputs }).toEqual({
      names: ours.ops.map((op) => op.name),
      inputs: ours.inputs,
      outputs: ours.outputs,
    });
    return;
  }
  expect({ tensors: tensors.slice(0, ours.tensors.length), ops, inputs, outputs }).toEqual(ours);
}

describeWith([needs.python, needs.shared], 'reader = LiteRT on the reference models', () => {
  it('tensors, shapes, types, quantisation, operators, inputs and outputs are the same', () => {
    const paths = ['kws01', 'ic01', 'vww01', 'ad01'].map((m) =>
      join(sharedDir!, `data/models/${m}_int8.tflite`),
    );
    litert(paths).forEach((theirs, i) => expectSameReading(paths[i]!, theirs));
  });
});

describeWith([needs.python], 'writer: LiteRT reads what was meant', () => {
  it('every operator, eight random models each, is read the same and can be run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mj-writer-'));
    try {
      const paths = operatorTable.flatMap((record) =>
        Array.from({ length: 8 }, (_, seed) => {
          const path = join(folder, `${record.name}_${seed}.tflite`);
          writeFileSync(path, writeModel(record.generate(new Rng(seed))));
          return path;
        }),
      );
      litert([...paths, join(root, 'models/tiny-ad.tflite')]).forEach((theirs, i) => {
        const path = paths[i] ?? join(root, 'models/tiny-ad.tflite');
        expectSameReading(path, theirs);
        // LiteRT's int8 convolution insists on a bias; TFLM and we do not
        const biasless = theirs.ops[0]!.name === 'CONV_2D' && theirs.ops[0]!.inputs.length === 2;
        // and its integer LSTM on five intermediate tensors, which TFLM computes without
        const bare = theirs.error?.includes('num_intermediate_tensors == 5') === true;
        expect(theirs.loads || biasless || bare, `${path}: ${theirs.error}`).toBe(true);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
