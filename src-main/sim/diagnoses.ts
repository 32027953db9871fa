import type { FactValue } from '../base/errors.ts';

/** What silicon would survive in silence and the emulation names: noted, never a stop. */
export interface Diagnosis {
  readonly id: string;
  /** As seen the first time. */
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly cause: string;
  readonly next: string;
  readonly firstUs: number;
  /** How often it was seen, by `id` and place. */
  count: number;
}

/** More kinds than a person would read: a program gone wild must not fill the memory. */
const MOST = 100;

/** A bounded list, one entry a kind and place. */
export class Diagnoses {
  readonly #byKey = new Map<string, Diagnosis>();
  #fresh: Diagnosis[] = [];

  get list(): readonly Diagnosis[] {
    return [...this.#byKey.values()];
  }

  /** `place` tells two of a kind apart: the address of the instruction, a pin, a block. */
  note(diagnosis: Omit<Diagnosis, 'count'>, place: string): void {
    const key = `${diagnosis.id} ${place}`;
    const known = this.#byKey.get(key);
    if (known) {
      known.count++;
      if (Number.isInteger(Math.log10(known.count))) this.#fresh.push({ ...known });
    } else if (this.#byKey.size < MOST) {
      const first = { ...diagnosis, count: 1 };
      this.#byKey.set(key, first);
      this.#fresh.push({ ...first });
    }
  }

  /** Those seen for the first, tenth, hundredth … time since the last call, or null. */
  takeFresh(): readonly Diagnosis[] | null {
    if (this.#fresh.length === 0) return null;
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** The same kind at the same place, seen more often. */
export function sameDiagnosis(a: Diagnosis, b: Diagnosis): boolean {
  return a.id === b.id && a.firstUs === b.firstUs && a.facts.pc === b.facts.pc;
}

/** One line for a terminal. */
export function diagnosisText(d: Diagnosis): string {
  const facts = Object.entries(d.facts).map(([k, v]) => `${k}=${String(v)}`);
  if (d.count === 1) return `${d.id} (${facts.join(' ')}): ${d.cause} ${d.next}`;
  const place = d.facts.pc === undefined ? facts.join(' ') : `pc=${String(d.facts.pc)}`;
  return `${d.id} (${place}): seen ${d.count} times`;
}
