/** What becomes of damaged models. Shared by the test and its memory-limited child. */
import { failureText } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import type { KernelChoice } from '../../src-main/contract/index.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { mutate, targetOf } from './tflite-mutator.ts';

const ID = /^(model|compile)\.[a-z]+(-[a-z0-9]+)*$/;

/** Reads and, when that succeeds, compiles; gives the outcome's id. Throws when a failure does not say what it should. */
export function outcome(bytes: Uint8Array, choice: KernelChoice = 'general'): string {
  const graph = readModel(bytes, 'mutant');
  const result = graph.ok ? compile(graph.value, pico, { choice }) : graph;
  if (result.ok) return 'ok';
  if (!ID.test(result.id)) throw new Error(`not an id: ${result.id}`);
  if (failureText(result).length >= 20_000)
    throw new Error(`${result.id}: a text of ${failureText(result).length}`);
  if (result.cause === '' || result.next === '') throw new Error(`${result.id}: no cause or no way out`);
  return result.id;
}

const FAST_EVERY = 25;

export interface Survey {
  /** Outcome → how many mutants. */
  readonly seen: Readonly<Record<string, number>>;
  /** Most bytes in ArrayBuffers after any mutant, beyond those before the first. */
  readonly arrayBufferBytes: number;
  /** Growth of the process's peak resident size over the whole survey. */
  readonly residentBytes: number;
}

export function survey(seed: number, models: readonly Uint8Array[], count: number): Survey {
  const rng = new Rng(seed);
  const targets = models.map(targetOf);
  const seen: Record<string, number> = {};
  const before = process.memoryUsage().arrayBuffers;
  const resident = process.resourceUsage().maxRSS;
  let most = before;
  for (let i = 0; i < count; i++) {
    // packing for every kernel that may be chosen takes a hundred times as long: a part of the mutants gets it
    const choice = i % FAST_EVERY === 0 ? 'fast' : 'general';
    const id = outcome(mutate(rng, rng.pick(targets)), choice);
    seen[id] = (seen[id] ?? 0) + 1;
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  const residentBytes = (process.resourceUsage().maxRSS - resident) * 1024;
  return { seen, arrayBufferBytes: most - before, residentBytes };
}
