import type { Rng } from '../../src-main/base/rng.ts';
import { readModel } from '../../src-main/model/reader.ts';

/** Values that offsets, counts and indices break on. */
const hostile = [
  0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff,
];

/** A file and the places in it worth damaging: all words but those of the weights, which are the bulk. */
export interface Target {
  readonly bytes: Uint8Array;
  /** Multiples of 4. */
  readonly words: readonly number[];
}

export function targetOf(bytes: Uint8Array): Target {
  const isWeight = new Uint8Array(bytes.length);
  const graph = readModel(bytes, 'target');
  if (graph.ok)
    for (const { data } of graph.value.tensors)
      if (data)
        isWeight.fill(
          1,
          data.byteOffset - bytes.byteOffset,
          data.byteOffset - bytes.byteOffset + data.length,
        );
  const words = Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => 4 * i);
  return { bytes, words: words.filter((at) => !isWeight[at]) };
}

/** Damages `out` at word `at` in place. */
type Damage = (rng: Rng, out: Uint8Array, at: number) => void;

const flipBits: Damage = (rng, out, at) => {
  out[at + rng.int(0, 3)]! ^= 1 << rng.int(0, 7);
};

const copyElsewhere: Damage = (rng, out, at) => {
  const length = Math.min(rng.int(1, 64), out.length - at);
  const from = rng.int(0, out.length - length);
  out.copyWithin(at, from, from + length);
};

const hostileWord: Damage = (rng, out, at) => {
  const view = new DataView(out.buffer);
  const value =
    rng.float() < 0.7 ? rng.pick(hostile) : rng.pick([out.length, out.length - at, at, out.length - 4]);
  if (rng.float() < 0.7) view.setUint32(at, value, true);
  else view.setUint16(at + rng.pick([0, 2]), value & 0xffff, true);
};

const nudge: Damage = (rng, out, at) => {
  const view = new DataView(out.buffer);
  const value = view.getUint32(at, true);
  view.setUint32(at, (value + rng.pick([-8, -4, -2, -1, 1, 2, 4, 8, value, 4 * value])) >>> 0, true);
};

const damages: readonly Damage[] = [
  flipBits,
  flipBits,
  copyElsewhere,
  hostileWord,
  hostileWord,
  nudge,
  nudge,
];

/** The bytes without a few at a random place, or cut off there. */
function shorten(rng: Rng, bytes: Uint8Array): Uint8Array {
  const at = rng.int(0, bytes.length - 1);
  if (rng.float() < 0.7) return bytes.slice(0, at);
  const out = new Uint8Array(bytes.length - 1);
  out.set(bytes.subarray(0, at));
  out.set(bytes.subarray(at + 1), at);
  return out;
}

/** One to three random mutations of a file; the same rng state gives the same. */
export function mutate(rng: Rng, target: Target): Uint8Array {
  const out = target.bytes.slice();
  for (let n = rng.int(1, 3); n > 0; n--) rng.pick(damages)(rng, out, rng.pick(target.words));
  return rng.float() < 0.1 ? shorten(rng, out) : out;
}
