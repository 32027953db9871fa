/**
 * Golden vectors of one operator, one file. The file is a raw deflate stream of:
 *
 *     u32   bytes of the index (little-endian)
 *     index UTF-8 JSON: {"tflmVersion", "cases": [{"name", "modelBytes", "inputBytes": […], "outputBytes": […], "sets"}]}
 *     then for every case, in order: the .tflite, and for every set its input tensors and TFLM's output tensors
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface GoldenCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly sets: readonly GoldenSet[];
}

export interface GoldenSet {
  /** Raw bytes of every input tensor, in the model's order. */
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

export interface GoldenFile {
  readonly tflmVersion: string;
  readonly cases: readonly GoldenCase[];
}

interface IndexEntry {
  readonly name: string;
  readonly modelBytes: number;
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  readonly sets: number;
}

const lengths = (tensors: readonly Uint8Array[]): number[] => tensors.map((t) => t.length);

export function packGolden(file: GoldenFile): Uint8Array {
  const cases = file.cases.map((c): IndexEntry => ({
    name: c.name,
    modelBytes: c.model.length,
    inputBytes: lengths(c.sets[0]!.inputs),
    outputBytes: lengths(c.sets[0]!.outputs),
    sets: c.sets.length,
  }));
  const index = Buffer.from(JSON.stringify({ tflmVersion: file.tflmVersion, cases }));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(index.length);
  const body = file.cases.flatMap((c) => [c.model, ...c.sets.flatMap((s) => [...s.inputs, ...s.outputs])]);
  return deflateRawSync(Buffer.concat([head, index, ...body]), { level: 9 });
}

export function unpackGolden(bytes: Uint8Array): GoldenFile {
  const all = inflateRawSync(bytes);
  const indexBytes = all.readUInt32LE(0);
  let at = 4 + indexBytes;
  const take = (count: number): Uint8Array => {
    at += count;
    return Uint8Array.from(all.subarray(at - count, at));
  };
  const index = JSON.parse(all.toString('utf8', 4, at)) as { tflmVersion: string; cases: IndexEntry[] };
  const cases = index.cases.map((c): GoldenCase => ({
    name: c.name,
    model: take(c.modelBytes),
    sets: Array.from({ length: c.sets }, () => ({
      inputs: c.inputBytes.map(take),
      outputs: c.outputBytes.map(take),
    })),
  }));
  return { tflmVersion: index.tflmVersion, cases };
}
