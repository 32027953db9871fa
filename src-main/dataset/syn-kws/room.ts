import type { Rng } from '../../base/rng.ts';
import { mixInto, rms } from './signal.ts';

const SPEED_OF_SOUND_MPS = 343;
const HIGHEST_ORDER = 3;

/**
 * The signal as heard in a random shoebox room: image sources up to the third order (Allen & Berkley 1979) with
 * one frequency-independent reflection factor for all walls, from the reverberation time by Sabine's formula.
 * Same RMS as before; the direct sound stays where it was.
 */
export function inRoom(dry: Float64Array, reverbS: number, rateHz: number, rng: Rng): Float64Array {
  const size = [3 + 5 * rng.float(), 3 + 4 * rng.float(), 2.3 + 1.2 * rng.float()];
  const place = () => size.map((s) => 0.4 + (s - 0.8) * rng.float());
  const source = place();
  const microphone = place();
  const reflection = reflectionFactor(size, reverbS);
  const direct = Math.hypot(...source.map((s, d) => s - microphone[d]!));
  const wet = new Float64Array(dry.length + Math.round(0.2 * rateHz));
  const orders = Array.from({ length: 2 * HIGHEST_ORDER + 1 }, (_, i) => i - HIGHEST_ORDER);
  for (const i of orders)
    for (const j of orders)
      for (const k of orders) {
        const order = Math.abs(i) + Math.abs(j) + Math.abs(k);
        if (order > HIGHEST_ORDER) continue;
        const distance = Math.hypot(
          ...[i, j, k].map(
            (n, d) => n * size[d]! + (n % 2 ? size[d]! - source[d]! : source[d]!) - microphone[d]!,
          ),
        );
        const delay = Math.round(((distance - direct) / SPEED_OF_SOUND_MPS) * rateHz);
        mixInto(wet, dry, (reflection ** order * direct) / distance, delay);
      }
  const gain = rms(dry) / (rms(wet) * Math.sqrt(wet.length / dry.length) || 1);
  return wet.map((x) => x * gain);
}

/** Sabine: T60 = 0.161 V / (S α); the pressure reflection factor is √(1 − α). */
function reflectionFactor([x, y, z]: readonly number[], reverbS: number): number {
  const volume = x! * y! * z!;
  const surface = 2 * (x! * y! + y! * z! + x! * z!);
  return Math.sqrt(1 - Math.min(0.95, (0.161 * volume) / (surface * reverbS)));
}
