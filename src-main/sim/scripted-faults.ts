/** The ways in which DUTs and lines misbehave, as data. `times` counts down; absent = always. */
export type DutFault =
  | { readonly kind: 'silent'; readonly command?: RegExp; readonly times?: number }
  | { readonly kind: 'late'; readonly command?: RegExp; readonly delayUs: number; readonly times?: number }
  | { readonly kind: 'echo' }
  | { readonly kind: 'ansi' }
  | { readonly kind: 'noise'; readonly text: string }
  | { readonly kind: 'nul' }
  | { readonly kind: 'garbage' }
  /** Loses power or crashes `afterUs` into a command: nothing of its reply after that, then the boot lines. */
  | {
      readonly kind: 'reset';
      readonly command: RegExp;
      readonly afterUs: number;
      readonly bootUs: number;
      readonly times?: number;
    }
  /** The nth byte (from 0) of a command that matches never arrives. */
  | { readonly kind: 'drop-byte'; readonly command: RegExp; readonly nth: number; readonly times?: number }
  /** Bytes of a command arrive as others. */
  | { readonly kind: 'change'; readonly command: RegExp; readonly replace: string; readonly times?: number }
  /** Changes what goes out: lines joined, cut, damaged. */
  | { readonly kind: 'damage'; readonly match: RegExp; readonly replace: string; readonly times?: number }
  | { readonly kind: 'two-prologues' }
  | { readonly kind: 'double-ready' }
  /** Another program runs: prints this instead of every reply. */
  | { readonly kind: 'other-program'; readonly text: string }
  /** Never stops talking: this line again and again, every `everyUs`, instead of replies. */
  | { readonly kind: 'chatter'; readonly text: string; readonly everyUs: number }
  | { readonly kind: 'unplug'; readonly command: RegExp; readonly afterUs: number };

export type FaultOf<K extends DutFault['kind']> = DutFault & { readonly kind: K };

/** Faults with their remaining counts. */
export class FaultPlan {
  readonly #faults: readonly DutFault[];
  readonly #left = new Map<DutFault, number>();

  constructor(faults: readonly DutFault[]) {
    this.#faults = faults;
    for (const f of faults) if ('times' in f && f.times !== undefined) this.#left.set(f, f.times);
  }

  has(kind: DutFault['kind']): boolean {
    return this.#faults.some((f) => f.kind === kind);
  }

  /** Those of a kind that still act; does not count them as used. */
  of<K extends DutFault['kind']>(kind: K): FaultOf<K>[] {
    return this.#faults.filter((f): f is FaultOf<K> => f.kind === kind && this.#left.get(f) !== 0);
  }

  /** The first of this kind that acts on the text, counted as used. */
  take<K extends DutFault['kind']>(kind: K, text: string): FaultOf<K> | undefined {
    const found = this.of(kind).find((f) => {
      const pattern = 'command' in f ? f.command : 'match' in f ? f.match : undefined;
      return pattern === undefined || pattern.test(text);
    });
    const left = found && this.#left.get(found);
    if (found && left !== undefined) this.#left.set(found, left - 1);
    return found;
  }
}
