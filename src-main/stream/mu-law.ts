const BIAS = 0x84;
const MOST = 32635;

/** G.711 µ-law, the encoder: 14-bit samples in 8 logarithmic bits, sign first, all bits inverted. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  const out = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!;
    const magnitude = Math.min(MOST, Math.abs(x)) + BIAS;
    const exponent = 24 - Math.clz32(magnitude);
    const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    out[i] = ~((x < 0 ? 0x80 : 0) | (exponent << 4) | mantissa);
  }
  return out;
}
