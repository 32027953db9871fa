import type { AnalogueSource } from '../pico/analogue-inputs.ts';

/**
 * An electret capsule with its amplifier: the sound as a voltage around a bias. Plain objects only, so that a worker
 * can be given one.
 */
export interface MicrophoneSound {
  /** −1 to 1. */
  readonly pcm: Float32Array;
  /** Samples a second of `pcm`, independent of how fast anybody converts. */
  readonly rateHz: number;
  /** Virtual time of the first sample; silence before it and after the end. */
  readonly startUs?: number;
  /** Between samples: the last one, or a straight line to the next. Default: line. */
  readonly between?: 'hold' | 'line';
  /** The output in silence, V. Default: half of 3.3 V. */
  readonly biasV?: number;
  /** Volts for a PCM value of 1. Default 1. */
  readonly voltsPerUnit?: number;
  /** Noise added to the output, V rms; drawn from `seed` and the time, 0 by default. */
  readonly noiseVrms?: number;
  readonly seed?: number;
}

const SUPPLY_V = 3.3;
/** Noise is constant this long: about one cycle of a 48 MHz converter clock. */
const NOISE_SLOTS_PER_US = 48;

/** The amplifier cannot leave its supply. */
export function microphoneSource(sound: MicrophoneSound): AnalogueSource {
  const { pcm, rateHz, startUs = 0, between = 'line', noiseVrms = 0, seed = 0 } = sound;
  const bias = sound.biasV ?? SUPPLY_V / 2;
  const gain = sound.voltsPerUnit ?? 1;
  return (timeUs) => {
    const position = ((timeUs - startUs) * rateHz) / 1e6;
    const index = Math.floor(position);
    const here = pcm[index] ?? 0;
    const value = between === 'hold' ? here : here + (position - index) * ((pcm[index + 1] ?? 0) - here);
    const noise = noiseVrms === 0 ? 0 : noiseVrms * normalAt(Math.floor(timeUs * NOISE_SLOTS_PER_US), seed);
    return Math.min(SUPPLY_V, Math.max(0, bias + gain * value + noise));
  };
}

/** About standard normal: twelve uniform draws from a hash of place and seed, their sum less 6. */
function normalAt(slot: number, seed: number): number {
  let state = (Math.imul(slot | 0, 0x9e37_79b1) ^ Math.imul(seed + 1, 0x85eb_ca6b)) >>> 0;
  state ^= Math.floor(slot / 4294967296);
  let sum = 0;
  for (let i = 0; i < 6; i++) {
    state = (state + 0x9e37_79b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
    x = (x ^ (x >>> 15)) >>> 0;
    sum += (x & 0xffff) + (x >>> 16);
  }
  return sum / 65536 - 6;
}
