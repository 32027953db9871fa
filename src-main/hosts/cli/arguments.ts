/** What the words of a command line must be. */
import { InvalidArgumentError } from 'commander';

export function positive(text: string): number {
  const n = Number(text);
  if (!Number.isFinite(n) || n <= 0) throw new InvalidArgumentError('must be a number above 0');
  return n;
}

export function finite(text: string): number {
  const n = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(n)) throw new InvalidArgumentError('must be a number');
  return n;
}

export function finiteFrom0(text: string): number {
  const n = finite(text);
  if (n < 0) throw new InvalidArgumentError('must be a number from 0');
  return n;
}

export function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('must be a whole number from 0');
  return n;
}

export function wholeFrom1(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return n;
}

export function runNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1)
    throw new InvalidArgumentError('must be the number of a run; `microjoule runs` lists them');
  return n;
}

export function runNumbers(text: string, before: readonly number[] = []): number[] {
  return [...before, runNumber(text)];
}

export function tcpPort(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65_535)
    throw new InvalidArgumentError('must be a port from 0 (any that is free) to 65535');
  return n;
}

/** A line rate in baud, or `board`. */
export function lineRate(text: string): number | 'board' {
  return text === 'board' ? text : positive(text);
}

const LAST_GPIO = 29;

/** `0,2-5` → 0, 2, 3, 4, 5: each once, in order. */
export function gpioList(text: string): readonly number[] {
  const pins = new Set<number>();
  for (const part of text.split(',')) {
    const range = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part.trim());
    const [first, last] = [Number(range?.[1] ?? NaN), Number(range?.[2] ?? range?.[1] ?? NaN)];
    if (!(first <= last && last <= LAST_GPIO))
      throw new InvalidArgumentError(`must be GPIO numbers from 0 to ${LAST_GPIO}, like 0,2-5`);
    for (let pin = first; pin <= last; pin++) pins.add(pin);
  }
  return [...pins].sort((a, b) => a - b);
}

const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** `60s`, `250ms`, `1.5h`; a bare number is seconds. */
export function secondsFrom0(text: string): number {
  const found = /^(\d+(?:\.\d*)?|\.\d+)(us|ms|s|m|h)?$/.exec(text.trim());
  if (!found) throw new InvalidArgumentError('must be a time like 250ms, 60s, 5m or 2h');
  return Number(found[1]) * SECONDS[found[2] ?? 's']!;
}

export function duration(text: string): number {
  const s = secondsFrom0(text);
  if (s <= 0) throw new InvalidArgumentError('must be longer than nothing');
  return s;
}

export function words(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

export function share(text: string): number {
  const n = Number(text);
  if (!Number.isFinite(n) || n < 0 || n > 1) throw new InvalidArgumentError('must be a number from 0 to 1');
  return n;
}

/** `a,b,c` */
export function listOf(text: string): string[] {
  const parts = text.split(',').map((p) => p.trim());
  if (parts.includes('')) throw new InvalidArgumentError('must be names with commas between them');
  return parts;
}

export function streamNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1)
    throw new InvalidArgumentError('must be the number of a stream run; `microjoule stream list` lists them');
  return n;
}

export interface Amount {
  /** In A or W. */
  readonly value: number;
  readonly unit: 'A' | 'W';
}

const PREFIXES: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, µ: 1e-6, m: 1e-3, '': 1 };

/** `2uA`, `0.5 mW` */
export function currentOrPower(text: string): Amount {
  const found = /^(\d+(?:\.\d*)?|\.\d+)\s*([nuµm]?)([AW])$/.exec(text.trim().replace('\u03bc', 'µ'));
  if (!found) throw new InvalidArgumentError('must be a current or a power like 2uA, 0.5mA or 10uW');
  return { value: Number(found[1]) * PREFIXES[found[2]!]!, unit: found[3] as 'A' | 'W' };
}

/** `200nA` */
export function current(text: string): Amount {
  const amount = currentOrPower(text);
  if (amount.unit !== 'A') throw new InvalidArgumentError('must be a current like 200nA');
  return amount;
}

/** Seconds. */
export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
}

export interface NamedStretch extends Stretch {
  readonly name: string;
}

/** `10ms..20ms` */
export function stretch(text: string): Stretch {
  const ends = text.split('..');
  if (ends.length !== 2) throw new InvalidArgumentError('must be two times like 10ms..20ms');
  const [fromS, toS] = [secondsFrom0(ends[0]!), secondsFrom0(ends[1]!)];
  if (!(fromS < toS)) throw new InvalidArgumentError('must end after it begins');
  return { fromS, toS };
}

/** `load=0.1s..0.2s` */
export function namedStretches(text: string, before: readonly NamedStretch[] = []): NamedStretch[] {
  const cut = text.indexOf('=');
  if (cut < 1) throw new InvalidArgumentError('must be a name and two times like load=10ms..20ms');
  return [...before, { name: text.slice(0, cut).trim(), ...stretch(text.slice(cut + 1)) }];
}

export function durations(text: string, before: readonly number[] = []): number[] {
  return [...before, duration(text)];
}
