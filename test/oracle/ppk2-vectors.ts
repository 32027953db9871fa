/**
 * Vectors for the PPK2 decoder: word streams of our making, values by PyPI's ppk2-api.
 * `node test/oracle/ppk2-vectors.ts` writes test/golden/ppk2-vectors.bin anew (needs Python with ppk2-api).
 *
 * File: u32 length, JSON {oracle, cases: [{name, modifiers, vddMv, words}]}, zero padding to a multiple of 8, then for
 * each case its u32 words (padded to 8) and its f64 values in µA.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../src-main/base/rng.ts';
import { python, root } from '../needs.ts';

export const vectorFile = join(root, 'test/golden/ppk2-vectors.bin');
const oracle = join(root, 'test/oracle/ppk2_oracle.py');

export interface Ppk2Case {
  readonly name: string;
  /** Rows by their metadata key; {} = the client's defaults. */
  readonly modifiers: Readonly<Record<string, readonly number[]>>;
  readonly vddMv: number;
  readonly words: Uint32Array;
}

export interface Ppk2Vector extends Ppk2Case {
  readonly valuesUa: Float64Array;
}

/** As one real device printed them. */
const printed = {
  R: [1003.3506, 101.5865, 10.3027, 0.9636, 0.0564],
  GS: [0, 112.789, 18.0115, 2.4217, 0.0729],
  GI: [1, 0.9695, 0.9609, 0.9519, 0.9582],
  O: [112.942, 75.4627, 64.602, 50.4983, 87.2177],
  S: [4.8e-8, 5.96e-7, 5.281e-6, 6.2577e-5, 0.002940743],
  I: [-1.04e-7, -1.443e-6, 3.6439e-5, -3.74119e-4, -0.009388455],
  UG: [1, 1, 1, 1, 1],
};

function spread(rng: Rng): Record<string, number[]> {
  const rows = Object.entries(printed).map(
    ([key, row]) => [key, row.map((v) => v * (0.8 + 0.4 * rng.float()))] as const,
  );
  return Object.fromEntries(rows);
}

/** Words from (range, samples) pairs with random counts and logic; the counter runs. */
function words(rng: Rng, dwells: readonly (readonly [number, number])[]): Uint32Array {
  const out: number[] = [];
  for (const [range, n] of dwells)
    for (let i = 0; i < n; i++)
      out.push(
        (rng.int(0, 16_383) | (range << 14) | ((out.length & 63) << 18) | (rng.int(0, 255) << 24)) >>> 0,
      );
  return Uint32Array.from(out);
}

export function ppk2Cases(seed: number): Ppk2Case[] {
  const rng = new Rng(seed);
  const cases: Ppk2Case[] = [];
  for (let range = 0; range < 5; range++)
    cases.push({
      name: `range ${range} alone`,
      modifiers: printed,
      vddMv: 3741,
      words: words(rng, [[range, 120]]),
    });
  for (let from = 0; from < 5; from++)
    for (let to = 0; to < 5; to++) {
      if (from === to) continue;
      // every dwell shorter and longer than the three samples the filter replaces
      const dwells = [1, 2, 3, 4, 5, 9].flatMap((n) => [[from, 7] as const, [to, n] as const]);
      cases.push({
        name: `from ${from} to ${to}`,
        modifiers: printed,
        vddMv: 3300,
        words: words(rng, dwells),
      });
    }
  for (let k = 0; k < 8; k++) {
    const dwells = Array.from({ length: 60 }, () => [rng.int(0, 4), rng.int(1, 8)] as const);
    const modifiers = k === 0 ? {} : spread(rng);
    cases.push({ name: `walk ${k}`, modifiers, vddMv: rng.int(800, 5000), words: words(rng, dwells) });
  }
  return cases;
}

/** What ppk2-api makes of a case. */
export function askOracle(c: Ppk2Case): Float64Array {
  const head = Buffer.from(JSON.stringify({ modifiers: c.modifiers, vddMv: c.vddMv }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const input = Buffer.concat([
    length,
    head,
    Buffer.from(c.words.buffer, c.words.byteOffset, c.words.byteLength),
  ]);
  const run = spawnSync(python!, [oracle, 'decode'], { input, maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`ppk2-api: ${run.stderr.toString()}`);
  const values = new Float64Array(run.stdout.length / 8);
  new Uint8Array(values.buffer).set(run.stdout);
  return values;
}

export function readVectors(): Ppk2Vector[] {
  const file = readFileSync(vectorFile);
  const length = file.readUInt32LE(0);
  const head = JSON.parse(file.subarray(4, 4 + length).toString()) as {
    cases: (Omit<Ppk2Case, 'words'> & { words: number })[];
  };
  let at = padded(4 + length);
  return head.cases.map((c) => {
    const words = new Uint32Array(c.words);
    new Uint8Array(words.buffer).set(file.subarray(at, at + 4 * c.words));
    at += padded(4 * c.words);
    const valuesUa = new Float64Array(c.words);
    new Uint8Array(valuesUa.buffer).set(file.subarray(at, at + 8 * c.words));
    at += 8 * c.words;
    return { ...c, words, valuesUa };
  });
}

function padded(n: number): number {
  return (n + 7) & ~7;
}

function writeVectors(cases: readonly Ppk2Case[]): void {
  const version = spawnSync(python!, [oracle, 'version']).stdout.toString().trim();
  const head = Buffer.from(
    JSON.stringify({
      oracle: `ppk2-api ${version}`,
      cases: cases.map((c) => ({ ...c, words: c.words.length })),
    }),
  );
  const parts: Buffer[] = [Buffer.alloc(4), head, Buffer.alloc(padded(4 + head.length) - 4 - head.length)];
  parts[0]!.writeUInt32LE(head.length);
  for (const c of cases) {
    const bytes = Buffer.from(c.words.buffer);
    parts.push(bytes, Buffer.alloc(padded(bytes.length) - bytes.length), Buffer.from(askOracle(c).buffer));
  }
  writeFileSync(vectorFile, Buffer.concat(parts));
}

if (process.argv[1] === import.meta.filename) writeVectors(ppk2Cases(20_011));
