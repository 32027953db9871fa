import { BugError } from '../base/errors.ts';
import {
  bool,
  bytes,
  f32s,
  flatTable,
  i32,
  i32s,
  i64s,
  i8,
  string,
  table,
  tables,
  u32,
  u8,
  writeFlatBuffer,
  type FlatNode,
} from './flat-writer.ts';
import type { ModelSpec, OpSpec, TensorSpec } from './model-spec.ts';
import type { OperatorRecord } from './operator-record.ts';
import { operatorNamed, operatorTable } from './operator-table.ts';
import { tensorBytes, tensorTypeCodes } from './tensor-type.ts';

export type { ModelSpec, OpSpec, TensorSpec } from './model-spec.ts';

const SCHEMA_VERSION = 3;
/** Operator codes above this do not fit the byte older readers look at. */
const OLD_CODE_LIMIT = 127;

/**
 * The bytes of a .tflite file (schema v3, 'TFL3') that LiteRT and TensorFlow Lite Micro load. Throws BugError for a
 * spec that contradicts itself: specs come from our own code, not from users.
 */
export function writeModel(spec: ModelSpec, records: readonly OperatorRecord[] = operatorTable): Uint8Array {
  const buffers: FlatNode[] = [flatTable({})];
  const all = [spec, ...(spec.called ?? [])];
  const codes = [...new Set(all.flatMap((part) => part.ops.map((op) => op.name)))];
  const subgraphs = all.map((part) => subgraphNode(part, codes, buffers, records));
  const model = flatTable({
    0: u32(SCHEMA_VERSION),
    1: tables(codes.map((name) => codeNode(recordOf(name, records)))),
    2: tables(subgraphs),
    3: string(spec.description ?? ''),
    4: tables(buffers),
  });
  return writeFlatBuffer(model, 'TFL3');
}

function subgraphNode(
  part: Omit<ModelSpec, 'called'>,
  codes: readonly string[],
  buffers: FlatNode[],
  records: readonly OperatorRecord[],
): FlatNode {
  return flatTable({
    0: tables(part.tensors.map((t) => tensorNode(t, buffers))),
    1: i32s(part.inputs),
    2: i32s(part.outputs),
    3: tables(
      part.ops.map((op) =>
        operatorNode(op, codes.indexOf(op.name), part.tensors.length, recordOf(op.name, records)),
      ),
    ),
    4: string(part.name),
  });
}

function recordOf(name: string, records: readonly OperatorRecord[]): OperatorRecord {
  const record = operatorNamed(name, records);
  if (!record) throw new BugError(`no operator ${name} in the table`);
  return record;
}

function codeNode(record: OperatorRecord): FlatNode {
  return flatTable({
    0: i8(Math.min(record.builtin, OLD_CODE_LIMIT)),
    2: i32(record.version),
    3: i32(record.builtin),
  });
}

function operatorNode(op: OpSpec, code: number, tensorCount: number, record: OperatorRecord): FlatNode {
  for (const t of [...op.inputs, ...op.outputs])
    if (t < -1 || t >= tensorCount) throw new BugError(`${op.name} refers to tensor ${t} of ${tensorCount}`);
  return flatTable({
    0: u32(code),
    1: i32s(op.inputs),
    2: i32s(op.outputs),
    3: u8(record.optionsType),
    // operators without a table of their own have none
    4: record.optionsType === 0 ? null : table(record.writeOptions(op.attributes)),
  });
}

function tensorNode(t: TensorSpec, buffers: FlatNode[]): FlatNode {
  let buffer = 0;
  if (t.data) {
    const raw = new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
    const wanted = tensorBytes(t.type, t.shape);
    if (raw.length !== wanted) throw new BugError(`${t.name}: ${raw.length} bytes for a tensor of ${wanted}`);
    buffer = buffers.push(flatTable({ 0: bytes(raw) })) - 1;
  }
  return flatTable({
    0: i32s(t.shape),
    1: i8(tensorTypeCodes[t.type]),
    2: u32(buffer),
    3: string(t.name),
    4: t.quantization ? table(quantizationNode(t)) : null,
    5: t.isVariable ? bool(true) : null,
  });
}

function quantizationNode(t: TensorSpec): FlatNode {
  const q = t.quantization!;
  if (q.scales.length !== q.zeroPoints.length)
    throw new BugError(`${t.name}: ${q.scales.length} scales, ${q.zeroPoints.length} zero points`);
  return flatTable({ 2: f32s(q.scales), 3: i64s(q.zeroPoints), 6: i32(q.axis ?? 0) });
}
