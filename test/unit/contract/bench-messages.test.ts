/** Whatever bytes arrive: a message, or `bench.malformed-message`; never an exception, never more memory than came. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { decodeMessage, encodeMessage } from '../../../src-main/contract/bench/encoding.ts';
import { ClientMessage } from '../../../src-main/contract/bench/messages.ts';

const sample = {
  type: 'request',
  id: 3,
  method: 'models.add',
  input: { name: 'a', bytes: Uint8Array.of(1, 2, 3), more: [Float64Array.of(1.5, NaN), { x: NaN, y: null }] },
};

/** Text as a message with these bytes behind it. */
function framed(text: string, arrays: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(text);
  const head = Math.ceil((4 + json.length) / 8) * 8;
  const bytes = new Uint8Array(head + arrays.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(arrays, head);
  return bytes;
}

describe('a message as bytes', () => {
  it('comes back as it was, from a buffer of its own or the middle of another', () => {
    const bytes = encodeMessage(sample);
    expect(orThrow(decodeMessage(bytes))).toEqual(sample);
    for (const offset of [0, 1, 7, 8]) {
      const around = Buffer.alloc(bytes.length + 32, 0xaa);
      around.set(bytes, offset);
      expect(orThrow(decodeMessage(around.subarray(offset, offset + bytes.length)))).toEqual(sample);
    }
  });

  it('gives arrays that keep no hold on what they came in', () => {
    const bytes = encodeMessage(sample);
    const message = orThrow(decodeMessage(bytes)) as typeof sample;
    bytes.fill(0xff);
    expect(message.input.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(message.input.bytes.buffer.byteLength).toBe(3);
  });

  it('cut anywhere is refused or, of its padding only, whole', () => {
    const bytes = encodeMessage(sample);
    for (let length = 0; length < bytes.length; length++) {
      const cut = decodeMessage(bytes.subarray(0, length));
      if (cut.ok) expect(cut.value).toEqual(sample);
      else expect(cut.id).toBe('bench.malformed-message');
    }
  });

  it('with bytes changed at random is a value or refused', () => {
    const rng = new Rng(11);
    const whole = encodeMessage(sample);
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = whole.slice();
      for (let k = rng.int(1, 6); k > 0; k--) bytes[rng.int(0, bytes.length - 1)] = rng.int(0, 255);
      const decoded = decodeMessage(bytes);
      if (decoded.ok) ClientMessage.safeParse(decoded.value);
      else refused++;
    }
    expect(refused).toBeGreaterThan(10_000);
  });

  it('of random bytes is refused', () => {
    const rng = new Rng(12);
    for (let i = 0; i < 5000; i++) {
      const bytes = Uint8Array.from({ length: rng.int(0, 64) }, () => rng.int(0, 255));
      expect(decodeMessage(bytes).ok).toBe(false);
    }
  });

  it.each([
    ['an array before the message', '{"a":{"$array":["u8",-1,1]}}'],
    ['an array behind it', '{"a":{"$array":["u8",8,9]}}'],
    ['an array of negative length', '{"a":{"$array":["u8",0,-1]}}'],
    ['an array longer than memory', '{"a":{"$array":["f64",0,9007199254740991]}}'],
    ['an array of half an element', '{"a":{"$array":["u8",0,0.5]}}'],
    ['an unknown kind', '{"a":{"$array":["constructor",0,1]}}'],
    ['a reference that is none', '{"a":{"$array":{}}}'],
    ['a number that is an object', '{"a":{"$number":{"valueOf":1,"toString":1}}}'],
    ['text that is no JSON', '{"a":'],
    ['brackets without end', '['.repeat(200_000)],
  ])('with %s is refused', (_what, text) => {
    expect(decodeMessage(framed(text, new Uint8Array(16)))).toMatchObject({
      ok: false,
      id: 'bench.malformed-message',
    });
  });

  it('that names the same bytes a thousand times is refused: it would be a thousand times its size', () => {
    const references = Array.from({ length: 1000 }, () => '{"$array":["u8",0,65536]}').join(',');
    expect(decodeMessage(framed(`[${references}]`, new Uint8Array(65536))).ok).toBe(false);
  });

  it('with text that is not UTF-8 is refused', () => {
    expect(decodeMessage(Uint8Array.of(2, 0, 0, 0, 0xff, 0xfe, 0, 0)).ok).toBe(false);
  });
});

describe('what a page says', () => {
  it('is one of four kinds, or not heard: any value is parsed without an exception', () => {
    const rng = new Rng(13);
    const kinds = ['request', 'cancel', 'subscribe', 'unsubscribe', 'answer', '__proto__', 7];
    const value = (depth: number): unknown => {
      const pick = rng.int(0, depth > 0 ? 9 : 6);
      if (pick === 0) return null;
      if (pick === 1) return rng.float() * 1e9 - 5e8;
      if (pick === 2) return 'x'.repeat(rng.int(0, 80));
      if (pick === 3) return rng.int(0, 1) === 1;
      if (pick === 4) return undefined;
      if (pick === 5) return NaN;
      if (pick === 6) return new Uint8Array(rng.int(0, 4));
      if (pick === 7) return Array.from({ length: rng.int(0, 3) }, () => value(depth - 1));
      const keys = ['type', 'id', 'method', 'input', 'topic', '__proto__', 'constructor'];
      return Object.fromEntries(
        Array.from({ length: rng.int(0, 6) }, () => [keys[rng.int(0, 6)]!, value(depth - 1)]),
      );
    };
    let heard = 0;
    for (let i = 0; i < 20_000; i++) {
      const message = value(3);
      if (typeof message === 'object' && message !== null && rng.int(0, 1) === 1)
        Object.assign(message, { type: kinds[rng.int(0, 6)], id: rng.int(-1, 3) });
      const parsed = ClientMessage.safeParse(message);
      if (!parsed.success) continue;
      heard++;
      expect(['request', 'cancel', 'subscribe', 'unsubscribe']).toContain(parsed.data.type);
      expect(parsed.data.id).toBeGreaterThanOrEqual(0);
    }
    expect(heard).toBeGreaterThan(100);
  });
});
