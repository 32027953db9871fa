/**
 * One option a layer, so that the cycles are fewest and two sums stay within their limits. Partial selections are carried
 * from layer to layer; those that another one is as good as, or that cannot lead below the best known, are dropped, so the
 * result is exact. Only where too many are left the likeliest go on, and the Lagrangian bound says how far off it can be.
 */

export interface Item {
  readonly cycles: number;
  /** Of constants, and of their copies in RAM. */
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
  /** No completion takes fewer cycles. */
  readonly bound: number;
}

/** Labels that go on from one layer to the next. */
const MOST_LABELS = 2000;

/** Null where nothing fits. */
export function selectItems(layers: readonly (readonly Item[])[], limits: Limits): Selection | null {
  const free = freeSelection(layers);
  if (fits(layers, free.taken, limits)) return free;
  const useful = withoutDominated(layers);
  const dual = dualOf(useful, limits);
  const { best, exact } = search(useful, limits, dual);
  if (!best) return dual.incumbent && { ...dual.incumbent, boundCycles: dual.bound };
  const { taken, cycles } = selectionOf(best);
  return { taken, cycles, boundCycles: exact ? cycles : Math.min(cycles, Math.ceil(dual.bound)) };
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

/** Cycles that a byte of flash and a byte of RAM are worth, and what follows. */
interface Dual {
  readonly flashPrice: number;
  readonly ramPrice: number;
  /** Σ over layers of min(cycles + prices · bytes) − prices · limits: no selection takes fewer cycles. */
  readonly bound: number;
  /** The best selection that was met on the way and fits. */
  readonly incumbent: { readonly taken: readonly number[]; readonly cycles: number } | null;
}

const DUAL_STEPS = 300;

/** Subgradient ascent on the two prices, the step falling with the square root of their number. */
function dualOf(layers: readonly (readonly Indexed[])[], limits: Limits): Dual {
  const spread = Math.max(1, ...layers.map((items) => range(items.map((o) => o.cycles))));
  const scale = (bytes: number, key: 'flashBytes' | 'ramBytes') =>
    Number.isFinite(bytes) ? spread / Math.max(16, ...layers.flat().map((o) => o[key])) : 0;
  const [flashStep, ramStep] = [scale(limits.flashBytes, 'flashBytes'), scale(limits.ramBytes, 'ramBytes')];
  let [flashPrice, ramPrice] = [0, 0];
  let best: Dual = { flashPrice: 0, ramPrice: 0, bound: -Infinity, incumbent: null };
  for (let k = 1; k <= DUAL_STEPS; k++) {
    const chosen = layers.map((items) => cheapest(items, flashPrice, ramPrice));
    const at = (key: keyof Item) => chosen.reduce((n, o) => n + o[key], 0);
    const [flashOver, ramOver] = [
      over(at('flashBytes'), limits.flashBytes),
      over(at('ramBytes'), limits.ramBytes),
    ];
    const cycles = at('cycles');
    const bound = cycles + flashPrice * flashOver + ramPrice * ramOver;
    const feasible = flashOver <= 0 && ramOver <= 0;
    const better = feasible && (!best.incumbent || cycles < best.incumbent.cycles);
    const incumbent = better ? { taken: chosen.map((o) => o.option), cycles } : best.incumbent;
    best = bound > best.bound ? { flashPrice, ramPrice, bound, incumbent } : { ...best, incumbent };
    const norm = Math.max(1, Math.hypot(flashOver, ramOver)) * Math.sqrt(k);
    flashPrice = Math.max(0, flashPrice + (flashStep * flashOver) / norm);
    ramPrice = Math.max(0, ramPrice + (ramStep * ramOver) / norm);
  }
  return best;
}

const range = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
/** Without a limit nothing is ever over it. */
const over = (bytes: number, limit: number): number => (Number.isFinite(limit) ? bytes - limit : 0);

const priced = (o: Item, flashPrice: number, ramPrice: number): number =>
  o.cycles + flashPrice * o.flashBytes + ramPrice * o.ramBytes;

function cheapest(items: readonly Indexed[], flashPrice: number, ramPrice: number): Indexed {
  return items.reduce((a, b) => (priced(b, flashPrice, ramPrice) < priced(a, flashPrice, ramPrice) ? b : a));
}

/** What the layers from each on take at least, in each of the three and at the dual's prices. */
interface Rest extends Item {
  readonly priced: number;
}

function restsOf(layers: readonly (readonly Indexed[])[], { flashPrice, ramPrice }: Dual): Rest[] {
  const rests: Rest[] = [{ cycles: 0, flashBytes: 0, ramBytes: 0, priced: 0 }];
  for (const items of layers.toReversed()) {
    const [next] = rests as [Rest];
    const least = (key: keyof Item) => next[key] + Math.min(...items.map((o) => o[key]));
    rests.unshift({
      cycles: least('cycles'),
      flashBytes: least('flashBytes'),
      ramBytes: least('ramBytes'),
      priced: next.priced + Math.min(...items.map((o) => priced(o, flashPrice, ramPrice))),
    });
  }
  return rests;
}

function search(
  layers: readonly (readonly Indexed[])[],
  limits: Limits,
  dual: Dual,
): { readonly best: Label | null; readonly exact: boolean } {
  const { flashPrice, ramPrice } = dual;
  const rests = restsOf(layers, dual);
  const credit =
    (flashPrice > 0 ? flashPrice * limits.flashBytes : 0) + (ramPrice > 0 ? ramPrice * limits.ramBytes : 0);
  // a selection that takes as many cycles as the one known is still let through, against rounding
  const most = (dual.incumbent?.cycles ?? Infinity) * (1 + 1e-12);
  let labels: Label[] = [{ cycles: 0, flashBytes: 0, ramBytes: 0, option: 0, previous: null, bound: 0 }];
  let exact = true;
  for (const [i, items] of layers.entries()) {
    const rest = rests[i + 1]!;
    const next: Label[] = [];
    for (const label of labels)
      for (const item of items) {
        const flashBytes = label.flashBytes + item.flashBytes;
        const ramBytes = label.ramBytes + item.ramBytes;
        if (flashBytes + rest.flashBytes > limits.flashBytes) continue;
        if (ramBytes + rest.ramBytes > limits.ramBytes) continue;
        const cycles = label.cycles + item.cycles;
        const sum = { cycles, flashBytes, ramBytes };
        const bound = Math.max(
          cycles + rest.cycles,
          priced(sum, flashPrice, ramPrice) + rest.priced - credit,
        );
        if (bound <= most) next.push({ ...sum, option: item.option, previous: label, bound });
      }
    labels = undominated(next);
    if (labels.length <= MOST_LABELS) continue;
    exact = false;
    labels = labels.sort((a, b) => a.bound - b.bound).slice(0, MOST_LABELS);
  }
  const best = labels.reduce<Label | null>((a, b) => (a && a.cycles <= b.cycles ? a : b), null);
  return { best, exact };
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

function selectionOf(last: Label): { readonly taken: readonly number[]; readonly cycles: number } {
  const taken: number[] = [];
  for (let label = last; label.previous; label = label.previous) taken.unshift(label.option);
  return { taken, cycles: last.cycles };
}
