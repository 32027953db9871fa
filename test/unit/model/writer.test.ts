import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { checkGraph } from '../../../src-main/model/graph-check.ts';
import type { Graph } from '../../../src-main/model/graph.ts';
import type { ModelSpec } from '../../../src-main/model/model-spec.ts';
import { operatorTable } from '../../../src-main/model/operator-table.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';

/** The spec as the reader should give it back. */
function expected(spec: ModelSpec) {
  return {
    description: spec.description ?? '',
    inputs: spec.inputs,
    outputs: spec.outputs,
    tensors: spec.tensors.map((t, index) => ({
      index,
      name: t.name,
      type: t.type,
      shape: t.shape,
      quantization: t.quantization ? { axis: 0, ...t.quantization } : null,
      data: t.data ? new Uint8Array(t.data.buffer.slice(0), t.data.byteOffset, t.data.byteLength) : null,
      ...(t.isVariable ? { variable: { initial: null } } : {}),
    })),
    ops: spec.ops.map((op) => ({
      name: op.name,
      inputs: op.inputs,
      outputs: op.outputs,
      attributes: op.attributes,
    })),
  };
}

function readBack(graph: Graph) {
  const { description, inputs, outputs, tensors } = graph;
  const ops = graph.ops.map((op) => ({
    name: op.name,
    inputs: op.inputs,
    outputs: op.outputs,
    attributes: op.attributes,
  }));
  return { description, inputs, outputs, tensors, ops };
}

describe('writeModel', () => {
  const variables = new Set(['VAR_HANDLE', 'READ_VARIABLE', 'ASSIGN_VARIABLE', 'CALL_ONCE']);

  it.each(operatorTable.filter((r) => !variables.has(r.name)).map((r) => [r.name, r] as const))(
    '%s: what is written is read back, field for field',
    (_, record) => {
      for (let seed = 0; seed < 60; seed++) {
        const spec = record.generate(new Rng(seed));
        const graph = orThrow(readModel(writeModel(spec), 'x'));
        expect(readBack(graph)).toEqual(expected(spec));
        orThrow(checkGraph(graph));
      }
    },
  );

  it('a variable is a tensor behind the others that is read and written, with what CALL_ONCE assigns', () => {
    const record = operatorTable.find((r) => r.name === 'READ_VARIABLE')!;
    for (let seed = 0; seed < 60; seed++) {
      const spec = record.generate(new Rng(seed));
      const graph = orThrow(readModel(writeModel(spec), 'x'));
      const state = graph.tensors.at(-1)!;
      const first = spec.called?.[0]!.tensors[1]!.data;
      expect(state.index).toBe(spec.tensors.length);
      expect(state.variable).toEqual({
        initial: first ? new Uint8Array(first.buffer.slice(0)) : null,
      });
      expect(graph.ops.map((op) => op.name)).toEqual([
        'READ_VARIABLE',
        'CONCATENATION',
        'SLICE',
        'ASSIGN_VARIABLE',
      ]);
      expect(graph.ops[0]!.inputs).toEqual([state.index]);
      expect(graph.ops[3]!.outputs).toEqual([state.index]);
      orThrow(checkGraph(graph));
    }
  });

  it('gives the same bytes for the same spec', () => {
    for (const record of operatorTable) {
      const write = () => writeModel(record.generate(new Rng(11)));
      expect(write()).toEqual(write());
    }
  });

  it('puts every constant at a multiple of 16 bytes, as the schema asks', () => {
    const spec = operatorTable.find((r) => r.name === 'CONV_2D')!.generate(new Rng(1));
    const bytes = writeModel(spec);
    const constants = orThrow(readModel(bytes, 'x')).tensors.filter((t) => t.data);
    expect(constants.length).toBeGreaterThan(0);
    for (const t of constants) expect(t.data!.byteOffset % 16).toBe(0);
  });

  it('takes a spec that contradicts itself for a bug', () => {
    const tensor = { name: 't', type: 'int8' as const, shape: [3], data: new Int8Array(2) };
    const spec = { name: 'm', tensors: [tensor], ops: [], inputs: [], outputs: [] };
    expect(() => writeModel(spec)).toThrow(/2 bytes for a tensor of 3/);
    const op = { name: 'RESHAPE', attributes: { kind: 'reshape' as const }, inputs: [1], outputs: [0] };
    expect(() => writeModel({ ...spec, tensors: [{ ...tensor, data: null }], ops: [op] })).toThrow(
      /tensor 1 of 1/,
    );
  });
});
