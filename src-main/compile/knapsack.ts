/**
 * One option a layer, so that the cycles are fewest and two sums stay within their limits. Exact as long as the options
 * that cannot be told better or worse are few; beyond, sizes are rounded and the bound says how far off it can be.
 */

export interface Item {
  readonly cycles: number;
  /** Each a multiple of 16: bytes of constants, bytes of copies in RAM. */
  readonly flashBytes: number;
  readonly ramBytes: number;
}

export interface Limits {
  readonly flashBytes: number;
  readonly ramBytes: number;
}

export interface Selection {
  /** Index of the option taken in each layer. */
  readonly taken: readonly number[];
  readonly cycles: number;
  /** No selection within the limits takes fewer; equal to `cycles` where the search was exact. */
  readonly boundCycles: number;
}

/** A partial selection; the layers before point back through `previous`. */
interface Label extends Item {
  readonly option: number;
  readonly previous: Label | null;
}

const GRAIN = 16;
/** Labels a layer; with more, sizes are rounded to twice the grain. */
const MOST_LABELS = 4000;

/** Null where nothing fits. */
export function selectItems(layers: readonly (readonly Item[])[], limits: Limits): Selection | null {
  const free = freeSelection(layers);
  if (fits(layers, free.taken, limits)) return free;
  const useful = withoutDominated(layers);
  for (let grain = GRAIN; ; grain *= 2) {
    const best = search(useful, limits, grain, Math.ceil);
    if (best === 'too many') continue;
    if (grain === GRAIN) return best && selectionOf(best, best.cycles);
    const bound = search(useful, limits, grain, Math.floor);
    if (bound === 'too many') continue;
    return best && selectionOf(best, bound?.cycles ?? best.cycles);
  }
}

function freeSelection(layers: readonly (readonly Item[])[]): Selection {
  const taken = layers.map((items) =>
    items.reduce((best, it, i) => (it.cycles < items[best]!.cycles ? i : best), 0),
  );
  const cycles = taken.reduce((n, option, i) => n + layers[i]![option]!.cycles, 0);
  return { taken, cycles, boundCycles: cycles };
}

function fits(layers: readonly (readonly Item[])[], taken: readonly number[], limits: Limits): boolean {
  const sum = (key: 'flashBytes' | 'ramBytes') => taken.reduce((n, o, i) => n + layers[i]![o]![key], 0);
  return sum('flashBytes') <= limits.flashBytes && sum('ramBytes') <= limits.ramBytes;
}

const noWorse = (a: Item, b: Item): boolean =>
  a.cycles <= b.cycles && a.flashBytes <= b.flashBytes && a.ramBytes <= b.ramBytes;

interface Indexed extends Item {
  readonly option: number;
}

/** Options that another one of the layer is at least as good as in everything are never needed. */
function withoutDominated(layers: readonly (readonly Item[])[]): Indexed[][] {
  return layers.map((items) =>
    items
      .map((item, option) => ({ ...item, option }))
      .filter(
        (a) => !items.some((b, i) => i !== a.option && noWorse(b, a) && (!noWorse(a, b) || i < a.option)),
      ),
  );
}

type Rounding = (x: number) => number;

function search(
  layers: readonly (readonly Indexed[])[],
  limits: Limits,
  grain: number,
  rounding: Rounding,
): Label | null | 'too many' {
  const to = (bytes: number) => grain * rounding(bytes / grain);
  let labels: Label[] = [{ cycles: 0, flashBytes: 0, ramBytes: 0, option: 0, previous: null }];
  for (const items of layers) {
    const next: Label[] = [];
    for (const label of labels)
      for (const item of items) {
        const flashBytes = label.flashBytes + to(item.flashBytes);
        const ramBytes = label.ramBytes + to(item.ramBytes);
        if (flashBytes > limits.flashBytes || ramBytes > limits.ramBytes) continue;
        const cycles = label.cycles + item.cycles;
        next.push({ cycles, flashBytes, ramBytes, option: item.option, previous: label });
      }
    labels = undominated(next);
    if (labels.length > MOST_LABELS) return 'too many';
  }
  return labels.reduce<Label | null>((best, l) => (best && best.cycles <= l.cycles ? best : l), null);
}

/** By rising cycles; of those before, the staircase holds the least RAM for each amount of flash. */
function undominated(labels: Label[]): Label[] {
  labels.sort((a, b) => a.cycles - b.cycles || a.flashBytes - b.flashBytes || a.ramBytes - b.ramBytes);
  const kept: Label[] = [];
  /** Rising flash, falling RAM. */
  const stairs: Label[] = [];
  for (const label of labels) {
    let low = 0;
    let high = stairs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (stairs[middle]!.flashBytes <= label.flashBytes) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && stairs[low - 1]!.ramBytes <= label.ramBytes) continue;
    kept.push(label);
    let end = low;
    while (end < stairs.length && stairs[end]!.ramBytes >= label.ramBytes) end++;
    const from = low > 0 && stairs[low - 1]!.flashBytes === label.flashBytes ? low - 1 : low;
    stairs.splice(from, end - from, label);
  }
  return kept;
}

function selectionOf(last: Label, boundCycles: number): Selection {
  const taken: number[] = [];
  for (let label = last; label.previous; label = label.previous) taken.unshift(label.option);
  return { taken, cycles: last.cycles, boundCycles };
}
