import { sha256Hex } from '../base/crc.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import { builtinName } from './builtin-operators.ts';
import { fileKind, isTflite } from './file-kind.ts';
import { FlatReader, FlatTable } from './flat-reader.ts';
import { checkOrder } from './graph-order.ts';
import type { Graph, Operator, Tensor } from './graph.ts';
import type { OperatorRecord } from './operator-record.ts';
import { operatorRecord, operatorTable } from './operator-table.ts';
import type { OpAttributes } from './operators.ts';
import { readTensor } from './tensor-reader.ts';
import { resolveVariables } from './variables.ts';

/** Field numbers of the schema's tables (schema v3). */
const MODEL = {
  version: 0,
  operatorCodes: 1,
  subgraphs: 2,
  description: 3,
  buffers: 4,
  signatures: 7,
} as const;
const CODE = { old: 0, custom: 1, builtin: 3 } as const;
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 } as const;
const OPERATOR = { code: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 } as const;
const SIGNATURE = { subgraph: 4 } as const;

/** A Program refers to tensors by 16 bits, 0xFFFF meaning absent. */
const MOST_TENSORS = 65_534;
const MOST_OPERATORS = 65_535;
/** Operators that run another subgraph: CALL, IF, WHILE, STABLEHLO_WHILE, _CASE, _COMPOSITE. */
const CALLERS: ReadonlySet<number> = new Set([31, 118, 119, 200, 206, 209]);

/**
 * Parses a .tflite file. Everything is checked: offsets, vtables, lengths, enumerations, indices, order of the
 * operators; work and memory are bounded by the file's size. Operators the product does not know are kept as
 * `unsupported`; `checkGraph` (graph-check.ts) refuses them by name.
 *
 * @param name what the model is called, mostly the file's name without its ending
 * @param records for tests that add an operator
 */
export function readModel(
  bytes: Uint8Array,
  name: string,
  records: readonly OperatorRecord[] = operatorTable,
): Result<Graph> {
  if (!isTflite(bytes)) return notTflite(bytes);
  const reader = new FlatReader(bytes);
  const model = reader.root();
  const graph = model ? readGraph(model, name, records) : null;
  if (reader.failure) return reader.failure;
  if (!graph)
    return fail('model.bad-offset', { at: 0 }, 'The file has no model in it.', 'Convert the model again.');
  const ordered = checkOrder(graph);
  return ordered.ok ? ok(graph) : ordered;
}

function notTflite(bytes: Uint8Array): Result<Graph> {
  const kind = fileKind(bytes);
  return fail(
    'model.not-tflite',
    { looksLike: kind, fileBytes: bytes.length },
    `This is not a .tflite model; it looks like ${kind}.`,
    'Give a .tflite file: an int8 model converted with the TensorFlow Lite converter.',
  );
}

interface Code {
  readonly builtin: number;
  readonly name: string;
  /** null for an operator the product does not know. */
  readonly record: OperatorRecord | null;
}

function readGraph(model: FlatTable, name: string, records: readonly OperatorRecord[]): Graph | null {
  const { reader } = model;
  const version = model.u32(MODEL.version);
  if (version !== 3)
    reader.refuse(
      'model.version',
      { version },
      `The file says it is version ${version} of the format; version 3 is known.`,
      'Convert the model again with a current converter.',
    );
  const codes = model.tables(MODEL.operatorCodes).map((t) => readCode(t, records));
  const subgraph = mainSubgraph(model, codes);
  if (!subgraph) return null;
  const fileTensors = readTensors(model, subgraph);
  const fileOps = readOperators(subgraph, codes, fileTensors.length);
  if (reader.failure) return null;
  const { tensors, ops } = resolveVariables(reader, { tensors: fileTensors, ops: fileOps }, (index) => {
    const called = index > 0 ? model.tables(MODEL.subgraphs)[index] : undefined;
    if (!called) return null;
    const own = readTensors(model, called);
    return { tensors: own, ops: readOperators(called, codes, own.length) };
  });
  const graph: Graph = {
    name,
    sha256: sha256Hex(reader.bytes),
    description: model.string(MODEL.description),
    tensors,
    ops,
    inputs: readIndices(subgraph, SUBGRAPH.inputs, 0, fileTensors.length, 'subgraph inputs'),
    outputs: readIndices(subgraph, SUBGRAPH.outputs, 0, fileTensors.length, 'subgraph outputs'),
  };
  return reader.failure ? null : graph;
}

