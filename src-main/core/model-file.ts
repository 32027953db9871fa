import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputEncoding, ResultKind } from '../abi/generated.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import { compile, type CompileOptions } from '../compile/compile.ts';
import type { Program } from '../compile/program.ts';
import type { BenchmarkId } from '../contract/index.ts';
import type { Graph } from '../model/graph.ts';
import { readModel } from '../model/reader.ts';
import { benchmarkRules } from '../run/rules.ts';

/** A model and what the harness needs to know of it. */
export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly graph: Graph;
  readonly benchmark: BenchmarkId | null;
  readonly inputEncoding: InputEncoding;
  readonly resultKind: ResultKind;
  /** What the file only seems to be. */
  readonly remarks: readonly string[];
}

/** No microcontroller of the field takes more; a wrong file is not read into memory whole. */
const MAX_MODEL_BYTES = 64 * 1024 * 1024;

interface Harness {
  readonly inputEncoding: InputEncoding;
  readonly resultKind: ResultKind;
}

const own: Harness = { inputEncoding: InputEncoding.Raw, resultKind: ResultKind.Scores };
/** How the MLPerf Tiny data sets encode their inputs and how their reference firmware prints (PROTOCOLS §1). */
const harnesses: Record<BenchmarkId, Harness> = {
  kws01: own,
  ic01: { inputEncoding: InputEncoding.UInt8Minus128, resultKind: ResultKind.Scores },
  vww01: { inputEncoding: InputEncoding.UInt8Minus128, resultKind: ResultKind.Scores },
  ad01: { inputEncoding: InputEncoding.Float32, resultKind: ResultKind.MeanSquaredError },
};

function benchmarkOf(name: string): BenchmarkId | null {
  const id = /^(kws01|ic01|vww01|ad01)(?![0-9a-z])/i.exec(name)?.[1]?.toLowerCase();
  return (id as BenchmarkId | undefined) ?? null;
}

function elements(graph: Graph, tensors: readonly number[]): number {
  return tensors.reduce((n, t) => n + graph.tensors[t]!.shape.reduce((a, b) => a * b, 1), 0);
}

/** A file may have the name of a benchmark's model without being one: its inputs and outputs must be the benchmark's. */
function unlike(graph: Graph, id: BenchmarkId): string | null {
  const rules = benchmarkRules(id);
  const bytes =
    elements(graph, graph.inputs) * (harnesses[id].inputEncoding === InputEncoding.Float32 ? 4 : 1);
  const outputs = elements(graph, graph.outputs);
  if (bytes === rules.inputBytes && outputs === rules.outputs) return null;
  return (
    `The file is named like ${id}, but takes ${bytes} bytes and gives ${outputs} values where the benchmark's model takes ` +
    `${rules.inputBytes} and gives ${rules.outputs}: treated as a model of one's own.`
  );
}

/** Reads a .tflite from disk. `model.cannot-read`, `model.too-large`, and all of model/reader's ids. */
export function openModelFile(path: string): Result<ModelFile> {
  let bytes: Uint8Array;
  try {
    const { size } = statSync(path);
    if (size > MAX_MODEL_BYTES)
      return fail(
        'model.too-large',
        { path, bytes: size, limit: MAX_MODEL_BYTES },
        'This file is larger than any model for a microcontroller.',
        'Check the path.',
      );
    bytes = new Uint8Array(readFileSync(path));
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code ?? String(e);
    const cause =
      code === 'ENOENT'
        ? 'There is no such file.'
        : code === 'EISDIR'
          ? 'This is a folder.'
          : 'The file cannot be read.';
    return fail('model.cannot-read', { path, code }, cause, 'Give the path of a .tflite file.');
  }
  const name = basename(path)
    .replace(/\.tflite$/i, '')
    .replace(/_int8$/, '');
  const graph = readModel(bytes, name);
  if (!graph.ok) return graph;
  const named = benchmarkOf(name);
  const remark = named ? unlike(graph.value, named) : null;
  const id = remark === null ? named : null;
  return ok({
    name,
    path,
    graph: graph.value,
    benchmark: id,
    ...(id ? harnesses[id] : own),
    remarks: remark === null ? [] : [remark],
  });
}

/** Compiles for a board; an anomaly detector's input must outlive the inference, its score compares with it. */
export function compileFor(
  model: ModelFile,
  board: BoardDescriptor,
  options: CompileOptions = {},
): Result<Program> {
  return compile(model.graph, board, options);
}
