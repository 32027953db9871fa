/** One reading as a sketch printed it. */
export interface InaRecord {
  readonly currentA: number;
  /** Bus voltage, V; null where this form or line has none. */
  readonly volts: number | null;
  /** The sketch's own time, ms; null where it prints none. */
  readonly millis: number | null;
}

/** The forms that are understood; PROTOCOLS §5. */
export type InaTextForm = 'adafruit' | 'columns' | 'labels' | 'json' | 'csv';

type Field = 'current' | 'volts' | 'millis';

/** What a name says: which field, and what its unit is in A, V or ms. */
interface Meaning {
  readonly field: Field;
  readonly scale: number;
}

const UNITS: Readonly<Record<string, number>> = {
  a: 1,
  ma: 1e-3,
  ua: 1e-6,
  v: 1,
  mv: 1e-3,
  s: 1e3,
  ms: 1,
  us: 1e-3,
};
/** Sketches print mA, V and ms where they do not say otherwise. */
const USUAL: Readonly<Record<Field, number>> = { current: 1e-3, volts: 1, millis: 1 };
const NAMES: readonly (readonly [Field, RegExp])[] = [
  ['current', /^(?:i|current|curr|cur|amps?)(?:[_ (]*(a|ma|ua)\)?)?$/],
  ['volts', /^(?:v|u|bus|bus[_ ]?voltage|voltage|loadvoltage|load[_ ]?voltage)(?:[_ (]*(v|mv)\)?)?$/],
  ['millis', /^(?:millis|time|t|timestamp)(?:[_ (]*(ms|us|s)\)?)?$/],
];

/** What a column or key of this name holds; null where it is of no use here (power, shunt voltage, …). */
export function meaningOf(name: string): Meaning | null {
  const word = name.trim().toLowerCase().replaceAll('µ', 'u');
  for (const [field, pattern] of NAMES) {
    const hit = pattern.exec(word);
    if (hit) return { field, scale: hit[1] === undefined ? USUAL[field] : UNITS[hit[1]]! };
  }
  return null;
}

/** A decimal number and nothing else; NaN otherwise: `Number('')` and hexadecimal are no readings. */
function decimal(text: string): number {
  const t = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(t) ? Number(t) : NaN;
}

class Draft {
  #current = NaN;
  #volts: number | null = null;
  #millis: number | null = null;
  #broken = false;

  set({ field, scale }: Meaning, value: number): void {
    if (!Number.isFinite(value)) this.#broken = true;
    else if (field === 'current') this.#current = value * scale;
    else if (field === 'volts') this.#volts = value * scale;
    else this.#millis = value * scale;
  }

  take(): InaRecord | null {
    if (this.#broken || !Number.isFinite(this.#current)) return null;
    return { currentA: this.#current, volts: this.#volts, millis: this.#millis };
  }
}

function fromPairs(pairs: readonly (readonly [string, number])[]): InaRecord | null {
  const draft = new Draft();
  for (const [name, value] of pairs) {
    const meaning = meaningOf(name);
    if (meaning) draft.set(meaning, value);
  }
  return draft.take();
}

/** `{"bus_V":3.29,"current_mA":12.3}` */
export function jsonRecord(line: string): InaRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return fromPairs(Object.entries(value).map(([k, v]) => [k, typeof v === 'number' ? v : NaN] as const));
}

/** `V:3.29,I:12.3` */
export function labelRecord(line: string): InaRecord | null {
  const pairs = line.split(/[,\t]|\s{1,}(?=[A-Za-z])/).map((part) => {
    const [name = '', value = ''] = part.split(':');
    return [name, decimal(value)] as const;
  });
  return fromPairs(pairs);
}

export function cellsOf(line: string): string[] {
  return line
    .trim()
    .split(/\s*[,;\t]\s*|\s+/)
    .filter((c) => c !== '');
}

/** A header names columns; null where the line is none. At least one must be a current. */
export function headerOf(line: string): (Meaning | null)[] | null {
  const cells = cellsOf(line);
  if (cells.some((c) => !Number.isNaN(decimal(c)))) return null;
  const meanings = cells.map(meaningOf);
  return meanings.some((m) => m?.field === 'current') ? meanings : null;
}

/** Without a header: V, mA; and ms, V, mA where there are three. */
export function usualColumns(count: number): (Meaning | null)[] | null {
  const of = (field: Field): Meaning => ({ field, scale: USUAL[field] });
  if (count === 1) return [of('current')];
  if (count === 2) return [of('volts'), of('current')];
  return count === 3 ? [of('millis'), of('volts'), of('current')] : null;
}

export function columnRecord(line: string, columns: readonly (Meaning | null)[]): InaRecord | null {
  const cells = cellsOf(line);
  if (cells.length !== columns.length) return null;
  const draft = new Draft();
  cells.forEach((cell, i) => {
    const meaning = columns[i];
    if (meaning) draft.set(meaning, decimal(cell));
  });
  return draft.take();
}

/** Lines of Adafruit's example: one value a line, a blank line ends the record. */
const ADAFRUIT = /^(Bus Voltage|Load Voltage|Shunt Voltage|Current|Power):\s+(\S+)\s+(V|mV|mA|A|uA|mW|W)$/;

export class AdafruitRecord {
  #draft: Draft | null = null;

  /** True where the line is one of these. */
  line(text: string): boolean {
    const hit = ADAFRUIT.exec(text);
    if (!hit) return false;
    this.#draft ??= new Draft();
    const [, name, value, unit] = hit as unknown as [string, string, string, string];
    const scale = UNITS[unit.toLowerCase()];
    if (name === 'Current') this.#draft.set({ field: 'current', scale: scale! }, decimal(value));
    else if (name === 'Bus Voltage') this.#draft.set({ field: 'volts', scale: scale! }, decimal(value));
    return true;
  }

  /** At a blank line. */
  take(): InaRecord | null {
    const record = this.#draft?.take() ?? null;
    this.#draft = null;
    return record;
  }
}
