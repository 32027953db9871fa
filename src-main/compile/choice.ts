/**
 * Which kernel computes each layer, and whether its constants stay in flash or are copied to RAM: the fewest predicted
 * cycles that flash and RAM of the board allow (ADR 0012).
 */
import type { BoardDescriptor, FlashCache } from '../board/board.ts';
import type { KernelChoice } from '../contract/index.ts';
import type { OpWork } from '../model/graph-check.ts';
import type { OpView } from '../model/op-view.ts';
import { alignUp } from './arena.ts';
import { candidatesOf, type Candidate, type Refused } from './candidates.ts';
import { wordsAfterOthers } from './flash-waits.ts';
import { readsOf, type ConstantReads, type KernelRecord } from './kernel-record.ts';
import { selectItems, type Item } from './knapsack.ts';

/** One operator of the plan and what is known of it before a kernel is chosen. */
export interface Layer {
  readonly view: OpView;
  readonly work: OpWork;
  /** Arena bytes of all tensors that live while it runs. */
  readonly liveBytes: number;
}

export interface ChoiceOptions {
  readonly choice: KernelChoice;
  readonly records: readonly KernelRecord[] | undefined;
  /** Flash bytes of each kernel's code; a kernel that is not there was not built for the board. Null: not known. */
  readonly code: ReadonlyMap<number, number> | null;
  /** Constants may be copied to RAM. */
  readonly copies: boolean;
  /** For tensors, scratch and copies together. */
  readonly ramBytes: number;
  /** For tensors and scratch, where a kernel that needs less can do the layer. */
  readonly arenaBytes: number;
  /** For constants and code together. */
  readonly flashBytes: number;
}

/** A candidate at one of the two places its constants can lie. */
export interface Option extends Item {
  readonly candidate: Candidate;
  readonly inRam: boolean;
  /** Of `cycles`: waits for words from flash. */
  readonly waitCycles: number;
  /** Arena bytes while it runs, without copies. */
  readonly arenaBytes: number;
  readonly codeBytes: number;
}

/** `cycles`: nothing faster applies. Else the limit that the fastest would break. */
export type DecidedBy = 'cycles' | 'flash' | 'compact' | 'arena' | 'ram';

export interface LayerChoice {
  readonly options: readonly Option[];
  readonly refused: readonly Refused[];
  readonly chosen: Option;
  readonly decidedBy: DecidedBy;
}

export interface Choice {
  readonly layers: readonly LayerChoice[];
  /** Predicted, waits included. */
  readonly cycles: number;
  /** No choice within the limits takes fewer; equal to `cycles` where the search was exact. */
  readonly boundCycles: number;
}

/** Compact constants are at most so many times those of the general kernels: the model's own, with a multiplier and a shift a channel. */
const COMPACT_FACTOR = 1.1;

/** A copy that saves less of a layer's cycles is not worth the RAM. */
const COPY_GAIN = 0.01;

interface LayerOptions {
  readonly options: readonly Option[];
  readonly refused: readonly Refused[];
}

export function chooseKernels(
  layers: readonly Layer[],
  board: BoardDescriptor,
  options: ChoiceOptions,
): Choice {
  const { cache } = board.flash;
  const chooseWith = (waits: FlashCache | null) =>
    choose(
      layers.map((layer) => optionsOf(layer, board, options, waits)),
      options,
    );
  const unhindered = chooseWith(null);
  // what stays in the cache from one inference to the next is never waited for
  const readBytes = sum(unhindered.layers.map(({ chosen }) => bytesRead(readsOf(chosen.candidate.lowered))));
  return cache && readBytes > cache.cacheBytes ? chooseWith(cache) : unhindered;
}

const bytesRead = (r: ConstantReads): number => r.bytes + r.onceBytes;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function optionsOf(
  layer: Layer,
  board: BoardDescriptor,
  { records, choice, code, copies }: ChoiceOptions,
  cache: FlashCache | null,
): LayerOptions {
  const { able, refused } = candidatesOf(layer.view, layer.work, board, records, choice);
  const built = able.filter((c) => !code || code.has(c.record.kernel));
  const notBuilt = able
    .filter((c) => !built.includes(c))
    .map(({ record }) => ({ record, why: 'not built for this board' }));
  return {
    options: built.flatMap((c) => placesOf(layer, c, code?.get(c.record.kernel) ?? 0, copies, cache)),
    refused: [...refused, ...notBuilt],
  };
}

