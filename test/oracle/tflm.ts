/** TensorFlow Lite Micro, in one Python process for any number of models and inputs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface TflmRequest {
  readonly model: Uint8Array;
  readonly outputCount: number;
  /** [set][input tensor] raw bytes; at least one set. */
  readonly sets: readonly (readonly Uint8Array[])[];
}

export type TflmReply =
  | { readonly ok: true; /** [set][output tensor] */ readonly outputs: readonly (readonly Uint8Array[])[] }
  | { readonly ok: false; readonly error: string };

export interface TflmRun {
  /** Of the PyPI package, with its commit. */
  readonly version: string;
  readonly replies: readonly TflmReply[];
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function requestBytes(requests: readonly TflmRequest[]): Buffer {
  const parts: Uint8Array[] = [u32(requests.length)];
  for (const { model, outputCount, sets } of requests) {
    const block = Buffer.concat([u32(sets[0]!.length), u32(outputCount), u32(sets.length), ...sets.flat()]);
    parts.push(u32(model.length), model, u32(block.length), block);
  }
  return Buffer.concat(parts);
}

interface ReplyLine {
  readonly ok: boolean;
  readonly error: string;
  readonly outputBytes: readonly number[];
  readonly sets: number;
}

/** Throws when Python itself fails; a model that TFLM refuses is a reply. */
export function runTflm(python: string, requests: readonly TflmRequest[]): TflmRun {
  const run = spawnSync(python, [join(import.meta.dirname, 'tflm.py')], {
    input: requestBytes(requests),
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`tflm.py failed:\n${run.stderr.toString()}`);
  let at = 0;
  const line = (): unknown => {
    const end = run.stdout.indexOf(10, at);
    const text = run.stdout.subarray(at, end).toString();
    at = end + 1;
    return JSON.parse(text);
  };
  const take = (count: number): Uint8Array => {
    at += count;
    return Uint8Array.from(run.stdout.subarray(at - count, at));
  };
  const { version } = line() as { version: string };
  const replies = requests.map((): TflmReply => {
    const reply = line() as ReplyLine;
    if (!reply.ok) return { ok: false, error: reply.error };
    const outputs = Array.from({ length: reply.sets }, () => reply.outputBytes.map(take));
    return { ok: true, outputs };
  });
  return { version, replies };
}
