import { readFileSync } from 'node:fs';
import type { ReferenceCheck } from '../contract/index.ts';

/**
 * Committed evidence that a Program was compared with TensorFlow Lite Micro, bit for bit, on a number of random and
 * extreme inputs. Written by `npm run golden`; it holds for the engine build it was made with and no other.
 */
export interface TflmChecks {
  /** Of PyPI's `tflite-micro`, with its commit. */
  readonly tflmVersion: string;
  /** SHA-256 of the engine.wasm that was compared. */
  readonly engineSha256: string;
  readonly checks: readonly TflmCheck[];
}

export interface TflmCheck {
  readonly model: string;
  readonly modelSha256: string;
  readonly programHash: string;
  /** Input sets compared; every output byte of each was equal. */
  readonly inputs: number;
}

export const TFLM_CHECKS_FILE = 'data/tflm-checks.json';

let committed: TflmChecks | null | undefined;

function readCommitted(): TflmChecks | null {
  const beside = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  try {
    const checks = JSON.parse(beside(`../../${TFLM_CHECKS_FILE}`)) as TflmChecks;
    const engine = JSON.parse(beside('./engine.wasm.json')) as { wasmSha256: string };
    return engine.wasmSha256 === checks.engineSha256 ? checks : null;
  } catch {
    // an installation without the records can only say "not checked"
    return null;
  }
}

/** The record for this very Program of this very model, or null: "not checked". */
export function tflmRecord(modelSha256: string, programHash: string): ReferenceCheck | null {
  committed ??= readCommitted();
  return committed === null ? null : recordIn(committed, modelSha256, programHash);
}

export function recordIn(all: TflmChecks, modelSha256: string, programHash: string): ReferenceCheck | null {
  const check = all.checks.find((c) => c.modelSha256 === modelSha256 && c.programHash === programHash);
  if (check === undefined) return null;
  return { programHash, tflmVersion: all.tflmVersion, inputs: check.inputs, record: TFLM_CHECKS_FILE };
}
