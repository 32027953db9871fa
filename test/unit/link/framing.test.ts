import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { commandSplitter, lineSplitter } from '../../../src-main/link/framing.ts';

const REPLY = 'm-warmup-start-2\r\n\r\nm-lap-us-813234243\r\nm-ready\r\nrest';

describe('line splitter', () => {
  it('gives the same lines when the stream is cut at every byte, and at every pair of places', () => {
    const bytes = Buffer.from(REPLY, 'latin1');
    const whole = lineSplitter().push(bytes);
    expect(whole).toEqual(['m-warmup-start-2\r', '\r', 'm-lap-us-813234243\r', 'm-ready\r']);
    for (let i = 0; i <= bytes.length; i++)
      for (let j = i; j <= bytes.length; j++) {
        const splitter = lineSplitter();
        const lines = [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)].flatMap((c) =>
          splitter.push(c),
        );
        expect(lines).toEqual(whole);
        expect(splitter.pending).toBe('rest');
      }
  });

  it('keeps every byte value of garbage as one character', () => {
    const garbage = Uint8Array.from({ length: 256 }, (_, i) => i).filter((b) => b !== 0x0a);
    const splitter = lineSplitter();
    splitter.push(garbage);
    expect(Buffer.from(splitter.pending, 'latin1')).toEqual(Buffer.from(garbage));
  });

  it('does not grow without bound when the line never ends, and loses none of its bytes', () => {
    const splitter = lineSplitter(100);
    const rng = new Rng(3);
    let got = '';
    let sent = 0;
    while (sent < 10_000) {
      const length = rng.int(1, 333);
      sent += length;
      for (const piece of splitter.push(Buffer.alloc(length, 'x'))) {
        expect(piece).toHaveLength(100);
        got += piece;
      }
      expect(splitter.pending.length).toBeLessThanOrEqual(100);
    }
    expect(got.length + splitter.pending.length).toBe(sent);
  });

  it('cuts commands at % and leaves CR and LF inside them, as devices see them', () => {
    const splitter = commandSplitter();
    expect(splitter.push(Buffer.from('name%\r\nprofile%inf'))).toEqual(['name', '\r\nprofile']);
    expect(splitter.push(Buffer.from('er 1 0%'))).toEqual(['infer 1 0']);
  });
});
