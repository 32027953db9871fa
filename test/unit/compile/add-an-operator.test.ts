/** The seams of docs/how-to/add-an-operator.md, walked by a fictional operator and two fictional kernels. */
import { describe, expect, it } from 'vitest';
import { CopyParamsBytes, writeCopyParams, type Kernel } from '../../../src-main/abi/generated.ts';
import { ok, orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import type { KernelRecord } from '../../../src-main/compile/kernel-record.ts';
import { kernelRecords } from '../../../src-main/compile/kernels.ts';
import { flatTable } from '../../../src-main/model/flat-writer.ts';
import { randomScale, singleOperator } from '../../../src-main/model/generate/random-tensors.ts';
import { arity, ofType } from '../../../src-main/model/op-rules.ts';
import { inputOf, outputOf } from '../../../src-main/model/op-view.ts';
import type { OperatorRecord } from '../../../src-main/model/operator-record.ts';
import { operatorTable } from '../../../src-main/model/operator-table.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';

const negate: OperatorRecord = {
  name: 'NEG',
  builtin: 59,
  optionsType: 42,
  version: 1,
  readOptions: () => ({ kind: 'reshape' }),
  writeOptions: () => flatTable({}),
  check: (view) => arity(view, 1, 1) ?? ofType(view, inputOf(view, 0), 'int8') ?? ok(inputOf(view, 0).shape),
  macs: () => 0,
  generate: (rng) => {
    const quantization = { scales: [randomScale(rng)], zeroPoints: [0] };
    const tensor = (name: string) => ({
      name,
      type: 'int8' as const,
      shape: [1, rng.int(3, 3)],
      quantization,
    });
    return singleOperator('NEG', { kind: 'reshape' }, [tensor('x'), tensor('y')]);
  },
};

const general: KernelRecord = {
  kernel: 40_000 as Kernel,
  name: 'neg_s8',
  builtin: 59,
  cores: 'all',
  applies: () => true,
  lower: (view) => ({
    paramsBytes: CopyParamsBytes,
    constants: { table: Uint8Array.of(1, 2, 3) },
    writeParams: (bytes, at, offset) =>
      writeCopyParams(bytes, at, { bytes: offset('table'), reserved: [outputOf(view).shape[1]!] }),
    scratchBytes: 40,
  }),
  cost: (work) => 10 * work.outputs,
};

const fastOnM4: KernelRecord = {
  ...general,
  kernel: 40_001 as Kernel,
  cores: ['m4f', 'm7'],
  cost: (work) => 2 * work.outputs,
};

const operators = [...operatorTable, negate];
const kernels = [...kernelRecords, fastOnM4, general];
const file = writeModel(negate.generate(new Rng(1)), operators);
const m4 = { ...pico, core: { id: 'm4f' as const, name: 'cortex-m4f' as const, features: [] } };

describe('a new operator', () => {
  it('is unknown, by name, until its record is in the table', () => {
    const graph = orThrow(readModel(file, 'x'));
    expect(compile(graph, pico)).toMatchObject({
      id: 'model.unsupported-operator',
      facts: { operator: 'NEG' },
    });
  });

  it('then compiles: parameters, constants and scratch have their places', () => {
    const graph = orThrow(readModel(file, 'x', operators));
    const p = orThrow(compile(graph, pico, { operators, kernels }));
    const [op] = p.ops;
    expect(op).toMatchObject({ opcode: 59, kernel: 40_000, scratchBytes: 40 });
    expect(p.plan.arenaBytes).toBe(16 + 16 + 48);
    const view = new DataView(p.bytes.buffer, p.bytes.byteOffset);
    const table = view.getUint32(op!.paramsOffset, true);
    expect([...p.bytes.subarray(table, table + 3)]).toEqual([1, 2, 3]);
  });
});

describe('a new kernel', () => {
  it('is chosen where it applies and is cheaper, and nowhere else', () => {
    const graph = orThrow(readModel(file, 'x', operators));
    const chosen = (board: typeof pico) =>
      orThrow(compile(graph, board, { operators, kernels })).ops[0]!.kernel;
    expect(chosen(pico)).toBe(40_000);
    expect(chosen(m4)).toBe(40_001);
  });
});