function placesOf(
  layer: Layer,
  candidate: Candidate,
  codeBytes: number,
  copies: boolean,
  cache: FlashCache | null,
): Option[] {
  const { lowered, cycles } = candidate;
  const constantBytes = sum(Object.values(lowered.constants).map((c) => alignUp(c.length)));
  const base = {
    candidate,
    codeBytes,
    flashBytes: constantBytes + alignUp(lowered.paramsBytes),
    arenaBytes: layer.liveBytes + alignUp(lowered.scratchBytes),
  };
  const waits = (r: ConstantReads) => (cache ? wordsAfterOthers(r, cache) * cache.wordCycles : 0);
  const place = (inRam: boolean, waitCycles: number, ramBytes: number): Option => ({
    ...base,
    ...{ inRam, waitCycles, ramBytes, cycles: cycles + waitCycles },
  });
  const flash = place(false, waits(readsOf(lowered)), 0);
  const ram = place(true, waits({ bytes: 0, sweeps: 0, onceBytes: lowered.paramsBytes }), constantBytes);
  return copies && flash.cycles - ram.cycles > COPY_GAIN * flash.cycles ? [flash, ram] : [flash];
}

interface Limits {
  /** Constants and code. */
  readonly flashBytes: number;
  /** Constants alone; Infinity where nothing was asked. */
  readonly constantBytes: number;
  readonly ramBytes: number;
  /** Of one operator; general kernels may be above it. */
  readonly arenaBytes: number;
}

interface Taken {
  readonly taken: readonly Option[];
  readonly cycles: number;
  readonly boundCycles: number;
}

function choose(found: readonly LayerOptions[], options: ChoiceOptions): Choice {
  const limits = limitsOf(found, options);
  const best = withinLimits(found, limits) ?? smallest(found);
  const { taken, cycles, boundCycles } = best;
  const layers = found.map(({ options: all, refused }, i) => ({
    options: all,
    refused,
    chosen: taken[i]!,
    decidedBy: decidedBy(taken, i, all, limits),
  }));
  return { layers, cycles, boundCycles };
}

function limitsOf(
  found: readonly LayerOptions[],
  { choice, flashBytes, ramBytes, arenaBytes }: ChoiceOptions,
): Limits {
  const limits = { flashBytes, ramBytes, arenaBytes, constantBytes: Infinity };
  if (choice !== 'compact') return limits;
  const general = found.map(({ options }) => options.find(isGeneral) ?? options[0]!);
  return { ...limits, constantBytes: COMPACT_FACTOR * sum(general.map((o) => o.flashBytes)) };
}

/** Those that need no more, general ones, and where there are none the ones that need least. */
function withinArena(options: readonly Option[], arenaBytes: number): readonly Option[] {
  const within = options.filter((o) => o.arenaBytes <= arenaBytes || isGeneral(o));
  if (within.length > 0) return within;
  const least = Math.min(...options.map((o) => o.arenaBytes));
  return options.filter((o) => o.arenaBytes === least);
}

const isGeneral = (o: Option): boolean => o.candidate.record.cores === 'all';

const codeOf = (taken: readonly Option[]): number =>
  sum([...new Map(taken.map((o) => [o.candidate.record.kernel, o.codeBytes])).values()]);

function allowed(taken: readonly Option[], limits: Limits): boolean {
  const constants = sum(taken.map((o) => o.flashBytes));
  return (
    constants <= limits.constantBytes &&
    constants + codeOf(taken) <= limits.flashBytes &&
    ramOf(taken) <= limits.ramBytes
  );
}

function ramOf(taken: readonly Option[]): number {
  return sum(taken.map((o) => o.ramBytes)) + Math.max(0, ...taken.map((o) => o.arenaBytes));
}

const fastest = (options: readonly Option[]): Option =>
  options.reduce((a, b) => (b.cycles < a.cycles ? b : a));

