import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  decodeCobs,
  encodeCobs,
  encodeFrame,
  FrameSplitter,
  type FrameEvent,
} from '../../../src-main/link/cobs.ts';

const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The encoding examples of the published description of COBS (Cheshire & Baker; the table of Wikipedia's article). */
const published: readonly (readonly [string, number[], number[]])[] = [
  ['one zero', [0x00], [0x01, 0x01]],
  ['two zeros', [0x00, 0x00], [0x01, 0x01, 0x01]],
  ['zero between', [0x00, 0x11, 0x00], [0x01, 0x02, 0x11, 0x01]],
  ['zero inside', [0x11, 0x22, 0x00, 0x33], [0x03, 0x11, 0x22, 0x02, 0x33]],
  ['no zero', [0x11, 0x22, 0x33, 0x44], [0x05, 0x11, 0x22, 0x33, 0x44]],
  ['zeros at the end', [0x11, 0x00, 0x00, 0x00], [0x02, 0x11, 0x01, 0x01, 0x01]],
  ['254 non-zero bytes', run(0x01, 0xfe), [0xff, ...run(0x01, 0xfe)]],
  ['zero and 254 bytes', [0x00, ...run(0x01, 0xfe)], [0x01, 0xff, ...run(0x01, 0xfe)]],
  ['255 non-zero bytes', run(0x01, 0xff), [0xff, ...run(0x01, 0xfe), 0x02, 0xff]],
  ['254 bytes and zero', [...run(0x02, 0xff), 0x00], [0xff, ...run(0x02, 0xff), 0x01, 0x01]],
  ['253 bytes, zero, one', [...run(0x03, 0xff), 0x00, 0x01], [0xfe, ...run(0x03, 0xff), 0x02, 0x01]],
];

describe('COBS', () => {
  it.each(published)('encodes and decodes the published example: %s', (_, plain, stuffed) => {
    expect([...encodeCobs(Uint8Array.from(plain))]).toEqual(stuffed);
    expect([...decodeCobs(Uint8Array.from(stuffed))!]).toEqual(plain);
  });

  it('brings back 2 000 random messages, has no zero inside and costs at most 1 + n/254 bytes', () => {
    const rng = new Rng(1);
    for (let i = 0; i < 2000; i++) {
      const plain = rng.bytes(rng.int(0, 700)).map((b) => (b < 40 ? 0 : b));
      const stuffed = encodeCobs(plain);
      expect(stuffed.includes(0)).toBe(false);
      expect(stuffed.length).toBeLessThanOrEqual(plain.length + 1 + Math.floor(plain.length / 254));
      expect(Buffer.from(decodeCobs(stuffed)!).equals(Buffer.from(plain))).toBe(true);
    }
  });

  it('refuses what is no COBS', () => {
    expect(decodeCobs(Uint8Array.of())).toBeNull();
    expect(decodeCobs(Uint8Array.of(5, 1, 2))).toBeNull();
    expect(decodeCobs(Uint8Array.of(3, 1, 0))).toBeNull();
    expect(decodeCobs(Uint8Array.of(0))).toBeNull();
  });
});

describe('upload frames', () => {
  const payloads = [Uint8Array.of(), Uint8Array.of(0), Uint8Array.from(run(0, 255)), new Uint8Array(300)];
  const wire = Buffer.concat(
    payloads.map((payload, sequence) => encodeFrame({ sequence: sequence * 0x0101, payload })),
  );
  const expected: FrameEvent[] = payloads.map((payload, i) => ({
    kind: 'frame',
    sequence: i * 0x0101,
    payload,
  }));

  it('carries the CRC-16 of sequence and payload in the last two bytes', () => {
    // CRC-16/CCITT-FALSE of "123456789" is 0x29B1: sequence '12', payload '3456789'
    const frame = encodeFrame({ sequence: 0x3231, payload: Buffer.from('3456789') });
    expect(Buffer.from(frame).toString('hex')).toBe(`000c${Buffer.from('123456789').toString('hex')}b12900`);
  });

  it('are found whole when the stream is cut at every byte', () => {
    for (let i = 0; i <= wire.length; i++) {
      const splitter = new FrameSplitter();
      expect([...splitter.push(wire.subarray(0, i)), ...splitter.push(wire.subarray(i))]).toEqual(expected);
    }
    const bytewise = new FrameSplitter();
    expect([...wire].flatMap((b) => bytewise.push(Uint8Array.of(b)))).toEqual(expected);
  });

  it('never pass with one bit flipped, wherever it is', () => {
    const frame = encodeFrame({ sequence: 3, payload: Uint8Array.from(run(0, 60)) });
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const events = new FrameSplitter().push(Buffer.concat([damaged, Uint8Array.of(0)]));
      const good = events.filter((e) => e.kind === 'frame');
      // Flipping a bit of the leading delimiter puts a byte in front: the frame behind it must not pass either
      expect(good).toEqual([]);
    }
  });

  it('never pass with one byte lost, and the next frame does', () => {
    const frame = encodeFrame({ sequence: 1, payload: Uint8Array.from(run(1, 40)) });
    const next = encodeFrame({ sequence: 2, payload: Uint8Array.of(5) });
    for (let at = 1; at < frame.length - 1; at++) {
      const damaged = Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1), next]);
      const events = new FrameSplitter().push(damaged);
      expect(events.filter((e) => e.kind === 'frame').map((e) => e.sequence)).toEqual([2]);
    }
  });

  it('say so when they are too long, too short or no COBS, and go on', () => {
    const splitter = new FrameSplitter(16);
    expect(splitter.push(Buffer.concat([new Uint8Array(40).fill(7), Uint8Array.of(0)]))).toEqual([
      { kind: 'bad', reason: 'too-long' },
    ]);
    expect(splitter.push(Uint8Array.of(2, 9, 0))).toEqual([{ kind: 'bad', reason: 'too-short' }]);
    expect(splitter.push(Uint8Array.of(9, 1, 0))).toEqual([{ kind: 'bad', reason: 'not-cobs' }]);
    expect(splitter.push(encodeFrame({ sequence: 1, payload: Uint8Array.of(1) }))).toHaveLength(1);
  });
});
