/** A PPK2's stream as a host sees it: 1 ms frames, late by a random time, from a crystal that is not the host's. */
import type { Rng } from '../../../src-main/base/rng.ts';

export interface Loss {
  /** Of the device's samples, from 0. */
  readonly atSample: number;
  readonly count: number;
}

export interface Jitter {
  readonly seconds: number;
  readonly driftPpm: number;
  readonly losses?: readonly Loss[];
  /** The host does not read between these times: then it gets what has gathered in pieces of 64 KiB. */
  readonly pauses?: readonly { readonly fromUs: number; readonly toUs: number }[];
}

const FRAME_US = 1000;
const PIECE_BYTES = 65_536;

/** Uniform 0–1 ms late, one in a hundred up to 5 ms; in order. Calls `deliver` with bytes that are reused. */
export function deliverJittered(
  rng: Rng,
  { seconds, driftPpm, losses = [], pauses = [] }: Jitter,
  deliver: (bytes: Uint8Array, nowUs: number) => void,
): void {
  const perUs = (1 + driftPpm * 1e-6) / 10;
  const words = new Uint32Array(1_000_000);
  const bytes = new Uint8Array(words.buffer);
  let next = 0;
  let arrivalUs = 0;
  let lossAt = 0;
  let held = 0;
  for (let frame = 1; frame <= seconds * 1000; frame++) {
    const end = Math.floor(frame * FRAME_US * perUs);
    while (next < end) {
      const loss = losses[lossAt];
      if (loss?.atSample === next) {
        next += loss.count;
        lossAt++;
        continue;
      }
      // a steady 10 mA or so in range 3
      words[held++] = (540 | (3 << 14) | ((next & 63) << 18)) >>> 0;
      next++;
    }
    const late = rng.float() < 0.01 ? 1000 + rng.float() * 4000 : rng.float() * 1000;
    arrivalUs = Math.max(arrivalUs, frame * FRAME_US + late);
    const pause = pauses.find((p) => arrivalUs >= p.fromUs && arrivalUs < p.toUs);
    if (pause) continue;
    for (let at = 0; at < held * 4; at += PIECE_BYTES)
      deliver(bytes.subarray(at, Math.min(held * 4, at + PIECE_BYTES)), arrivalUs);
    held = 0;
  }
}