/** Kernels of which sets are tried; with more, code is taken to cost what all of them cost. */
const MOST_SETS = 6;

/**
 * The best selection over all bounds of the arena (only its largest operator counts, so each size that occurs is tried)
 * and, where flash is scarce, over all sets of kernels (code counts once however many layers use it).
 */
function withinLimits(all: readonly LayerOptions[], limits: Limits): Taken | null {
  const found = all.map(({ options, refused }) => ({
    refused,
    options: withinArena(options, limits.arenaBytes),
  }));
  const free = found.map(({ options }) => fastest(options));
  const cycles = sum(free.map((o) => o.cycles));
  if (allowed(free, limits)) return { taken: free, cycles, boundCycles: cycles };
  let best: Taken | null = null;
  let bound = Infinity;
  for (const set of kernelSets(found, limits)) {
    const codeBytes = sum([...set.values()]);
    const able = found.map(({ options }) => options.filter((o) => set.has(o.candidate.record.kernel)));
    for (const arenaBytes of new Set(able.flat().map((o) => o.arenaBytes))) {
      const fitting = able.map((options) => options.filter((o) => o.arenaBytes <= arenaBytes));
      if (fitting.some((options) => options.length === 0)) continue;
      const selection = selectItems(fitting, {
        flashBytes: Math.min(limits.constantBytes, limits.flashBytes - codeBytes),
        ramBytes: limits.ramBytes - arenaBytes,
      });
      if (!selection) continue;
      bound = Math.min(bound, selection.boundCycles);
      const taken = selection.taken.map((option, i) => fitting[i]![option]!);
      if (!best || selection.cycles < best.cycles) best = { taken, cycles: selection.cycles, boundCycles: 0 };
    }
  }
  return best && { ...best, boundCycles: bound };
}

/** Kernel → bytes of its code. One set of all kernels unless flash for code and constants is scarce. */
function kernelSets(found: readonly LayerOptions[], limits: Limits): Map<number, number>[] {
  const all = new Map(
    found.flatMap(({ options }) => options.map((o) => [o.candidate.record.kernel, o.codeBytes] as const)),
  );
  const most =
    sum(found.map(({ options }) => Math.max(...options.map((o) => o.flashBytes)))) + sum([...all.values()]);
  if (most <= limits.flashBytes) return [all];
  // kernels that are the only one of some layer are in every set
  const needed = new Set(
    found.flatMap(({ options }) => {
      const kernels = new Set(options.map((o) => o.candidate.record.kernel));
      return kernels.size === 1 ? [...kernels] : [];
    }),
  );
  const optional = [...all.keys()].filter((k) => !needed.has(k));
  if (optional.length > MOST_SETS) return [all];
  return Array.from({ length: 2 ** optional.length }, (_, bits) => {
    const left = optional.filter((__, i) => (bits >> i) % 2 === 1);
    return new Map([...all].filter(([kernel]) => needed.has(kernel) || left.includes(kernel)));
  });
}

/** Where nothing fits: what comes nearest, so that the refusal names a figure. */
function smallest(found: readonly LayerOptions[]): Taken {
  const size = (o: Option) => o.flashBytes + o.arenaBytes + o.ramBytes;
  const taken = found.map(({ options }) => options.reduce((a, b) => (size(b) < size(a) ? b : a)));
  const cycles = sum(taken.map((o) => o.cycles));
  return { taken, cycles, boundCycles: cycles };
}

/** Why layer `i` did not get its fastest option: the limit that breaks when it is put in. */
function decidedBy(
  taken: readonly Option[],
  i: number,
  options: readonly Option[],
  limits: Limits,
): DecidedBy {
  const best = fastest(options);
  if (taken[i]!.cycles <= best.cycles) return 'cycles';
  if (best.arenaBytes > limits.arenaBytes && !isGeneral(best)) return 'arena';
  const instead = taken.map((o, k) => (k === i ? best : o));
  if (ramOf(instead) > limits.ramBytes) return 'ram';
  const constants = sum(instead.map((o) => o.flashBytes));
  return constants > limits.constantBytes ? 'compact' : 'flash';
}