function readCode(table: FlatTable, records: readonly OperatorRecord[]): Code {
  // Writers put codes above 127 in the newer field only, so the larger one counts.
  const builtin = Math.max(table.i8(CODE.old), table.i32(CODE.builtin));
  const custom = table.string(CODE.custom);
  const name = custom ? `${builtinName(builtin)} ${custom}` : builtinName(builtin);
  return { builtin, name, record: operatorRecord(builtin, records) };
}

function mainSubgraph(model: FlatTable, codes: readonly Code[]): FlatTable | null {
  const subgraphs = model.tables(MODEL.subgraphs);
  const { reader } = model;
  const called = codes.filter((c) => CALLERS.has(c.builtin)).map((c) => c.name);
  const entries = model.tables(MODEL.signatures).filter((s) => s.u32(SIGNATURE.subgraph) !== 0).length;
  if (subgraphs.length === 0)
    reader.refuse('model.empty', { subgraphs: 0 }, 'The file holds no graph.', 'Convert the model again.');
  else if (subgraphs.length > 1 && (called.length > 0 || entries > 0))
    reader.refuse(
      'model.subgraphs',
      { subgraphs: subgraphs.length, calledBy: called, otherEntryPoints: entries },
      'The model has several subgraphs in use (control flow, or more than one signature).',
      'Export one function of the model, without control flow.',
    );
  return reader.failure ? null : subgraphs[0]!;
}

function readTensors(model: FlatTable, subgraph: FlatTable): Tensor[] {
  const { reader } = model;
  if (tooMany(subgraph, SUBGRAPH.tensors, MOST_TENSORS, 'tensors')) return [];
  const buffers = model.tables(MODEL.buffers);
  const tensors: Tensor[] = [];
  for (const [index, table] of subgraph.tables(SUBGRAPH.tensors).entries()) {
    tensors.push(readTensor(table, index, buffers));
    if (reader.failure) return [];
  }
  return tensors;
}

function readOperators(subgraph: FlatTable, codes: readonly Code[], tensorCount: number): Operator[] {
  if (tooMany(subgraph, SUBGRAPH.operators, MOST_OPERATORS, 'operators')) return [];
  const ops: Operator[] = [];
  for (const [index, table] of subgraph.tables(SUBGRAPH.operators).entries()) {
    const op = readOperator(table, index, codes, tensorCount);
    if (!op) return [];
    ops.push(op);
  }
  return ops;
}

function readOperator(
  table: FlatTable,
  index: number,
  codes: readonly Code[],
  tensorCount: number,
): Operator | null {
  const code = codes[table.u32(OPERATOR.code)];
  if (!code) badIndex(table, `operator ${index}'s code`, table.u32(OPERATOR.code), codes.length);
  const inputs = readIndices(table, OPERATOR.inputs, -1, tensorCount, `inputs of operator ${index}`);
  const outputs = readIndices(table, OPERATOR.outputs, 0, tensorCount, `outputs of operator ${index}`);
  if (!code || table.reader.failure) return null;
  const attributes = readAttributes(table, index, code);
  if (table.reader.failure) return null;
  return { index, builtin: code.builtin, name: code.name, inputs, outputs, attributes };
}

function readAttributes(table: FlatTable, index: number, code: Code): OpAttributes {
  const { record } = code;
  if (!record) return { kind: 'unsupported' };
  const type = table.u8(OPERATOR.optionsType);
  if (type !== 0 && type !== record.optionsType)
    table.reader.refuse(
      'model.bad-options',
      { operator: code.name, index, optionsType: type },
      `Operator ${index} (${code.name}) carries the options of another operator.`,
      'Convert the model again.',
    );
  return record.readOptions(table.table(OPERATOR.options) ?? FlatTable.empty(table.reader));
}

function tooMany(table: FlatTable, field: number, most: number, what: string): boolean {
  const count = table.count(field, 4);
  if (count > most)
    table.reader.refuse(
      'model.too-many',
      { what, count, most },
      `The model has ${count} ${what}; a Program holds ${most}.`,
      'Use a smaller model.',
    );
  return table.reader.failure !== null;
}

function readIndices(table: FlatTable, field: number, least: number, count: number, what: string): number[] {
  const indices = table.i32s(field) ?? [];
  const wrong = indices.find((i) => i < least || i >= count);
  if (wrong !== undefined) badIndex(table, what, wrong, count);
  return indices;
}

function badIndex(table: FlatTable, what: string, index: number, count: number): void {
  table.reader.refuse(
    'model.bad-index',
    { what, index, count },
    `The file is damaged: ${what} refer to number ${index} of ${count}.`,
    'Copy or convert the model again.',
  );
}
